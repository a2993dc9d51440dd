"""Give everything back when a SafeRollout is deleted: pods stay as they are, borrowed fields and labels return."""

from saferollout.api.status import Release, Status
from saferollout.core.actions import AnyAction, Disown, GiveBack, RemoveFinalizer
from saferollout.core.decision import Snapshot
from saferollout.core.facts import facts_of
from saferollout.core.views import WorkloadView


def leave(snapshot: Snapshot) -> AnyAction | None:
    """Return the next write of a SafeRollout that is being deleted; at the end our finalizer goes.

    A workload whose spec is not what runs stays paused, annotated: un-pausing it would release the template.
    """
    # What can't be given back must not keep the others from it.
    for name, view in sorted(snapshot.world.workloads.items(), key=_is_troubled):
        added = view.labelled_by_us
        loose = rolls_loose(snapshot.status, name, view)
        if borrows(view) or loose or view.bypasses_used or (added and view.managed_by == snapshot.name):
            paused = loose or (borrows(view) and not runs_its_template(view))
            return GiveBack(workload=name, leave_paused=paused, drop_managed_by=added, rolls_loose=loose)
    for name, view in snapshot.world.workloads.items():
        if view.owns_returned:
            return Disown(workload=name)
    return RemoveFinalizer() if snapshot.has_finalizer else None


def _is_troubled(workload: tuple[str, WorkloadView]) -> bool:
    return workload[1].trouble is not None


def borrows(view: WorkloadView) -> bool:
    """Tell whether anything on the workload is ours to give back."""
    return view.held or view.lends or view.pinned or view.template_came_while_pinned


def rolls_loose(status: Status, name: str, view: WorkloadView) -> bool:
    """Tell whether a roll that we started is under way with nothing borrowed: un-batched, or in its last batch.

    A roll that we did not start is its owner's, and so is a pause that is not ours. One that can't be stopped any more goes on: what is
    left of the old pods was told to go, or goes as soon as the controller looks, paused or not (workloads/standing_pace.py).
    """
    if view.paused or borrows(view) or status.release is None or not _started_by_us(status.release, name, view.template):
        return False
    facts = facts_of(view)
    return any(rs.replicas > 0 for rs in facts.others_than(view.template)) and not facts.is_full(view.template)


def _started_by_us(release: Release, name: str, revision: str) -> bool:
    if any(roll.workload == name and roll.hash == revision for roll in release.rolls):
        return True
    way = release.rollback
    if way is None or release.end_time is not None or name not in way.back or name in way.returned:
        return False
    return any(target.workload == name and target.to_hash == revision for target in release.targets)


def runs_its_template(view: WorkloadView) -> bool:
    """Tell whether all pods are of the template that spec will have once everything is given back."""
    facts = facts_of(view)
    return facts.alive == (facts.wanted,)
