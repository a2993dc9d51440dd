"""Judge the gates of a release: before its first step, and from then on while anything rolls.

Nothing is counted in status: verdicts are worked out from all measurements since the roll's start, which Prometheus answers
again after a restart.
"""

from datetime import datetime

from saferollout.api.gates import Gate, GateMode
from saferollout.api.status import ActiveRoll, GateStart, GateStatus
from saferollout.core import gates
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.failing import Trouble
from saferollout.core.gate_measurements import baseline_of_release, counted, is_ignored, judged_gates, verdict_on
from saferollout.core.gates import GateVerdict, Verdict
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.outages import after_outages
from saferollout.core.questions import is_measurable, measured_at_once
from saferollout.core.reasons import Reason
from saferollout.core.waivers import is_forwarded, is_waived_before_first_step


def judge_rolls(draft: Draft) -> Trouble | None:
    """Judge every gate over every roll under way; return the first failure, worst news first."""
    release = draft.open_release
    if release is None:
        return None
    for roll in release.rolls:
        for gate in judged_gates(draft):
            draft.wake_at(gates.next_instant(gate, start=roll.start_time, now=draft.now))
            verdict = _verdict(draft, gate, roll)
            _show(draft, gate, verdict)
            if verdict.stalled:
                draft.stalls.append(Stall(reason=Reason.GATE_WITHOUT_VERDICT, message=f"gate {verdict.message}, more often than its limits tolerate"))
            if verdict.kind is Verdict.FAILING and gate.mode is GateMode.ENFORCE and not is_ignored(draft, gate):
                failed = _blamed(draft, gate, roll)
                if not is_forwarded(release, failed):
                    since = gates.failing_since(gate, counted(draft, gate, roll), baseline=baseline_of_release(draft, gate))
                    return Trouble(workload=failed.workload, gate=gate.name, reason=Reason.GATE_FAILED, message=f"gate {verdict.message}", since=since)
    return None


def report_gates(draft: Draft) -> None:
    """Show how gates stand while the release merely waits: a failing one is reported and rolls nothing back."""
    release = draft.open_release
    if release is None or release.rolls or not release.preflight_done:
        return
    for gate in judged_gates(draft):
        _wake_while_waiting(draft, gate, since=release.start_time)
        answers = draft.observations.answers.get(gate.name, ())
        if answers:
            baseline = baseline_of_release(draft, gate)
            _show(draft, gate, gates.verdict(gate, after_outages(draft, gate, answers[-1:], baseline=baseline), baseline=baseline))


def judge_before_first_step(draft: Draft) -> bool:
    """Judge every gate once before anything rolls; return whether the first step may start.

    A gate that fails already asks for approval (it must not block the fix) and is ignored until it has passed once.
    """
    release = draft.open_release
    if release is None or release.preflight_done:
        return True
    starts = [_start_of(draft, gate) for gate in judged_gates(draft)]
    if any(start is None for start in starts):
        for gate in judged_gates(draft):
            _wake_while_waiting(draft, gate, since=release.start_time)
        return False
    draft.change_release(gates=[start for start in starts if start is not None], preflight_done=True)
    return True


def _wake_while_waiting(draft: Draft, gate: Gate, *, since: datetime) -> None:
    """Look again when a gate is next measured without a step: nothing else tells that Prometheus came back, or that a gate recovered."""
    draft.wake_at(gates.next_instant(measured_at_once(gate), start=since, now=draft.now))


def _start_of(draft: Draft, gate: Gate) -> GateStart | None:
    release = draft.open_release
    if release is None:
        return None
    if not is_measurable(draft.snapshot, gate):
        # The pods it measures do not exist yet: before a first creation nothing can fail already.
        return GateStart(name=gate.name)
    answers = tuple(one for one in draft.observations.answers.get(gate.name, ()) if one.at >= release.start_time)
    subject = f"gate/{gate.name}"
    waived = is_waived_before_first_step(release, subject=subject) or release.expedited is not None
    if not answers and not waived and gate.mode is GateMode.ENFORCE:
        draft.waits.append("every gate to be measured before the first step")
        return None
    if not answers or answers[-1].outcome is not Outcome.VALUE:
        detail = answers[-1].detail if answers else "not measured yet"
        _show(draft, gate, GateVerdict(kind=Verdict.INCONCLUSIVE, message=detail, at=answers[-1].at if answers else None))
        if waived or gate.mode is GateMode.DRY_RUN:
            # It has not failed: nobody can tell. The waiver lets the release begin, and the gate counts as soon as it can tell.
            return GateStart(name=gate.name)
        _ask_or_wait(draft, subject=subject, message=f"gate {gate.name} before the first step: {detail}")
        return None
    last = answers[-1]
    verdict = gates.preflight_verdict(gate, last)
    _show(draft, gate, verdict)
    failing = verdict.kind is Verdict.FAILING
    if failing and not waived and gate.mode is GateMode.ENFORCE:
        draft.approvals_wanted.append(subject)
        # The number stands in status.gates: here every new value would be a write.
        draft.waits.append(f"approval: gate {gate.name} fails already before the first step")
        return None
    return GateStart(name=gate.name, value=None if last.value is None else repr(last.value)[:32], failing=failing)


def _verdict(draft: Draft, gate: Gate, roll: ActiveRoll) -> GateVerdict:
    measurements = counted(draft, gate, roll)
    if is_ignored(draft, gate) and _has_passed_now(draft, gate, measurements):
        _remember_pass(draft, gate, at=measurements[-1].at)
        measurements = counted(draft, gate, roll)
    return verdict_on(draft, gate, roll, measurements)


def _has_passed_now(draft: Draft, gate: Gate, measurements: tuple[Measurement, ...]) -> bool:
    if not measurements:
        return False
    strict = gate.model_copy(update={"failure_limit": 0})
    last = gates.verdict(strict, measurements[-1:], baseline=baseline_of_release(draft, gate))
    return last.kind is Verdict.PASSING


def _remember_pass(draft: Draft, gate: Gate, *, at: datetime) -> None:
    """Let a gate count from its first pass on; what it measured before was known when the release went on past it."""
    starts = draft.release.gates if draft.release else ()
    passed = [start.model_copy(update={"passed_time": at}) if start.name == gate.name else start for start in starts]
    draft.change_release(gates=passed)
    draft.note(EventReason.GATE_PASSED_AGAIN, f"gate {gate.name} passed for the first time since the release began; it counts from now on")


def _ask_or_wait(draft: Draft, *, subject: str, message: str) -> None:
    draft.offer_approval(subject)
    draft.waits.append(message)


def _blamed(draft: Draft, gate: Gate, roll: ActiveRoll) -> ActiveRoll:
    """Choose whose step has failed: the roll of the gate's own workload if there is one, else the latest roll to start."""
    rolls = draft.open_release.rolls if draft.open_release else [roll]
    own = next((other for other in rolls if other.workload == gate.workload), None)
    return own or max(rolls, key=_started)


def _started(roll: ActiveRoll) -> datetime:
    return roll.start_time


def _show(draft: Draft, gate: Gate, verdict: GateVerdict) -> None:
    word = "Ignored" if is_ignored(draft, gate) else "DryRun" if gate.mode is GateMode.DRY_RUN else verdict.kind.value
    value = gates.number(verdict.value) if verdict.value is not None else ""
    draft.gates[gate.name] = GateStatus(
        name=gate.name, verdict=word, value=value, limit=gates.limits(gate), message=verdict.message, measured_time=verdict.at
    )
