"""Read every template of a release once: what it declares, what is wrong with it, and what it describes besides itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from saferollout.core.contracts import Declaration
from saferollout.core.templates import ProblemKind, TemplateFacts, TemplateProblem, WorkloadTemplates, read_template


@dataclass(frozen=True, slots=True)
class Source:
    """A workload's templates with their declarations by hash (None: silent).

    `goal` is the wanted template unless that is held back by `problem`; `wanted` is its declaration.
    """

    workload: str
    templates: WorkloadTemplates
    declared: Mapping[str, Declaration | None]
    goal: TemplateFacts | None
    problem: TemplateProblem | None
    notes: tuple[str, ...]
    described_backwards: bool = False

    @property
    def wanted(self) -> Declaration | None:
        """Return what the wanted template declares, if it can be considered."""
        return self.declared.get(self.goal.hash) if self.goal is not None else None

    @property
    def facts(self) -> tuple[TemplateFacts, ...]:
        """Return every template that counts, once: alive, then wanted, then the one to go back to."""
        others = (self.goal, self.templates.stable)
        return tuple({facts.hash: facts for facts in (*self.templates.alive, *others) if facts is not None}.values())

    @property
    def successor(self) -> Declaration | None:
        """Return the newest declaration there is: it tells in what a silent predecessor had a part."""
        if self.wanted is not None:
            return self.wanted
        running = (self.declared.get(facts.hash) for facts in reversed(self.templates.alive))
        return next((declaration for declaration in running if declaration is not None), None)


def sources_of(workloads: Mapping[str, WorkloadTemplates], *, known: Collection[str]) -> list[Source]:
    """Read the templates of all workloads, in order."""
    return [_source(name, templates, known) for name, templates in workloads.items()]


def _source(workload: str, templates: WorkloadTemplates, known: Collection[str]) -> Source:
    declared: dict[str, Declaration | None] = {}
    notes: list[str] = []
    for facts in templates.alive:
        read = read_template(workload, facts, known)
        declared[facts.hash] = read.declaration
        if read.problem is not None:
            notes.append(f"{read.problem.message.rstrip('.')}; that template runs already, so only what could be read of it counts.")
    if templates.stable is not None and templates.stable.hash not in declared:
        declared[templates.stable.hash] = read_template(workload, templates.stable, known).declaration
    desired = templates.desired
    if desired is None:
        missing = () if templates.exists or templates.alive else (f"{workload} does not exist; the others go on without it.",)
        return Source(workload, templates, declared, None, None, (*notes, *missing))
    wanted = read_template(workload, desired, known)
    problem = wanted.problem or _lost(workload, templates, desired, declared, wanted.declaration)
    if problem is not None:
        running = desired.hash in declared
        return Source(workload, templates, declared, None, problem, () if running else tuple(notes))
    declared[desired.hash] = wanted.declaration
    described = _describe_backwards(templates, desired, declared)
    return Source(workload, templates, declared, desired, None, tuple(notes), described)


def _lost(
    workload: str,
    templates: WorkloadTemplates,
    desired: TemplateFacts,
    declared: Mapping[str, Declaration | None],
    wanted: Declaration | None,
) -> TemplateProblem | None:
    """Report a new template that is silent where the one it replaces declared: somebody lost the annotation."""
    running = [facts.hash for facts in templates.alive]
    if wanted is not None or desired.hash in declared:
        return None
    before = next((declaration for hash_, declaration in declared.items() if hash_ in running and declaration is not None), None)
    if before is None:
        return None
    named = ", ".join(before) or "no part in any contract"
    message = (
        f"{workload} lost its annotation saferollout.io/contracts: the running template declares {named}, the new one nothing; "
        "it stays held until the annotation is back ({} declares no part in any contract)."
    )
    return TemplateProblem(ProblemKind.LOST_DECLARATION, workload, next(iter(before), None), None, message)


def _describe_backwards(templates: WorkloadTemplates, desired: TemplateFacts, declared: dict[str, Declaration | None]) -> bool:
    """Let an annotation that was only added or corrected describe the templates it replaces as well; tell whether it did."""
    if desired.body is None or declared[desired.hash] is None:
        return False
    replaced = [facts for facts in (*templates.alive, templates.stable) if facts is not None and facts.hash != desired.hash]
    described = [facts for facts in replaced if facts.body == desired.body]
    for facts in described:
        declared[facts.hash] = declared[desired.hash]
    return bool(described)
