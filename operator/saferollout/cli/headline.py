"""The first line of every screen: what state, waiting for what, since when; and the commands that help from there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from saferollout.api.status import Condition, ConditionStatus, GateStatus, PlanStep, Release, State
from saferollout.cli.finding_screen import forward_command, is_held_by_finding
from saferollout.cli.look import Mark, duration
from saferollout.cli.picture import Picture
from saferollout.core.reasons import Reason
from saferollout.core.waivers import ANALYSIS, GATE, is_waived, is_waived_before_first_step, is_waived_between_rolls

STATE_MARKS: Final = {
    State.IDLE: Mark.DONE,
    State.SETTLING: Mark.WAITING,
    State.PROGRESSING: Mark.MOVING,
    State.WAITING: Mark.WAITING,
    State.AWAITING_APPROVAL: Mark.UNSURE,
    State.PAUSED: Mark.HALTED,
    State.ROLLING_BACK: Mark.RETURNING,
    State.ROLLED_BACK: Mark.RETURNING,
    State.FAILED: Mark.FAILED,
    State.REFUSED: Mark.FAILED,
    State.COMPLETED: Mark.DONE,
}

_WORDS: Final = {
    State.IDLE: "Idle",
    State.SETTLING: "Settling",
    State.PROGRESSING: "Releasing",
    State.WAITING: "Waiting",
    State.AWAITING_APPROVAL: "Waiting for your approval",
    State.PAUSED: "Paused",
    State.ROLLING_BACK: "Going back",
    State.ROLLED_BACK: "Rolled back",
    State.FAILED: "Stopped",
    State.REFUSED: "Refused",
    State.COMPLETED: "Released",
}

_DEFAULT_SENTENCES: Final = {
    State.IDLE: "nothing is being released.",
    State.SETTLING: "new templates came; more may belong to them.",
    State.COMPLETED: "every workload runs its new template.",
}

_WRONGLY_WRITTEN: Final = frozenset({Reason.INVALID_SPEC, Reason.INVALID_QUERY, Reason.INVALID_TEMPLATE})


def headline(picture: Picture) -> str:
    """Say in one sentence where the release is."""
    state = picture.summary.state
    since = _since(picture)
    passed = f" ({duration((picture.now - since).total_seconds())})" if since else ""
    return f"{_WORDS[state]}{passed}: {_sentence(picture)}"


def _sentence(picture: Picture) -> str:
    summary, release = picture.summary, picture.release
    if summary.state is State.PAUSED and release and release.paused:
        reason = f": {release.paused.reason}" if release.paused.reason else ""
        return f"by {release.paused.by or 'somebody'}{reason}"
    waits = summary.state in (State.WAITING, State.AWAITING_APPROVAL)
    said = summary.waiting_for if waits and summary.waiting_for else summary.message or summary.waiting_for
    if not said and release and release.failure:
        said = release.failure.message
    if not said and release and release.rolls and summary.state is State.PROGRESSING:
        return f"rolling {', '.join(roll.workload for roll in release.rolls)}."
    return said or _DEFAULT_SENTENCES.get(summary.state, "the operator gave no reason.")


def _since(picture: Picture) -> datetime | None:
    release, state = picture.release, picture.summary.state
    if state is State.REFUSED:
        refused = refusal(picture)
        return refused.last_transition_time if refused else None
    if release is None or state is State.IDLE:
        return None
    match state:
        case State.PAUSED if release.paused:
            return release.paused.time
        case State.ROLLING_BACK if release.rollback:
            return release.rollback.start_time
        case State.ROLLED_BACK | State.COMPLETED:
            return None  # a time span would read as if it had taken that long; the head says when
        case State.FAILED if release.failure:
            return release.failure.time
        case State.SETTLING:
            return release.changed_time
        case State.WAITING | State.AWAITING_APPROVAL:
            stalled = condition(picture, "Stalled")
            return stalled.last_transition_time if stalled and stalled.status is ConditionStatus.TRUE else None
        case _:
            return release.start_time


def condition(picture: Picture, kind: str) -> Condition | None:
    """Return a condition by its type."""
    return next((entry for entry in picture.status.conditions if entry.type == kind), None)


def refusal(picture: Picture) -> Condition | None:
    """Return the condition that says why there is no plan for every template; None where there is one."""
    accepted = condition(picture, "PlanAccepted")
    return accepted if accepted is not None and accepted.status is ConditionStatus.FALSE else None


def approvable(picture: Picture) -> tuple[str, ...]:
    """Name what a person could approve now, as `approve` takes it."""
    release = picture.release
    if release is None:
        return ()
    unexposed = any(roll.missing_exposure for roll in release.rolls)
    found = (ANALYSIS,) if unexposed or is_held_by_finding(picture) else ()
    asked = (*_waiting_proofs(release.steps), *_gates_in_the_way(picture.status.gates, release), *found)
    return tuple(subject for subject in asked if not _is_granted(release, subject))


def _is_granted(release: Release, subject: str) -> bool:
    if not subject.startswith((GATE, ANALYSIS)):
        return False  # the operator shows a step that somebody has answered for as done
    if release.rolls:
        return all(is_waived(release, roll, subject=subject) for roll in release.rolls)
    if subject == ANALYSIS:
        return is_waived_between_rolls(release, subject=subject)
    return is_waived_before_first_step(release, subject=subject)


def _waiting_proofs(steps: list[PlanStep]) -> Iterator[str]:
    for step in steps:
        if step.kind in ("Prove", "Approve") and step.state == "Waiting":
            yield proof_subject(f"{step.kind}/{step.contract}/{step.version}")


def proof_subject(subject: str) -> str:
    """Return the one name of a proof, whether the plan shows it as a Prove or, where nothing can prove it, as an Approve."""
    return f"Prove/{subject.removeprefix('Approve/')}" if subject.startswith("Approve/") else subject


def _gates_in_the_way(gates: list[GateStatus], release: Release) -> Iterator[str]:
    """Name gates that can't tell; one that fails can be waived only before the first step, later it ends the release.

    While a release merely waits between two steps no gate is in its way.
    """
    before_first_step = not release.preflight_done
    if not before_first_step and not release.rolls:
        return
    for gate in gates:
        if gate.verdict == "Inconclusive" or (gate.verdict == "Failing" and before_first_step):
            yield f"gate/{gate.name}"


def helpful_commands(picture: Picture) -> tuple[tuple[str, str], ...]:
    """Return what a person can do now: the exact command and what it is for."""
    name = f"-n {picture.namespace}"
    state = picture.summary.state
    match state:
        case State.PROGRESSING | State.SETTLING:
            return (
                *(_approvals(picture) if _is_baking(picture) else ()),
                (f"saferollout pause {picture.name} {name}", "start nothing new"),
                (f"saferollout abort {picture.name} {name}", "stop and go back"),
            )
        case State.WAITING | State.AWAITING_APPROVAL:
            forward = forward_command(picture)
            # Where old pods can't read what new ones wrote, nobody is told to go back.
            back = () if forward else ((f"saferollout abort {picture.name} {name}", "stop and go back"),)
            return (*forward, *_approvals(picture), *back)
        case State.PAUSED if _paused_by_spec(picture):
            return (("set spec.mode to Automatic", "go on"), (f"saferollout abort {picture.name} {name}", "stop and go back"))
        case State.PAUSED:
            return (
                (f"saferollout resume {picture.name} {name}", "go on"),
                (f"saferollout abort {picture.name} {name}", "stop and go back"),
            )
        case State.ROLLED_BACK:
            return (
                ("commit a corrected template", "starts a new release"),
                (f"saferollout retry {picture.name} {name}", "the same template once more"),
            )
        case State.FAILED:
            return (
                (f"saferollout retry {picture.name} {name}", "the same template once more"),
                (f"saferollout rollback {picture.name} {name}", "go back as far as is safe"),
            )
        case State.REFUSED if (refused := refusal(picture)) and refused.reason in _WRONGLY_WRITTEN:
            return (("saferollout lint PATH", "check a correction on files before you commit it"),)
        case State.REFUSED:
            return (("saferollout plan --live PATH --desired PATH", "try a repair on files before you commit it"),)
        case _:
            return ()


def _approvals(picture: Picture) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"saferollout approve {subject} -s {picture.name} -n {picture.namespace}", "go on past it, on record")
        for subject in approvable(picture)[:3]
    )


def _is_baking(picture: Picture) -> bool:
    """Tell whether a batch waits for its gates, so that one that can't tell is in the way."""
    return any(roll.ready_time is not None for roll in (picture.release.rolls if picture.release else ()))


def _paused_by_spec(picture: Picture) -> bool:
    return picture.spec is not None and picture.spec.mode.value == "Paused"
