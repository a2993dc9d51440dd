"""Verdicts of gates: pure, recomputed from every measurement since the step began, so no counter is kept anywhere.

    measured = observations.answers["dead-letters"]            # of instants(gate, start=step_start, now=now)
    judged = verdict(gate, measured, baseline=3.0)             # FAILING, "dead-letters 12 > 5 (start 3, now 15)"
    baked = passes_since(gate, measured, since=ready, bake_seconds=120, baseline=3.0)   # .passed, .successes of .needed

Only a value is evidence. Everything else is inconclusive: it holds with its reason, never passes, never fails, and the next value ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from saferollout.api.gates import Gate, GateMode
from saferollout.core.gate_window import instants, next_instant
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.signals import is_depth

__all__ = [
    "BakeEvidence",
    "GateVerdict",
    "Verdict",
    "baseline_of",
    "failing_since",
    "instants",
    "keeps_limits",
    "limits",
    "next_instant",
    "number",
    "passes_since",
    "preflight_verdict",
    "verdict",
]


class Verdict(StrEnum):
    """What a gate says now. `WAITING`: not measured yet, or its last measurement failed within what failureLimit tolerates."""

    PASSING = "Passing"
    FAILING = "Failing"
    INCONCLUSIVE = "Inconclusive"
    WAITING = "Waiting"
    DRY_RUN = "DryRun"


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """A verdict with its numbers.

    `value` is the judged number of the last measurement, for depth-like signals minus the start; None where that was inconclusive.
    `stalled`: the limits of inconclusive measurements or errors are exceeded; it goes on holding. `would_be` is what a dry run would say.
    `at` is when the last measurement was taken; None before the first.
    """

    kind: Verdict
    message: str
    value: float | None = None
    successes: int = 0
    failures: int = 0
    inconclusive: int = 0
    stalled: bool = False
    would_be: Verdict | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BakeEvidence:
    """How far a bake is: `passed` when enough measurements since then have passed and the last one did."""

    passed: bool
    successes: int
    needed: int
    message: str


@dataclass(frozen=True, slots=True)
class _Judged:
    """One measurement and what it says: passed, failed, or (None) nothing."""

    measurement: Measurement
    value: float | None = None
    passed: bool | None = None


def verdict(gate: Gate, measurements: Sequence[Measurement], *, baseline: float | None = None) -> GateVerdict:
    """Judge a gate by all its measurements since the step began, oldest first.

    `baseline` is the value of a depth-like signal at the start of the release; unknown, its first value takes that place.
    failureLimit tolerates so many failures over the whole step (peers.md, 2.1).
    """
    judged = _judge(gate, measurements, baseline=baseline)
    plain = _verdict(gate, judged, start=_start(gate, measurements, baseline=baseline))
    if gate.mode is GateMode.ENFORCE:
        return plain
    return GateVerdict(
        kind=Verdict.DRY_RUN,
        message=f"dry run, would be {plain.kind}: {plain.message}",
        value=plain.value,
        successes=plain.successes,
        failures=plain.failures,
        inconclusive=plain.inconclusive,
        would_be=plain.kind,
        at=plain.at,
    )


def failing_since(gate: Gate, measurements: Sequence[Measurement], *, baseline: float | None = None) -> datetime | None:
    """Return the first measurement with which the gate had failed; None while it has not, and for a dry run, which never fails.

    That is the first of which `verdict` says FAILING, given it and all before it: one failure more than failureLimit tolerates.
    """
    failed = [one for one in _judge(gate, measurements, baseline=baseline) if one.passed is False]
    if gate.mode is not GateMode.ENFORCE or len(failed) <= gate.failure_limit:
        return None
    return failed[gate.failure_limit].measurement.at


def preflight_verdict(gate: Gate, measurement: Measurement | None) -> GateVerdict:
    """Judge the one measurement before the first step; there no failure is tolerated and depths start where they are."""
    strict = gate.model_copy(update={"failure_limit": 0})
    return verdict(strict, () if measurement is None else (measurement,))


def passes_since(
    gate: Gate, measurements: Sequence[Measurement], *, since: datetime, bake_seconds: int, baseline: float | None = None
) -> BakeEvidence:
    """Say whether a gate has held since a moment: enough successes at or after it, the last measurement one of them.

    Needed are `count` or as many as fit into the bake, whichever is more, and never none: a gate that was not measured has not passed.
    """
    needed = max(gate.count, bake_seconds // gate.interval_seconds, 1)
    judged = _judge(gate, measurements, baseline=baseline)
    successes = sum(1 for one in judged if one.passed and one.measurement.at >= since)
    if gate.mode is GateMode.DRY_RUN:
        return BakeEvidence(passed=True, successes=successes, needed=0, message=f"{gate.name} is a dry run")
    passed = bool(judged) and judged[-1].passed is True and successes >= needed
    return BakeEvidence(passed=passed, successes=successes, needed=needed, message=f"{gate.name} passed {successes} of {needed} measurements")


def baseline_of(gate: Gate, measurement: Measurement | None) -> float | None:
    """Return the value to record as the start of the release; None where the gate is no depth or could not be measured."""
    return measurement.value if measurement is not None and is_depth(gate) else None


def keeps_limits(gate: Gate, value: float) -> bool:
    """Tell whether a judged number lies within the bounds."""
    return _broken_bound(gate, value) is None


def limits(gate: Gate) -> str:
    """Return the bounds as status shows them, for example `<= 0.02`."""
    bounds = ((">=", gate.minimum), ("<=", gate.maximum))
    return ", ".join(f"{sign} {number(float(bound))}" for sign, bound in bounds if bound is not None)


def number(value: float) -> str:
    """Return a number for people, the same on every machine: whole ones in full, others to six significant digits."""
    value = float(value)  # Python lets an int pass as a float
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".6g")


def _judge(gate: Gate, measurements: Sequence[Measurement], *, baseline: float | None) -> tuple[_Judged, ...]:
    start = _start(gate, measurements, baseline=baseline)
    return tuple(_judge_one(gate, one, start=start) for one in measurements)


def _start(gate: Gate, measurements: Sequence[Measurement], *, baseline: float | None) -> float | None:
    if not is_depth(gate):
        return None
    return baseline if baseline is not None else next((one.value - one.uncounted for one in measurements if one.value is not None), None)


def _judge_one(gate: Gate, measurement: Measurement, *, start: float | None) -> _Judged:
    if measurement.outcome is not Outcome.VALUE or measurement.value is None:
        return _Judged(measurement)
    value = measurement.value - measurement.uncounted - (start or 0.0)
    return _Judged(measurement, value=value, passed=_broken_bound(gate, value) is None)


def _broken_bound(gate: Gate, value: float) -> str | None:
    # As floats: the decimal 0.02 lies just below the double that Prometheus answers for it.
    if gate.maximum is not None and value > float(gate.maximum):
        return f"> {number(float(gate.maximum))}"
    if gate.minimum is not None and value < float(gate.minimum):
        return f"< {number(float(gate.minimum))}"
    return None


def _verdict(gate: Gate, judged: tuple[_Judged, ...], *, start: float | None) -> GateVerdict:
    if not judged:
        return GateVerdict(kind=Verdict.WAITING, message=f"{gate.name} has not been measured yet")
    last = judged[-1]
    failed = [one for one in judged if one.passed is False]
    # An outage leaves what it leaves: that it takes long to work it off is nobody's failure to measure.
    unclear = sum(1 for one in judged if one.passed is None and one.measurement.outcome is not Outcome.LEFT_BY_OUTAGE)

    def say(kind: Verdict, message: str, *, stalled: bool = False) -> GateVerdict:
        successes = sum(1 for one in judged if one.passed)
        return GateVerdict(
            kind=kind, message=message, value=last.value, successes=successes, failures=len(failed), inconclusive=unclear, stalled=stalled,
            at=last.measurement.at,
        )  # fmt: skip

    if len(failed) > gate.failure_limit:
        return say(Verdict.FAILING, _failure(gate, failed, start=start))
    if last.passed is None:
        stalled = _is_stalled(gate, judged, unclear=unclear)
        return say(Verdict.INCONCLUSIVE, f"{gate.name} can't be judged: {_reason(last.measurement)}", stalled=stalled)
    if not last.passed:
        tolerated = f", failure {len(failed)} of {gate.failure_limit} tolerated"
        return say(Verdict.WAITING, _comparison(gate, last, start=start) + tolerated)
    return say(Verdict.PASSING, _comparison(gate, last, start=start))


def _failure(gate: Gate, failed: list[_Judged], *, start: float | None) -> str:
    counted = f", failure {len(failed)} where {gate.failure_limit} are tolerated" if gate.failure_limit else ""
    return _comparison(gate, failed[-1], start=start) + counted


def _comparison(gate: Gate, judged: _Judged, *, start: float | None) -> str:
    value = judged.value if judged.value is not None else 0.0
    bound = _broken_bound(gate, value)
    compared = f"{gate.name} {number(value)} {bound or f'keeps {limits(gate)}'}"
    if start is None or judged.measurement.value is None:
        return compared
    outage = f", {number(judged.measurement.uncounted)} of it in an outage" if judged.measurement.uncounted else ""
    return f"{compared} (start {number(start)}, now {number(judged.measurement.value)}{outage})"


def _is_stalled(gate: Gate, judged: tuple[_Judged, ...], *, unclear: int) -> bool:
    errors = 0
    for one in reversed(judged):
        if one.measurement.outcome is not Outcome.UNREACHABLE:
            break
        errors += 1
    too_unclear = gate.inconclusive_limit is not None and unclear > gate.inconclusive_limit
    return too_unclear or errors > gate.consecutive_error_limit


def _reason(measurement: Measurement) -> str:
    return measurement.detail or str(measurement.outcome)
