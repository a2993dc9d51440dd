"""Turn a draft into a Decision: the status that people and machines read, and when to look again."""

from saferollout.api.status import State, Status, Summary
from saferollout.core.actions import AnyAction, GiveBack
from saferollout.core.announcing import announce
from saferollout.core.conditions import DONE, conditions
from saferollout.core.decision import Decision, Marks, Note, Snapshot
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.gate_news import gates_before, gates_now, is_news
from saferollout.core.heeding import last_look
from saferollout.core.missing_workloads import stall_on_missing
from saferollout.core.showing import shown_steps, shown_workloads, step_count
from saferollout.core.standing import Standing, stand


def conclude(draft: Draft, action: AnyAction | None) -> Decision:
    """Close the release if it is over, and write down how everything stands."""
    status = _status(draft, busy=action is not None)
    wakes = [*draft.wakes, *_pods_due(draft), *([0.0] if action is not None else [])]
    return Decision(
        status=status,
        action=action,
        notes=tuple(draft.notes),
        requeue_after=min(wakes) if wakes else None,
        marks=Marks(progress=dict(draft.marks), assessed=draft.assessed),
        gates=tuple(gates_now(draft)),
        look=last_look(draft),
    )


def _pods_due(draft: Draft) -> list[float]:
    """Return when pods come to count as available: nothing in the cluster changes at that moment."""
    sets = [rs for facts in draft.facts.values() for rs in facts.view.replica_sets]
    return [max((rs.next_available - draft.now).total_seconds(), 0.0) for rs in sets if rs.next_available is not None]


def conclude_leaving(snapshot: Snapshot, action: AnyAction | None) -> Decision:
    """Keep the status of a SafeRollout that is being deleted as it is, and say what its owners get back."""
    return Decision(status=snapshot.status, action=action, notes=_farewell(action))


def _farewell(action: AnyAction | None) -> tuple[Note, ...]:
    if not isinstance(action, GiveBack):
        return ()
    paused = "; it stays paused, because its template is not what runs" if action.leave_paused else ""
    paused = "; its roll was stopped, and it stays paused as it is" if action.rolls_loose else paused
    words = f"Gave back what was ours on {action.workload}, because its SafeRollout is being deleted{paused}"
    return (Note(reason=EventReason.GIVEN_BACK, message=words, workload=action.workload),)


def _status(draft: Draft, *, busy: bool) -> Status:
    if draft.snapshot.spec_readable:
        _show_steps(draft)
    standing = stand(draft, busy=busy)
    known = draft.snapshot.status
    if draft.snapshot.spec_readable:
        known = Status(
            release=draft.release,
            workloads=shown_workloads(draft),
            contracts=sorted(draft.contracts.values(), key=lambda contract: contract.name),
            gates=gates_before(draft),
        )
    if standing.state in DONE:
        stall_on_missing(draft)
    told = conditions(draft, standing)
    announce(draft, told)
    # Where the spec can't be read, what is known of workloads and contracts must outlive a spec that names none.
    status = known.model_copy(
        update={
            "observed_generation": draft.snapshot.generation,
            "conditions": told,
            "summary": _summary(draft, standing),
            "commands": draft.commands,
        }
    )
    return _with_gates(draft, status) if draft.snapshot.spec_readable else status


def _with_gates(draft: Draft, status: Status) -> Status:
    """Bring the rows of gates up to date where the status is written anyway, or where they are worth it."""
    now = gates_now(draft)
    if status == draft.snapshot.status and not draft.notes and not is_news(draft, status.gates, now):
        return status
    return status.model_copy(update={"gates": now})


def _show_steps(draft: Draft) -> None:
    if draft.open_release is not None:
        draft.change_release(steps=shown_steps(draft))


def _summary(draft: Draft, standing: Standing) -> Summary:
    return Summary(
        state=standing.state,
        step="" if standing.state is State.IDLE else step_count(draft),
        waiting_for="; ".join(dict.fromkeys(draft.waits))[:1024],
        message=standing.message[:1024],
        hold_mode=draft.snapshot.hold_mode.value,
    )
