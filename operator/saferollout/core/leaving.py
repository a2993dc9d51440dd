"""Give everything back when a SafeRollout is deleted: pods stay as they are, borrowed fields and labels return."""

from saferollout.core.actions import AnyAction, GiveBack, RemoveFinalizer
from saferollout.core.decision import Snapshot
from saferollout.core.facts import facts_of
from saferollout.core.views import WorkloadView


def leave(snapshot: Snapshot) -> AnyAction | None:
    """Return the next write of a SafeRollout that is being deleted; at the end our finalizer goes.

    A workload whose spec is not what runs stays paused, annotated: un-pausing it would release the template.
    """
    # What can't be given back must not keep the others from it.
    for name, view in sorted(snapshot.world.workloads.items(), key=_is_troubled):
        added = any(known.name == name and known.label_added for known in snapshot.status.workloads)
        if borrows(view) or (added and view.managed_by == snapshot.name):
            return GiveBack(workload=name, leave_paused=not runs_its_template(view), drop_managed_by=added)
    return RemoveFinalizer() if snapshot.has_finalizer else None


def _is_troubled(workload: tuple[str, WorkloadView]) -> bool:
    return workload[1].trouble is not None


def borrows(view: WorkloadView) -> bool:
    """Tell whether anything on the workload is ours to give back."""
    return view.held or view.lends or view.pinned or view.template_came_while_pinned


def runs_its_template(view: WorkloadView) -> bool:
    """Tell whether all pods are of the template that spec will have once everything is given back."""
    facts = facts_of(view)
    return facts.alive == (facts.wanted,)
