"""Which measurements of a gate count for a roll, and what they amount to: for its verdict (judging.py), and for the bake of a batch (baking.py)."""

from dataclasses import replace
from datetime import datetime, timedelta

from saferollout.api.gates import Gate
from saferollout.api.spec import Gating
from saferollout.api.status import ActiveRoll, GateStart
from saferollout.core import gates
from saferollout.core.draft import Draft
from saferollout.core.gates import GateVerdict
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.outages import after_outages, touches_outage


def judged_gates(draft: Draft) -> tuple[Gate, ...]:
    """Return the gates in force."""
    spec = draft.snapshot.spec
    return spec.gates if spec.gating is Gating.ENABLED else ()


def counted(draft: Draft, gate: Gate, roll: ActiveRoll) -> tuple[Measurement, ...]:
    """Return what of a gate's measurements counts for a roll; of one that was ignored nothing before its first pass.

    Only what was measured at the roll's own instants: those of a roll beside it would spend its failureLimit. A last instant that nobody answered
    says the same to all of them.
    """
    answers = [answer for answer in draft.observations.answers.get(gate.name, ()) if answer.at >= roll.start_time]
    answers = [answer for answer in answers if not _warms_up(draft, gate, answer.at)]
    answers = [answer for answer in answers if not _touches_outage(draft, gate, answer)]
    own = frozenset(gates.instants(gate, start=roll.start_time, now=draft.now))
    unanswered = {answer.at for answer in answers[-1:] if answer.outcome is Outcome.UNREACHABLE}
    measured = tuple(answer for answer in answers if answer.at in own or answer.at in unanswered)
    measured = after_outages(draft, gate, measured, baseline=baseline_of_release(draft, gate))
    start = _start(draft, gate)
    passed = start.passed_time if start is not None else None
    return measured if passed is None else tuple(one for one in measured if one.at >= passed)


def verdict_on(draft: Draft, gate: Gate, roll: ActiveRoll, measurements: tuple[Measurement, ...]) -> GateVerdict:
    """Judge measurements that count; say where there is none only because those that there are do not."""
    verdict = gates.verdict(gate, measurements, baseline=baseline_of_release(draft, gate))
    answers = draft.observations.answers.get(gate.name, ()) if verdict.at is None else ()
    if not any(answer.at >= roll.start_time and _touches_outage(draft, gate, answer) for answer in answers):
        return verdict
    return replace(verdict, message=f"{gate.name} has no measurement yet that counts: those in an outage, or in the quiet time after it, do not")


def baseline_of_release(draft: Draft, gate: Gate) -> float | None:
    """Return what a depth was before the first step; None where it was not measured."""
    start = _start(draft, gate)
    return float(start.value) if start is not None and start.value is not None else None


def is_ignored(draft: Draft, gate: Gate) -> bool:
    """Tell whether a gate failed before the first step already and has not passed since: it must not block the fix."""
    start = _start(draft, gate)
    return start is not None and start.failing and start.passed_time is None


def _start(draft: Draft, gate: Gate) -> GateStart | None:
    starts = draft.open_release.gates if draft.open_release else ()
    return next((start for start in starts if start.name == gate.name), None)


def _warms_up(draft: Draft, gate: Gate, at: datetime) -> bool:
    """Tell whether a roll of the gate's own workload was in its initial delay: that counts for no roll beside it either."""
    own = draft.roll(gate.workload) if gate.workload is not None else None
    return own is not None and own.start_time <= at < own.start_time + timedelta(seconds=gate.initial_delay_seconds)


def _touches_outage(draft: Draft, gate: Gate, answer: Measurement) -> bool:
    return touches_outage(draft, answer.at - timedelta(seconds=gate.window_seconds), answer.at)
