"""Counts without a second arm, such as dead letters: false alarms and delays against a known rate, and against what was counted before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

import numpy as np

from bench.detection.traffic import LOOKS, SCRAPE_SECONDS
from bench.table import Row, median
from saferollout.core.statistics.judge_rate import judge_rate
from saferollout.core.statistics.rates import KnownRate, RateBefore, rate_before
from saferollout.core.statistics.readings import Verdict
from saferollout.core.statistics.windows import TimedCount

_ALPHA: Final = 0.01
_PER_MINUTE: Final = 4
_BEFORE_LOOKS: Final = 240
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


def count_rows(runs: int, *, seed: int) -> list[Row]:
    """Measure both ways with 4 events a minute, and with 10 times as many."""
    found = []
    for name, counted in (("against a known rate", False), ("against the hour before", True)):
        held = sum(look is not None for look in _alarms(runs, ratio=1, counted=counted, seed=seed)) / runs
        found.append(_row(f"releases held although nothing is wrong: counts {name}", f"{held:.2%}", runs, seed, kept=held <= _ALPHA, wanted="at most 1 %"))
        for ratio in (3, 10):
            late = [inf if look is None else float(look * SCRAPE_SECONDS) for look in _alarms(runs, ratio=ratio, counted=counted, seed=seed)]
            found.append(_row(f"from the first bad window to the hold: counts {name}, ratio {ratio}", f"median {median(late):.0f} s", runs, seed))
    return found


def _row(what: str, measured: str, runs: int, seed: int, *, wanted: str = "a number", kept: bool | None = None) -> Row:
    on = f"{runs} releases of one gate, {_PER_MINUTE} events a minute, looked at {LOOKS} times in 30 min; seed {seed}"
    return Row(what=what, wanted=wanted, measured=measured, measured_on=on, kept=kept)


def _alarms(runs: int, *, ratio: float, counted: bool, seed: int) -> list[int | None]:
    """Return, for each release, after how many windows it is held."""
    random = np.random.default_rng(seed)
    per_window = _PER_MINUTE * SCRAPE_SECONDS / 60
    found: list[int | None] = []
    for _ in range(runs):
        before = _windows(random.poisson(per_window, _BEFORE_LOOKS).tolist(), start=_START - timedelta(seconds=SCRAPE_SECONDS * _BEFORE_LOOKS))
        against: KnownRate | RateBefore = rate_before(before) if counted else KnownRate(per_window / SCRAPE_SECONDS)
        reading = judge_rate(_windows(random.poisson(per_window * ratio, LOOKS).tolist(), start=_START), against=against, alpha=_ALPHA)
        found.append(reading.windows if reading.verdict is Verdict.WORSE else None)
    return found


def _windows(events: list[int], *, start: datetime) -> list[TimedCount]:
    return [
        TimedCount(at=start + timedelta(seconds=SCRAPE_SECONDS * (number + 1)), events=float(count), seconds=float(SCRAPE_SECONDS))
        for number, count in enumerate(events)
    ]
