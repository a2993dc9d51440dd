"""What the world is built from: a workload's templates, reduced to what the kernel compares."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, nearest, parse_declaration
from saferollout.core.contracts import Declaration, Use

RECREATE = "Recreate"


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """One pod template.

    `contracts` is the text of the annotation, None if there is none. `body` is a hash of the template without that annotation:
    equal bodies mean that only the annotation was added or corrected. `generation` counts, for an alive template, the unfinished
    releases since the stable state: 0 for what ran before the release that is under way; None lets the order of `alive` tell.
    """

    hash: str
    contracts: str | None = None
    body: str | None = None
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class WorkloadTemplates:
    """A workload's alive templates, oldest first, and the one that Git asks for.

    `stable` is what ran before the release under way, alive or not; None while no release touches it. `reverted`: the wanted
    template is an earlier one that came back over a later one, which may be alive still.
    """

    alive: tuple[TemplateFacts, ...] = ()
    desired: TemplateFacts | None = None
    strategy_type: str = "RollingUpdate"
    exists: bool = True
    stable: TemplateFacts | None = None
    reverted: bool = False


def same_program(one: TemplateFacts, other: TemplateFacts) -> bool:
    """Tell whether two templates differ in nothing but what they declare."""
    return one.hash == other.hash or (one.body is not None and one.body == other.body)


class ProblemKind(StrEnum):
    """Why a workload's template can't be considered."""

    BROKEN_DECLARATION = "BrokenDeclaration"
    UNKNOWN_CONTRACT = "UnknownContract"
    LOST_DECLARATION = "LostDeclaration"


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a workload's new template; it stays held, the others go on."""

    kind: ProblemKind
    workload: str
    contract: str | None
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """A template's declaration as far as it could be read. None: silent."""

    declaration: Declaration | None
    problem: TemplateProblem | None = None


def read_template(workload: str, facts: TemplateFacts, known: Collection[str]) -> Read:
    """Read a template's annotation; contracts that the SafeRollout does not know are left out and reported."""
    if facts.contracts is None:
        return Read(declaration=None)
    try:
        declared = parse_declaration(facts.contracts)
    except BrokenDeclaration as error:
        where = f"{workload}: the annotation saferollout.io/contracts is broken: {error}"
        return Read(None, TemplateProblem(ProblemKind.BROKEN_DECLARATION, workload, error.contract, error.line, where))
    uses = {name: Use(reads=use.reads, writes=use.writes, required=use.required) for name, use in declared.items() if name in known}
    return Read(uses, _unknown(workload, declared, known))


def _unknown(workload: str, declared: Mapping[str, DeclaredUse], known: Collection[str]) -> TemplateProblem | None:
    name = next((name for name in declared if name not in known), None)
    if name is None:
        return None
    line = declared[name].line
    sides = [channel for channel in known if channel.startswith(f"{name}/")]
    hint = f"; an API has two, {' and '.join(sides)}" if sides else nearest(name, known)
    end = "" if hint.endswith("?") else "."
    message = f"{workload} declares {name} (line {line}), a contract that the SafeRollout does not have{hint}{end}"
    return TemplateProblem(ProblemKind.UNKNOWN_CONTRACT, workload, name, line, message)
