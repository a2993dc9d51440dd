"""The decision: from what is seen and measured to at most one write, the status to record before it, and what happened.

The order below is part of the contract. Commands and gates come before, and independently of, any write: an abort or a failing
gate is heard even where no write would succeed. Then safety (hold, go back) comes before progress.
"""

from datetime import datetime

from saferollout.core.actions import AnyAction, SetFinalizer
from saferollout.core.beginning import begin, plan_ahead
from saferollout.core.concluding import conclude, conclude_leaving
from saferollout.core.decision import Decision, Marks, Snapshot
from saferollout.core.draft import Draft
from saferollout.core.failing import fail
from saferollout.core.gathering import gather
from saferollout.core.going_back import go_back
from saferollout.core.hearing import clear_answered, hear
from saferollout.core.heeding import blamed, is_being_finished, look_into
from saferollout.core.judging import judge_rolls, report_gates
from saferollout.core.leaving import leave
from saferollout.core.lying import write_down
from saferollout.core.measurements import Observations
from saferollout.core.proving import prove
from saferollout.core.questions import follow_up, questions
from saferollout.core.restarting import restart_running
from saferollout.core.rolling import advance_rolls, overdue, stop_clocks
from saferollout.core.sparing import forward_only, spared
from saferollout.core.starting import start_next
from saferollout.core.tidying import (
    accept_bypass,
    add_labels,
    disown_returned,
    end_empty_pins,
    give_back_pace,
    hold_at_once,
    let_through,
    sweep_ghosts,
    withdraw_early_pods,
)
from saferollout.core.unheld import note_unheld
from saferollout.core.unknown_readers import note_unknown_readers

__all__ = ["decide", "follow_up", "questions"]


def decide(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
    """Decide what to do next. Pure: the same arguments give the same decision. `now` is in UTC, whole seconds."""
    if snapshot.deleting:
        return conclude_leaving(snapshot, leave(snapshot))
    draft = begin(snapshot, observations, now, marks)
    if not snapshot.spec_readable:
        hear(draft)
        return conclude(draft, clear_answered(draft))
    gather(draft)
    plan_ahead(draft)
    hear(draft)
    gather(draft)
    plan_ahead(draft)
    write_down(draft)
    note_unknown_readers(draft)
    note_unheld(draft)
    _judge(draft)
    if prove(draft):
        plan_ahead(draft)
    return conclude(draft, _act(draft))


def _judge(draft: Draft) -> None:
    look_into(draft)
    report_gates(draft)
    stop_clocks(draft)
    release = draft.open_release
    if release is None or release.rollback is not None or release.failure is not None:
        return
    for trouble in filter(None, (judge_rolls(draft), blamed(draft), overdue(draft))):
        words = spared(draft, trouble)
        if words is None:
            fail(draft, trouble, staying=forward_only(draft))
            plan_ahead(draft)
            return
        if not is_being_finished(draft, trouble.workload):
            draft.spared = draft.spared or words


def _act(draft: Draft) -> AnyAction | None:
    return (
        _keep_finalizer(draft)
        or hold_at_once(draft)
        or accept_bypass(draft)
        or add_labels(draft)
        or end_empty_pins(draft)
        or go_back(draft)
        or withdraw_early_pods(draft)
        or _advance(draft)
        or let_through(draft)
        or restart_running(draft)
        or sweep_ghosts(draft)
        or start_next(draft)
        or give_back_pace(draft)
        or disown_returned(draft)
        or clear_answered(draft)
    )


def _advance(draft: Draft) -> AnyAction | None:
    """Advance the rolls; when one is done, what ran before it counts as gone, so what comes next is planned anew."""
    before = _rolling(draft)
    action = advance_rolls(draft)
    if _rolling(draft) != before:
        plan_ahead(draft)
        write_down(draft)
        prove(draft)
    return action


def _rolling(draft: Draft) -> tuple[str, ...]:
    return tuple(roll.workload for roll in draft.open_release.rolls) if draft.open_release is not None else ()


def _keep_finalizer(draft: Draft) -> SetFinalizer | None:
    """Borrow nothing before our finalizer is there: without it a deleted SafeRollout could give nothing back."""
    return None if draft.snapshot.has_finalizer or not draft.facts else SetFinalizer()
