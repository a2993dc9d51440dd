"""Begin a decision: bring what status remembers and what the cluster shows together into a draft."""

from datetime import datetime

from saferollout.api.status import Status, WorkloadStatus
from saferollout.core.contracts import World as KernelWorld
from saferollout.core.decision import Marks, Snapshot
from saferollout.core.draft import Draft, Stall
from saferollout.core.facts import Facts, facts_of, running
from saferollout.core.gathering import is_set_aside
from saferollout.core.lying import recorded, retained
from saferollout.core.measurements import Observations
from saferollout.core.planning import Outlook, look_ahead
from saferollout.core.plans import Plan
from saferollout.core.questions import query_problems
from saferollout.core.reasons import Reason
from saferollout.core.templates import TemplateFacts, WorkloadTemplates
from saferollout.core.views import Absence
from saferollout.core.world import build_world

NOTHING_AHEAD = Outlook(plan=Plan(accepted=True), world=KernelWorld(parties=(), channels={}))


def begin(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Draft:
    """Return the draft of a decision, with every workload's status at hand and no plan yet."""
    status = snapshot.status
    facts = {name: facts_of(view) for name, view in snapshot.world.workloads.items() if view.trouble is None}
    return Draft(
        snapshot=snapshot,
        observations=observations,
        now=now,
        facts=facts,
        workloads={entry.name: _workload_status(status, entry.name, facts.get(entry.name)) for entry in snapshot.spec.workloads},
        contracts={contract.name: contract for contract in status.contracts},
        release=status.release,
        commands=list(status.commands),
        marks=dict(marks.progress),
        assessed=marks.assessed,
        outlook=NOTHING_AHEAD,
        problems=_problems(snapshot),
        blockers=_blockers(snapshot),
    )


def plan_ahead(draft: Draft) -> None:
    """Plan from what is alive now towards every template that may be considered."""
    templates = {entry.name: _templates(draft, entry.name) for entry in draft.snapshot.spec.workloads}
    snapshot = draft.snapshot
    built = build_world(
        contracts=snapshot.spec.contracts,
        workloads=templates,
        stored=recorded(draft),
        retained=retained(draft),
        foreign=snapshot.foreign,
        namespace=snapshot.namespace,
    )
    draft.unread = built.unread
    for problem in built.problems:
        draft.problems.setdefault(problem.workload, problem.message)
    draft.outlook = look_ahead(built.world)


def _blockers(snapshot: Snapshot) -> tuple[Stall, ...]:
    """Return why no step may start: a workload that exists and can't be seen is a party that no order can be proved with."""
    unseen = [Stall(reason=Reason.named(one.reason), message=one.message) for _, one in sorted(snapshot.world.absent.items()) if one.reason != Absence.NOT_FOUND]
    return (*unseen, *(Stall(reason=Reason.INVALID_QUERY, message=problem) for problem in query_problems(snapshot)))


def _problems(snapshot: Snapshot) -> dict[str, str]:
    troubles = {name: view.trouble for name, view in snapshot.world.workloads.items() if view.trouble is not None}
    return {**{name: sentences[0] for name, sentences in snapshot.refusals.items()}, **troubles}


def _workload_status(status: Status, name: str, facts: Facts | None) -> WorkloadStatus:
    known = next((workload for workload in status.workloads if workload.name == name), WorkloadStatus(name=name))
    if facts is not None and _came_anew(facts, known.stable_hash):
        # Deleted and created again: what ran once can't be gone back to, and nothing of it is alive.
        known = known.model_copy(update={"stable_hash": "", "earlier_hash": ""})
    if facts is not None and known.earlier_hash and (facts.wanted != known.earlier_hash or facts.wanted == known.stable_hash):
        known = known.model_copy(update={"earlier_hash": ""})
    if known.stable_hash or facts is None or _is_being_released(status, name):
        return known
    return known.model_copy(update={"stable_hash": running(facts.view)})


def _is_being_released(status: Status, name: str) -> bool:
    """Tell whether a release has started a workload: what lives of it then, on the way there or back, is not what ran before."""
    release = status.release
    return release is not None and release.end_time is None and any(target.workload == name and target.rolled for target in release.targets)


def _came_anew(facts: Facts, stable: str) -> bool:
    view = facts.view
    if not stable or facts.knows(stable):
        return False
    # A StatefulSet has pods at once, and keeps what its pods are of, and what it goes back to, for as long as it needs it.
    return view.settled if view.by_ordinal else not view.replica_sets and not facts.alive


def _templates(draft: Draft, name: str) -> WorkloadTemplates:
    view = draft.snapshot.world.workloads.get(name)
    if view is None:
        return WorkloadTemplates(exists=False)
    # What can't be touched lives on all the same, and the others must get on with it.
    facts = facts_of(view)
    alive = tuple(_template(facts, revision) for revision in _counted_alive(draft, name, facts))
    stable = _stable(draft, name, facts)
    considered = name not in draft.problems and not is_set_aside(draft, name, facts)
    return WorkloadTemplates(
        alive=alive,
        desired=_template(facts, facts.wanted) if considered else None,
        strategy_type=facts.view.strategy.type,
        stable=stable,
        reverted=_is_reverted(draft, name, facts, others=[other.hash for other in (*alive, stable) if other is not None]),
    )


def _is_reverted(draft: Draft, name: str, facts: Facts, *, others: list[str]) -> bool:
    return draft.workloads[name].earlier_hash == facts.wanted or any(facts.came_before(facts.wanted, other) for other in others)


def _counted_alive(draft: Draft, name: str, facts: Facts) -> tuple[str, ...]:
    """Count what ran before as alive until its successor has passed its last bake, superseded or not, and while it is coming back."""
    stable = draft.workloads[name].stable_hash
    target = draft.target(name)
    moves = draft.goes_back(name) or (target is not None and not target.done)
    if not moves or stable in facts.alive or not stable or not facts.knows(stable):
        return facts.alive
    return (stable, *facts.alive)


def _stable(draft: Draft, name: str, facts: Facts) -> TemplateFacts | None:
    """Return what ran before the release under way; None where no release touches the workload."""
    known = [target for target in (draft.release.targets if draft.release else []) if target.workload == name]
    if not known or not known[0].from_hash or not facts.knows(known[0].from_hash):
        return None
    return _template(facts, known[0].from_hash)


def _template(facts: Facts, revision: str) -> TemplateFacts:
    return TemplateFacts(hash=revision, contracts=facts.contracts_of(revision), body=facts.body_of(revision))
