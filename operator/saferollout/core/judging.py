"""Judge the gates of a release: before its first step, and from then on while anything rolls or bakes.

Nothing is counted in status: verdicts are worked out from all measurements since the roll's start, which Prometheus answers
again after a restart.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from saferollout.api.gates import Gate, GateMode
from saferollout.api.spec import Gating, OnInconclusive
from saferollout.api.status import ActiveRoll, GateStart, GateStatus
from saferollout.core import gates
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.failing import Trouble
from saferollout.core.gates import GateVerdict, Verdict
from saferollout.core.heeding import WAY_OUT, missing_exposure
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.outages import after_outages, touches_outage
from saferollout.core.questions import is_measurable, measured_at_once
from saferollout.core.reasons import Reason
from saferollout.core.waivers import ANALYSIS, is_forwarded, is_waived, is_waived_before_first_step


@dataclass(frozen=True, slots=True)
class BakeProgress:
    """Whether a batch has passed its gates and is shown to be well, and if not, what it waits for.

    `held`: its bake is over, and something keeps it. `unexposed`: what the analysis has to see yet.
    """

    passed: bool
    message: str = ""
    held: bool = False
    unexposed: str = ""


def judged_gates(draft: Draft) -> tuple[Gate, ...]:
    """Return the gates in force."""
    spec = draft.snapshot.spec
    return spec.gates if spec.gating is Gating.ENABLED else ()


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
            if verdict.kind is Verdict.FAILING and gate.mode is GateMode.ENFORCE and not _is_ignored(draft, gate):
                failed = _blamed(draft, gate, roll)
                if not is_forwarded(release, failed):
                    return Trouble(workload=failed.workload, gate=gate.name, reason=Reason.GATE_FAILED, message=f"gate {verdict.message}", since=_failing_since(draft, gate, roll))
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
            baseline = _baseline(draft, gate)
            _show(draft, gate, gates.verdict(gate, after_outages(draft, gate, answers[-1:], baseline=baseline), baseline=baseline))


def bake_progress(draft: Draft, roll: ActiveRoll) -> BakeProgress:
    """Tell whether the gates have held since the batch was ready, for the bake's time and with evidence.

    A waiver approved since the batch began stands for an inconclusive gate; `expedite` skips bakes and inconclusive holds.
    """
    release = draft.open_release
    ready = roll.ready_time
    if release is None or ready is None:
        return BakeProgress(passed=False, message=f"{roll.workload} to be ready")
    if release.expedited is not None or is_forwarded(release, roll):
        return BakeProgress(passed=True)
    bake = _bake_seconds(draft, roll)
    elapsed = (draft.now - ready).total_seconds()
    in_the_way = [(gate, verdict) for gate in judged_gates(draft) if (verdict := _in_the_way(draft, gate, roll, bake=bake)) is not None]
    unseen = missing_exposure(draft, roll) if elapsed >= bake else None
    if elapsed < bake:
        draft.wake_in(bake - elapsed)
    elif not in_the_way and unseen is None:
        return BakeProgress(passed=True)
    unclear = [_unclear(draft, gate, verdict) for gate, verdict in in_the_way if verdict.kind is Verdict.INCONCLUSIVE]
    # Until the bake is over a gate that can't tell holds nothing up; it stands in status.gates, and saying so here would be a write more.
    # One that only needs its next measurement is not named either: that is over before anybody reads it.
    late = [f"gate {gate.name} to hold for {bake} s" for gate, verdict in in_the_way if _is_late(gate, verdict, over_for=elapsed - bake)]
    unexposed = _unexposed(draft, unseen, over_for=elapsed - bake)
    if elapsed < bake or not (unclear or late or unexposed):
        return BakeProgress(passed=False, message=f"batch {roll.batch + 1} of {roll.batches} of {roll.workload} bakes for {bake} s")
    message = "; ".join([*(unclear or late), *([unexposed] if unexposed else [])])
    return BakeProgress(passed=False, message=message, held=True, unexposed=unexposed)


def passed_words(draft: Draft, roll: ActiveRoll) -> str:
    """Say on what evidence a batch has passed, and not more than there was."""
    release = draft.open_release
    if release is not None and release.expedited is not None:
        return "was not baked (expedite)"
    if release is not None and is_forwarded(release, roll):
        return "was not baked (forward)"
    bake = _bake_seconds(draft, roll)
    return f"passed its gates in a bake of {bake} s" if judged_gates(draft) else f"baked for {bake} s, without gates"


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
    measurements = _since_passed(draft, gate, _of_roll(draft, gate, roll))
    if _is_ignored(draft, gate) and _has_passed_now(draft, gate, measurements):
        _remember_pass(draft, gate, at=measurements[-1].at)
        measurements = _since_passed(draft, gate, measurements)
    return _worded(draft, gate, roll, gates.verdict(gate, measurements, baseline=_baseline(draft, gate)))


def _worded(draft: Draft, gate: Gate, roll: ActiveRoll, verdict: GateVerdict) -> GateVerdict:
    """Say where a gate has no measurement only because those that it has do not count."""
    answers = draft.observations.answers.get(gate.name, ()) if verdict.at is None else ()
    if not any(answer.at >= roll.start_time and _touches(draft, gate, answer) for answer in answers):
        return verdict
    return replace(verdict, message=f"{gate.name} has no measurement yet that counts: those in an outage, or in the quiet time after it, do not")


def _touches(draft: Draft, gate: Gate, answer: Measurement) -> bool:
    return touches_outage(draft, answer.at - timedelta(seconds=gate.window_seconds), answer.at)


def _failing_since(draft: Draft, gate: Gate, roll: ActiveRoll) -> datetime | None:
    """Return the first measurement with which the gate had failed."""
    measured, baseline = _since_passed(draft, gate, _of_roll(draft, gate, roll)), _baseline(draft, gate)
    prefixes = (measured[:length] for length in range(1, len(measured) + 1))
    return next((one[-1].at for one in prefixes if gates.verdict(gate, one, baseline=baseline).kind is Verdict.FAILING), None)


def _of_roll(draft: Draft, gate: Gate, roll: ActiveRoll) -> tuple[Measurement, ...]:
    """Return what was measured at the roll's own instants: those of a roll beside it would spend its failureLimit.

    A last instant that nobody answered says the same to all of them.
    """
    answers = [answer for answer in draft.observations.answers.get(gate.name, ()) if answer.at >= roll.start_time]
    answers = [answer for answer in answers if not _warms_up(draft, gate, answer.at)]
    answers = [answer for answer in answers if not _touches(draft, gate, answer)]
    own = frozenset(gates.instants(gate, start=roll.start_time, now=draft.now))
    unanswered = {answer.at for answer in answers[-1:] if answer.outcome is Outcome.UNREACHABLE}
    measured = tuple(answer for answer in answers if answer.at in own or answer.at in unanswered)
    return after_outages(draft, gate, measured, baseline=_baseline(draft, gate))


def _warms_up(draft: Draft, gate: Gate, at: datetime) -> bool:
    """Tell whether a roll of the gate's own workload was in its initial delay: that counts for no roll beside it either."""
    own = draft.roll(gate.workload) if gate.workload is not None else None
    return own is not None and own.start_time <= at < own.start_time + timedelta(seconds=gate.initial_delay_seconds)


def _start(draft: Draft, gate: Gate) -> GateStart | None:
    starts = draft.open_release.gates if draft.open_release else ()
    return next((start for start in starts if start.name == gate.name), None)


def _baseline(draft: Draft, gate: Gate) -> float | None:
    start = _start(draft, gate)
    return float(start.value) if start is not None and start.value is not None else None


def _is_ignored(draft: Draft, gate: Gate) -> bool:
    start = _start(draft, gate)
    return start is not None and start.failing and start.passed_time is None


def _since_passed(draft: Draft, gate: Gate, measurements: tuple[Measurement, ...]) -> tuple[Measurement, ...]:
    start = _start(draft, gate)
    if start is None or start.passed_time is None:
        return measurements
    passed = start.passed_time
    return tuple(measurement for measurement in measurements if measurement.at >= passed)


def _has_passed_now(draft: Draft, gate: Gate, measurements: tuple[Measurement, ...]) -> bool:
    if not measurements:
        return False
    strict = gate.model_copy(update={"failure_limit": 0})
    last = gates.verdict(strict, measurements[-1:], baseline=_baseline(draft, gate))
    return last.kind is Verdict.PASSING


def _remember_pass(draft: Draft, gate: Gate, *, at: datetime) -> None:
    """Let a gate count from its first pass on; what it measured before was known when the release went on past it."""
    starts = draft.release.gates if draft.release else ()
    passed = [start.model_copy(update={"passed_time": at}) if start.name == gate.name else start for start in starts]
    draft.change_release(gates=passed)
    draft.note(EventReason.GATE_PASSED_AGAIN, f"gate {gate.name} passed for the first time since the release began; it counts from now on")


def _in_the_way(draft: Draft, gate: Gate, roll: ActiveRoll, *, bake: int) -> GateVerdict | None:
    """Return what a gate says that has not held yet; None where it waits for nothing but the end of the bake. One that was not measured has not held."""
    if gate.mode is GateMode.DRY_RUN or _is_ignored(draft, gate) or roll.ready_time is None:
        return None
    if not is_measurable(draft.snapshot, gate):
        # Its workload comes later in this release: waiting for pods that wait for this batch would be for ever.
        return None
    if draft.release is not None and is_waived(draft.release, roll, subject=f"gate/{gate.name}"):
        return None
    measurements, baseline = _since_passed(draft, gate, _of_roll(draft, gate, roll)), _baseline(draft, gate)
    if gates.passes_since(gate, measurements, since=roll.ready_time, bake_seconds=bake, baseline=baseline).passed:
        return None
    return _worded(draft, gate, roll, gates.verdict(gate, measurements, baseline=baseline))


def _is_late(gate: Gate, verdict: GateVerdict, *, over_for: float) -> bool:
    """Tell a gate that holds a batch up from one whose next measurement is merely still to come; `over_for`: seconds since the bake's end."""
    return verdict.kind is Verdict.WAITING or over_for >= gate.interval_seconds


def _unexposed(draft: Draft, unseen: str | None, *, over_for: float) -> str:
    """Say what the analysis has to see yet, and offer its waiver; what the next look may bring is not named."""
    if unseen is None or over_for < draft.snapshot.spec.analysis.interval_seconds:
        return ""
    _offer_approval(draft, subject=ANALYSIS)
    return unseen + WAY_OUT


def _unclear(draft: Draft, gate: Gate, verdict: GateVerdict) -> str:
    """Say why a gate can't tell, and offer its waiver."""
    _offer_approval(draft, subject=f"gate/{gate.name}")
    return f"gate {verdict.message}"


def _offer_approval(draft: Draft, *, subject: str) -> None:
    if draft.snapshot.spec.on_inconclusive is OnInconclusive.APPROVE:
        draft.approvals_wanted.append(subject)


def _ask_or_wait(draft: Draft, *, subject: str, message: str) -> None:
    _offer_approval(draft, subject=subject)
    draft.waits.append(message)


def _bake_seconds(draft: Draft, roll: ActiveRoll) -> int:
    own = draft.spec_of(roll.workload).bake_seconds
    return draft.snapshot.spec.bake_seconds if own is None else own


def _blamed(draft: Draft, gate: Gate, roll: ActiveRoll) -> ActiveRoll:
    """Choose whose step has failed: the roll of the gate's own workload if there is one, else the latest roll to start."""
    rolls = draft.open_release.rolls if draft.open_release else [roll]
    own = next((other for other in rolls if other.workload == gate.workload), None)
    return own or max(rolls, key=_started)


def _started(roll: ActiveRoll) -> datetime:
    return roll.start_time


def _show(draft: Draft, gate: Gate, verdict: GateVerdict) -> None:
    word = "Ignored" if _is_ignored(draft, gate) else "DryRun" if gate.mode is GateMode.DRY_RUN else verdict.kind.value
    value = gates.number(verdict.value) if verdict.value is not None else ""
    draft.gates[gate.name] = GateStatus(
        name=gate.name, verdict=word, value=value, limit=gates.limits(gate), message=verdict.message, measured_time=verdict.at
    )


