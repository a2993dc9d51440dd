"""Read what the live pods of a foreign workload declare about the contracts that name it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, nearest, parse_declaration
from saferollout.core.contracts import Revision, Use
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.intake import request, response
from saferollout.core.templates import TemplateFacts

_Declared = Mapping[str, DeclaredUse]


@dataclass(frozen=True, slots=True)
class Wish:
    """A contract, and the name that a foreign workload's declaration has for it."""

    source: ForeignName
    contract: str
    theirs: str
    is_api: bool

    @property
    def channels(self) -> tuple[tuple[str, str], ...]:
        """Return our name and theirs for each channel of the contract."""
        if not self.is_api:
            return ((self.contract, self.theirs),)
        return tuple((side(self.contract), side(self.theirs)) for side in (request, response))


@dataclass(frozen=True, slots=True)
class ForeignRead:
    """A foreign workload's live revisions, or the reason why they are not known."""

    revisions: tuple[Revision, ...] = ()
    problem: str = ""


def foreign_revisions(source: ForeignName, workload: ForeignWorkload | None, wishes: Sequence[Wish]) -> ForeignRead:
    """Return each live template as a revision on our channels. All of it counts: what it reads and what it writes."""
    title = f"Deployment {source.workload}" + (f" of namespace {source.namespace}" if source.namespace else "")
    if workload is None or workload.problem:
        return ForeignRead(problem=workload.problem if workload is not None else f"{title} has not been looked at yet")
    try:
        declared = [(facts, _declared(facts, workload.alive)) for facts in workload.alive]
    except BrokenDeclaration as error:
        return ForeignRead(problem=f"the annotation saferollout.io/contracts of {title} is broken: {error}")
    if any(declaration is None for _, declaration in declared):
        return ForeignRead(problem=f"{title} has live pods without the annotation saferollout.io/contracts: add it to its pod template")
    known = [(facts, declaration) for facts, declaration in declared if declaration is not None]
    for wish in wishes:
        if known and not any(theirs in declaration for _, declaration in known for _, theirs in wish.channels):
            return ForeignRead(problem=_not_declared(title, wish, known[-1][1]))
    return ForeignRead(revisions=tuple(_revision(facts, declaration, wishes) for facts, declaration in known))


def _declared(facts: TemplateFacts, alive: Sequence[TemplateFacts]) -> _Declared | None:
    """Return what a template declares; an annotation that was only added to it later describes it as well."""
    described = (other for other in alive if other.contracts is not None and other.body is not None and other.body == facts.body)
    text = facts.contracts if facts.contracts is not None else next((other.contracts for other in described), None)
    return None if text is None else parse_declaration(text)


def _revision(facts: TemplateFacts, declaration: _Declared, wishes: Sequence[Wish]) -> Revision:
    uses = {
        ours: Use(reads=declaration[theirs].reads, writes=declaration[theirs].writes, required=declaration[theirs].required)
        for wish in wishes
        for ours, theirs in wish.channels
        if theirs in declaration
    }
    return Revision(key=facts.hash, uses=uses)


def _not_declared(title: str, wish: Wish, declaration: _Declared) -> str:
    names = tuple(dict.fromkeys(name.partition("/")[0] for name in declaration))
    hint = nearest(wish.theirs, names)
    return f"{title} declares no part in {wish.theirs}{hint or ': declare it there, or give its name there as from.contract'}"
