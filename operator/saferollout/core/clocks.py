"""The clock of a batch: how long it has gone without one more steady new pod than ever before in that batch.

It runs only while the batch is worked on. It stands still while somebody stopped it, and the time in which the batch was ready does not
count: an autoscaler's new pods, or those of a node that died, have what was left of the deadline.
"""

from datetime import datetime, timedelta

from saferollout.api.status import ActiveRoll
from saferollout.core.decision import Progress
from saferollout.core.draft import Draft
from saferollout.core.facts import Facts


def stop_clock(draft: Draft, roll: ActiveRoll) -> None:
    """Have a roll's clock stand still; it begins anew when the roll goes on."""
    draft.marks[roll.workload] = Progress(batch=roll.batch, steady=0, at=None)


def mark_progress(draft: Draft, roll: ActiveRoll, facts: Facts) -> None:
    """Keep the high-water mark of steady new pods; only a higher mark counts as progress."""
    steady = _steady(roll, facts)
    mark = _mark(draft, roll)
    if mark is None or mark.at is None or steady > mark.steady:
        at = _forgotten_since(draft, roll, facts) if mark is None else draft.now
        draft.marks[roll.workload] = Progress(batch=roll.batch, steady=steady, at=at)
    draft.wake_at(deadline(draft, roll, facts))


def leave_out_ready_time(draft: Draft, roll: ActiveRoll, facts: Facts) -> None:
    """Move the clock on by the time in which the batch was ready, because it is not ready any more."""
    if roll.ready_time is None:
        return
    mark = _mark(draft, roll)
    steady = mark.steady if mark is not None else 0
    draft.marks[roll.workload] = Progress(batch=roll.batch, steady=steady, at=_since(draft, roll, facts))


def deadline(draft: Draft, roll: ActiveRoll, facts: Facts) -> datetime:
    """Return when the batch has failed, if no further pod becomes steady before."""
    return _since(draft, roll, facts) + timedelta(seconds=draft.snapshot.spec.progress_deadline_seconds)


def _since(draft: Draft, roll: ActiveRoll, facts: Facts) -> datetime:
    mark = _mark(draft, roll)
    at = _forgotten_since(draft, roll, facts) if mark is None else mark.at or draft.now
    ready_for = draft.now - roll.ready_time if roll.ready_time is not None else timedelta(0)
    return max(at, roll.batch_start_time) + max(ready_for, timedelta(0))


def _mark(draft: Draft, roll: ActiveRoll) -> Progress | None:
    """Return what is remembered of this batch; a mark of an earlier one says that it began under our eyes."""
    mark = draft.marks.get(roll.workload)
    if mark is None:
        return None
    if mark.batch == roll.batch and (mark.at is None or mark.at >= roll.batch_start_time):
        return mark
    return Progress(batch=roll.batch, steady=0, at=roll.batch_start_time)


def _forgotten_since(draft: Draft, roll: ActiveRoll, facts: Facts) -> datetime:
    """Return what a restarted operator counts from: now, unless the batch has only pods that never became steady.

    Without any pod the write that starts them may never have been made; with steady ones nobody knows when the last of them came.
    """
    never_steady = any(rs.pods for rs in facts.view.filled(roll.hash)) and _steady(roll, facts) == 0
    return roll.batch_start_time if never_steady else draft.now


def _steady(roll: ActiveRoll, facts: Facts) -> int:
    return sum(rs.steady for rs in facts.view.filled(roll.hash))
