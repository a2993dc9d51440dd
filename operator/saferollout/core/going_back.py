"""Bring workloads back to the revision they had: one at a time, in the order that the kernel proved.

Where few pods are new, nothing is rewritten: pause, scale the failed ReplicaSet to 0, and the native controller restores the
old one. Where most are new, the old template is put back and pinned until it runs, and Git's template is then returned, held.
"""

from saferollout.api.spec import RollbackScope
from saferollout.core.actions import Action, DeleteReplicaSet, EmptyReplicaSet, Freeze, GiveBackHeld
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.going_back_by_ordinal import step_back_by_ordinal
from saferollout.core.pacing import resolved_unavailable
from saferollout.core.pinning import pin, unpin
from saferollout.core.reasons import Reason
from saferollout.core.rollback import rollback
from saferollout.core.views import ReplicaSetView


def go_back(draft: Draft) -> Action | None:
    """Carry the rollback of the release on by one write; note each workload that is back."""
    release = draft.open_release
    if release is None or release.rollback is None:
        return None
    for name in release.rollback.back:
        if name in release.rollback.returned:
            continue
        facts, target = draft.facts.get(name), draft.target(name)
        if name in draft.snapshot.world.workloads and facts is None:
            draft.waits.append(draft.problems[name])
            draft.stalls.append(Stall(reason=Reason.CANNOT_GO_BACK, message=f"{name} can't go back: {draft.problems[name]}"))
            return None
        if facts is None or target is None:
            absent = draft.snapshot.world.absent.get(name)
            _returned(draft, name, absent.message if absent is not None else "it is no part of this any more")
            continue
        if not is_back(facts, target.from_hash):
            draft.waits.append(f"{name} to run its old revision again" if target.from_hash else f"{name} to have no pods, as before")
            return step_back(draft, name=name, facts=facts, to=target.from_hash)
        _returned(draft, name, "it runs its old revision again" if target.from_hash else "it has no pods any more, as before")
    return None


def is_back(facts: Facts, to: str) -> bool:
    """Tell whether a workload runs nothing but `to`, at full strength and with nothing borrowed."""
    view = facts.view
    if view.lends or view.pinned or not view.settled:
        return False
    if facts.others_than(to):
        return False
    return facts.is_full(to) if to else view.paused


def step_back(draft: Draft, *, name: str, facts: Facts, to: str) -> Action | None:
    """Choose the next write that brings one workload nearer to `to`; None while the native controller works."""
    view = facts.view
    if not view.settled:
        return None
    if view.by_ordinal:
        return step_back_by_ordinal(draft, name=name, facts=facts, to=to)
    if view.pinned and to and view.template != to:
        # Where no policy keeps the pin, somebody's next template takes its place in spec; it is put aside in its turn.
        return pin(draft, name=name, facts=facts, to=to)
    if view.pinned:
        return unpin(draft, facts, name=name) if facts.is_full(to) and not facts.others_than(to) else None
    failed = facts.others_than(to)
    if not to:
        return _remove_first(facts, name=name, failed=failed)
    if not failed:
        restored = facts.is_full(to)
        if view.lends and restored:
            return GiveBackHeld(workload=name)
        if not restored and not any(rs.replicas for rs in view.of(to)):
            return pin(draft, name=name, facts=facts, to=to)
        return None
    filled = [rs for rs in failed if rs.replicas > 0]
    if not filled:
        return None
    if not _few_are_new(facts, to=to):
        return pin(draft, name=name, facts=facts, to=to)
    if not view.paused:
        return Freeze(workload=name)
    return EmptyReplicaSet(workload=name, replica_set=filled[0].name, uid=filled[0].uid)


def _few_are_new(facts: Facts, *, to: str) -> bool:
    """Tell whether the failed pods fit into what the user's own strategy lets be unavailable."""
    view = facts.view
    available = sum(rs.available for rs in view.of(to))
    return any(rs.replicas for rs in view.of(to)) and available >= view.replicas - resolved_unavailable(view)


def _remove_first(facts: Facts, *, name: str, failed: tuple[ReplicaSetView, ...]) -> Action | None:
    if not facts.view.paused:
        return Freeze(workload=name)
    if failed:
        return DeleteReplicaSet(workload=name, replica_set=failed[0].name, uid=failed[0].uid, with_pods=True)
    return GiveBackHeld(workload=name) if facts.view.lends else None


def _returned(draft: Draft, name: str, how: str) -> None:
    release = draft.release
    if release is None or release.rollback is None:
        return
    target = draft.target(name)
    if target is not None:
        draft.change_workload(name, stable_hash=target.from_hash)
    rollback = release.rollback.model_copy(update={"returned": [*release.rollback.returned, name], "turn_time": draft.now})
    draft.change_release(rollback=rollback)
    draft.note(EventReason.WENT_BACK, f"{name} went back: {how}", workload=name)


def floor_of(draft: Draft, name: str) -> str | None:
    """Return why a workload may not go back to what ran before, None where it may (kernel.md section 7)."""
    way = rollback(draft.world_as_it_is(), failed=name, rolled=(name,), scope=RollbackScope.WORKLOAD)
    return None if name in way.back else next((stay.sentence for stay in way.stay if stay.workload == name), None)
