"""Judge counts without a second arm, against a known rate or what was counted before the release."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from math import exp, log
from typing import Final

from saferollout.core.statistics.counting_windows import has_time, in_order
from saferollout.core.statistics.evidence import onset_weight
from saferollout.core.statistics.rates import KnownRate, RateBefore
from saferollout.core.statistics.readings import Arm, Reading, Verdict
from saferollout.core.statistics.windows import Interval, TimedCount

_STARTS: Final = 4
"""Trouble is looked for from each fourth window on; from every window would cost four times as much."""

_LARGEST_LOG: Final = 700.0


def judge_rate(
    windows: Iterable[TimedCount],
    *,
    against: KnownRate | RateBefore,
    alpha: float = 0.01,
    gates: int = 1,
    beta: float = 0.05,
    ratio: float = 3.0,
    without: Sequence[Interval] = (),
) -> Reading:
    """Read all windows since the release began; CLEAR takes evidence at level `beta` that the rate has not become `ratio` times as high.

    Evidence is worked out only for windows at which it could be enough for an alarm, and for the last one: without an alarm
    the reading has that, or 0 where no stretch up to it has more than is tolerated.
    """
    ordered = [window for window in in_order(windows, without=without) if has_time(window)]
    wanted, excess = gates / alpha, 0.0
    reading = Reading(
        verdict=Verdict.TOO_LITTLE,
        windows=len(ordered),
        evidence=0.0,
        wanted=wanted,
        tolerance=against.tolerance,
        phi=against.phi,
        old_rate=against.rate,
    )
    tolerated, enough = against.rate * against.tolerance, log(wanted)
    for last, window in enumerate(ordered):
        # No stretch that ends here has a larger excess than this (Page's CUSUM), and none is shorter than its last window.
        excess = max(0.0, excess) + window.events - tolerated * window.seconds
        if excess <= 0 or against.log_worse_at_most(excess, window.seconds) < enough:
            continue
        evidence, onset = _evidence(ordered[: last + 1], against)
        if evidence >= wanted:
            return replace(
                reading,
                verdict=Verdict.WORSE,
                windows=last + 1,
                evidence=evidence,
                new_rate=_rate(ordered[onset : last + 1]),
                worse=Arm.NEW,
                onset=ordered[onset].at,
                alarm_time=window.at,
            )
    now = replace(reading, evidence=_evidence(ordered, against)[0] if excess > 0 else 0.0, new_rate=_rate(ordered))
    return _not_worse(now, ordered, against, ratio=ratio, wanted=log(1 / beta))


def _evidence(windows: Sequence[TimedCount], against: KnownRate | RateBefore) -> tuple[float, int]:
    """Return the evidence, averaged over where trouble may have begun, and where it most likely did."""
    total, likeliest, onset = 0.0, float("-inf"), 0
    events = seconds = 0.0
    for start in range(len(windows) - 1, -1, -1):
        events, seconds = events + windows[start].events, seconds + windows[start].seconds
        if start % _STARTS:
            continue
        found = against.log_worse(events, seconds)
        total += _start_weight(start) * exp(min(found, _LARGEST_LOG))
        if found >= likeliest:
            likeliest, onset = found, start
    return total, onset


@cache
def _start_weight(start: int) -> float:
    return sum(onset_weight(window) for window in range(max(0, start - _STARTS + 1), start + 1))


def _not_worse(
    reading: Reading, windows: Sequence[TimedCount], against: KnownRate | RateBefore, *, ratio: float, wanted: float
) -> Reading:
    events, seconds = sum(window.events for window in windows), sum(window.seconds for window in windows)
    evidence = against.log_close(events, seconds, ratio=ratio)
    if evidence >= wanted:
        return replace(reading, verdict=Verdict.CLEAR, missing_seconds=0.0)
    as_before = against.log_close(against.rate * seconds, seconds, ratio=ratio)
    return replace(
        reading,
        verdict=Verdict.WATCHING if as_before >= wanted else Verdict.TOO_LITTLE,
        missing_seconds=seconds * (wanted / evidence - 1) if evidence > 0 else None,
    )


def _rate(windows: Sequence[TimedCount]) -> float | None:
    seconds = sum(window.seconds for window in windows)
    return sum(window.events for window in windows) / seconds if seconds > 0 else None
