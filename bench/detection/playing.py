"""Play many releases, on all cores, and note at which look each rule would have held them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import inf
from typing import Final

from bench.detection.traffic import SCRAPE_SECONDS, Played, Traffic
from bench.table import median, quantile
from saferollout.core.statistics.judge import Alarm, judge
from saferollout.core.statistics.readings import Verdict

ALPHA: Final = 0.01
GATES: Final = 5

_CHUNK: Final = 200

Rule = Callable[[Played], int | None]
"""Returns the number of the look at which the release would be held, None where it would not; can be sent to another process."""


@dataclass(frozen=True, slots=True)
class OwnRule:
    """The operator's own test, for one gate of five."""

    plain: bool = False
    proportion: bool = True

    def __call__(self, played: Played) -> int | None:
        """Judge all windows at once, which gives the first alarm just as looking after each would."""
        alarm = Alarm(alpha=ALPHA, gates=GATES, plain=self.plain, proportion=self.proportion)
        reading = judge(played.windows, baseline=played.baseline, during=played.during, alarm=alarm)
        return reading.windows - 1 if reading.verdict is Verdict.WORSE else None


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from the first bad sample, counted as one scrape, to the hold; infinite where it never came. `early`: held before it."""

    seconds: list[float]
    early: int

    @property
    def median(self) -> float:
        """Return the middle delay."""
        return median(self.seconds)

    def __str__(self) -> str:
        """Say the median and the time that 95 % stay under."""
        return f"{_seconds(self.median)} (95 %: {_seconds(quantile(self.seconds, 0.95))})"


def false_alarms(traffic: Traffic, rules: Sequence[Rule], *, releases: int, seed: int) -> list[float]:
    """Return for each rule the share of releases in which at least one of five gates, each with traffic of its own, alarms for nothing."""
    held = [[look is not None for look in looks] for looks in _looks(traffic, rules, runs=releases * GATES, seed=seed)]
    return [sum(any(alarms[first : first + GATES]) for first in range(0, len(alarms), GATES)) / releases for alarms in held]


def delays(traffic: Traffic, rules: Sequence[Rule], *, runs: int, seed: int) -> list[Delays]:
    """Return for each rule how long one gate takes to see what is wrong."""
    return [_delays(looks, onset=traffic.onset) for looks in _looks(traffic, rules, runs=runs, seed=seed)]


def _delays(looks: Sequence[int | None], *, onset: int) -> Delays:
    late = [inf if look is None else float((look - onset + 1) * SCRAPE_SECONDS) for look in looks if look is None or look >= onset]
    return Delays(seconds=late, early=len(looks) - len(late))


def _looks(traffic: Traffic, rules: Sequence[Rule], *, runs: int, seed: int) -> list[list[int | None]]:
    """Return the look of every run for each rule; the same whatever the number of cores, since each chunk has a seed of its own."""
    chunks = [(traffic, tuple(rules), min(_CHUNK, runs - first), seed + first) for first in range(0, runs, _CHUNK)]
    if len(chunks) == 1:
        return _play_chunk(chunks[0])
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        played = list(pool.map(_play_chunk, chunks))
    return [[look for chunk in played for look in chunk[rule]] for rule in range(len(rules))]


def _play_chunk(chunk: tuple[Traffic, tuple[Rule, ...], int, int]) -> list[list[int | None]]:
    traffic, rules, runs, seed = chunk
    found = [[rule(played) for rule in rules] for played in traffic.play(runs, seed=seed)]
    return [[looks[rule] for looks in found] for rule in range(len(rules))]


def _seconds(value: float) -> str:
    return "never" if value == inf else f"{value:.0f} s"
