"""Hear what people say to a release: each command once, bound to the release it was meant for, and answered on record."""

from collections.abc import Callable, Mapping
from typing import Final

from saferollout.api.status import CommandResult, Release, Target, Waiver
from saferollout.core.actions import ClearCommands
from saferollout.core.analysis.schedule import is_enforced
from saferollout.core.decision import Command
from saferollout.core.diagnosis.finding import Action
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.failing import abandon
from saferollout.core.gathering import failing_until_passed
from saferollout.core.heeding import waits_for_a_word
from saferollout.core.measurements import Outcome
from saferollout.core.reasons import Reason
from saferollout.core.waivers import ANALYSIS, FORWARD, approval

MOST_RESULTS: Final = 10
Answer = tuple[bool, str]


def hear(draft: Draft) -> None:
    """Carry out each command that was not answered yet."""
    answered = {result.id for result in draft.commands}
    for command in draft.snapshot.commands:
        if command.id[:64] in answered:
            continue
        accepted, message = _answer(draft, command)
        result = CommandResult(
            id=command.id[:64], verb=command.verb[:64], by=command.by[:253], time=draft.now, accepted=accepted, message=message[:1024]
        )
        draft.commands = [*draft.commands, result][-MOST_RESULTS:]
        draft.wake_in(0)
        by = f" by {command.by}" if command.by else ""
        reason = f" ({command.reason})" if command.reason else ""
        kind = EventReason.COMMAND_ACCEPTED if accepted else EventReason.COMMAND_REFUSED
        draft.note(kind, f"{command.verb}{by}{reason}: {message}")


def clear_answered(draft: Draft) -> ClearCommands | None:
    """Remove the annotations of commands that were answered."""
    answered = {result.id for result in draft.snapshot.status.commands}
    done = tuple(command.annotation for command in draft.snapshot.commands if command.id[:64] in answered)
    return ClearCommands(annotations=done) if done else None


def _answer(draft: Draft, command: Command) -> Answer:
    if command.problem:
        return False, f"the command can't be read: {command.problem}"
    if not draft.snapshot.spec_readable:
        return False, "the spec can't be read, so nothing moves and the way back is unknown; correct it first"
    handler = _HANDLERS.get(command.verb)
    if handler is None:
        return False, f"there is no command {command.verb!r}; known are {', '.join(sorted(_HANDLERS))}"
    current = draft.release.id if draft.release is not None else ""
    if command.release and command.release != current:
        return False, f"it was meant for release {command.release}, the current one is {current or 'none'}; look again before you repeat it"
    return handler(draft, command)


def _waiver(draft: Draft, command: Command) -> Waiver:
    return Waiver(by=command.by[:253], reason=command.reason[:1024], time=draft.now)


def _pause(draft: Draft, command: Command) -> Answer:
    if draft.open_release is None:
        return False, "nothing is being released"
    draft.change_release(paused=_waiver(draft, command))
    return True, "no further batch or step starts until resume; gates and abort go on"


def _resume(draft: Draft, command: Command) -> Answer:
    release = draft.open_release
    if release is None or release.paused is None:
        return False, "the release is not paused"
    if release.failure is not None:
        draft.change_release(gates=failing_until_passed(release), failure=None)
    draft.change_release(paused=None)
    return True, "the release goes on"


def _approve(draft: Draft, command: Command) -> Answer:
    release = draft.open_release
    if release is None:
        return False, "nothing is being released, so nothing waits for approval"
    known = _approvable(draft, release)
    subjects = [command.subject] if command.subject else known
    if not subjects or any(subject not in known for subject in subjects):
        return False, f"it does not wait for that; it could be approved: {', '.join(known) or 'nothing'}"
    given = [approval(release, subject=subject, by=command.by, reason=command.reason, time=draft.now) for subject in subjects]
    draft.change_release(approvals=[*release.approvals, *given][-100:])
    return True, f"approved: {', '.join(subjects)}"


def _approvable(draft: Draft, release: Release) -> list[str]:
    steps = [f"Prove/{step.contract}/{step.version}" for step in release.steps if step.kind in ("Prove", "Approve") and step.state == "Waiting"]
    before = not release.preflight_done
    if not before and not release.rolls:
        return [*steps, *([ANALYSIS] if waits_for_a_word(draft) else [])]  # no batch is under way that a waiver of a gate could stand for
    shown = {gate.name: gate.verdict for gate in draft.snapshot.status.gates}
    asked = {gate for gate, verdict in shown.items() if verdict == "Inconclusive" or (before and verdict == "Failing")}
    # Rows of gates in status may be older than what is measured (core/gate_news.py).
    unclear = {name for name, answers in draft.observations.answers.items() if answers and answers[-1].outcome is not Outcome.VALUE}
    held = [ANALYSIS] if release.rolls and is_enforced(draft.snapshot) else []
    return [*steps, *(f"gate/{gate.name}" for gate in draft.snapshot.spec.gates if gate.name in asked | unclear), *held]


def _abort(draft: Draft, command: Command) -> Answer:
    release = draft.open_release
    if release is None or release.rollback is not None:
        return False, "nothing is being released that could be aborted"
    abandon(draft, reason=Reason.ABORTED, message=f"aborted{f' by {command.by}' if command.by else ''}: {command.reason or 'no reason given'}")
    if draft.open_release is None:
        return True, "the release is over; its templates stay held until they change or someone says retry"
    return True, "everything this release rolled goes back, as far as that is safe; the templates stay held until they change or someone says retry"


def _rollback(draft: Draft, command: Command) -> Answer:
    release = draft.release
    if release is None or not any(target.rolled for target in release.targets):
        return False, "this release has rolled nothing, so nothing can go back"
    if release.rollback is not None:
        return False, "it is rolling back already, or has done so"
    rolled = [target for target in release.targets if target.rolled]
    unknown = [target.workload for target in rolled if target.from_hash and not _knows(draft, target)]
    if unknown:
        return False, f"the old template of {', '.join(unknown)} is gone (revisionHistoryLimit); apply it again instead"
    draft.change_release(end_time=None)
    abandon(draft, reason=Reason.ROLLBACK_REQUESTED, message=f"rolled back{f' by {command.by}' if command.by else ''}: {command.reason or 'no reason given'}")
    return True, "everything this release rolled goes back, as far as that is safe"


def _knows(draft: Draft, target: Target) -> bool:
    facts = draft.facts.get(target.workload)
    return facts is not None and facts.knows(target.from_hash)


def _retry(draft: Draft, command: Command) -> Answer:
    failed = [name for name, status in draft.workloads.items() if status.failed_hash]
    if not failed:
        return False, "no template has failed"
    for name in failed:
        draft.change_workload(name, failed_hash="", failure=None)
    return True, f"the failed template of {', '.join(failed)} is tried again"


def _expedite(draft: Draft, command: Command) -> Answer:
    if draft.open_release is None:
        return False, "nothing is being released"
    if not command.reason:
        return False, "expedite needs a reason: it skips bakes and inconclusive holds"
    draft.change_release(expedited=_waiver(draft, command))
    return True, "bakes and inconclusive holds are skipped for this release; the order is kept, failing gates still stop it"


def _forward(draft: Draft, command: Command) -> Answer:
    release = draft.open_release
    if release is None or not release.rolls:
        return False, "nothing is rolling that could be finished"
    if not command.reason:
        return False, "forward needs a reason: it finishes the roll whatever gates and the analysis say"
    if release.rollback is not None:
        return False, "it is rolling back already"
    given = approval(release, subject=FORWARD, by=command.by, reason=command.reason, time=draft.now)
    # The pause that onFailure made is over with the failure; a person's own pause is theirs to end.
    paused = release.paused if release.failure is None else None
    draft.change_release(approvals=[*release.approvals, given][-100:], failure=None, paused=paused)
    if release.finding is not None and release.finding.action == Action.STOP_SPREADING:
        draft.mark_forward_only(release.finding.workload)
    for roll in release.rolls:
        # A hold may have lasted longer than any deadline: new pods have all of it from now on.
        draft.put_roll(roll.model_copy(update={"batch_start_time": draft.now}))
    rolls = ", ".join(roll.workload for roll in release.rolls)
    still = "; it is still paused: resume" if paused is not None else ""
    return True, f"the roll of {rolls} is finished without bakes, whatever gates and the analysis say; pods still have to become ready{still}"


def _restart(draft: Draft, command: Command) -> Answer:
    facts = draft.facts.get(command.subject)
    if facts is None:
        return False, f"there is no workload {command.subject!r} here; known are {', '.join(sorted(draft.facts)) or 'none'}"
    if not draft.workloads[command.subject].stable_hash or not facts.view.of(draft.workloads[command.subject].stable_hash):
        return False, f"nothing of {command.subject} runs yet"
    if draft.roll(command.subject) is not None:
        return False, f"{command.subject} is rolling; its pods are being replaced"
    if draft.workloads[command.subject].restart_time:
        return False, f"{command.subject} is restarting already"
    draft.change_workload(command.subject, restart_time=draft.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return True, f"the pods of {command.subject} are replaced, on the revision that runs"


_HANDLERS: Mapping[str, Callable[[Draft, Command], Answer]] = {
    "pause": _pause,
    "resume": _resume,
    "approve": _approve,
    "abort": _abort,
    "rollback": _rollback,
    "retry": _retry,
    "expedite": _expedite,
    "forward": _forward,
    "restart": _restart,
}
