"""A workload that the spec names and that does not exist: for a while it may still come, after that somebody has to do something.

In a sync the SafeRollout may be there before its workloads. So what is missing counts as on its way for `progressDeadlineSeconds`, as a
Deployment's own pods do, and then as stalled: who waits for a condition would else wait for ever.
"""

from datetime import datetime, timedelta

from saferollout.api.status import ConditionStatus
from saferollout.core.draft import Draft, Stall
from saferollout.core.reasons import ConditionType, Reason
from saferollout.core.views import Absence


def stall_on_missing(draft: Draft) -> None:
    """Add a stall for each workload that is missing when nothing else is under way, once the deadline is over; else look again then."""
    missing = [absent for _, absent in sorted(draft.snapshot.world.absent.items()) if absent.reason == Absence.NOT_FOUND]
    if not missing:
        return
    overdue = _not_ready_since(draft) + timedelta(seconds=draft.snapshot.spec.progress_deadline_seconds)
    if draft.now < overdue:
        draft.wake_at(overdue)
        return
    draft.stalls.extend(Stall(reason=Reason.WORKLOAD_NOT_FOUND, message=absent.message) for absent in missing)


def _not_ready_since(draft: Draft) -> datetime:
    """Return since when the condition Ready is not True, or is about to be; status remembers it, so a restarted operator does too."""
    ready = next((known for known in draft.snapshot.status.conditions if known.type == ConditionType.READY), None)
    return draft.now if ready is None or ready.status is ConditionStatus.TRUE else ready.last_transition_time
