"""Counts of a world, pod by pod and look by look, with noise from a seeded source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from bench.diagnosis.shop import COUNTERS, OF_THE_TOPIC, PODS, TOPIC, Counter
from bench.diagnosis.worlds import Moment, World
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import PodCounts

BEGIN: Final = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
EVERY: Final = timedelta(seconds=15)
BASELINE: Final = 40
_LEAST: Final = 5.0
"""What is rare is no more jittery, in proportion, than this allows: else a counter would be 0 for hours and then burst."""
_MOST: Final = 0.98

Name = tuple[Symptom, str]


@dataclass(frozen=True, slots=True)
class Look:
    """What was counted between two looks: each counter by pod, and how many requests came to each workload."""

    counts: Mapping[Name, PodCounts]
    requests: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Counting:
    """Lets the counters of a world grow."""

    world: World
    random: np.random.Generator

    def before(self) -> list[Look]:
        """Count the looks of a quiet time before the release."""
        return [self._look(number - BASELINE + 1, None, 0.0) for number in range(BASELINE)]

    def look(self, window: int, share: float) -> Look:
        """Count one look of the release, in which this share of the pods of the workload that rolls is new."""
        return self._look(window + 1, window, share)

    def _look(self, number: int, window: int | None, share: float) -> Look:
        at, world = BEGIN + number * EVERY, self.world
        load = world.quiet.requests * EVERY.total_seconds() * (1.0 if window is None else world.traffic(window)) * self.random.uniform(0.9, 1.1)
        counts: dict[Name, PodCounts] = {}
        requests: dict[str, float] = {}
        for workload, counters in COUNTERS.items():
            new = round(PODS * share) if workload == world.quiet.rolls else 0
            came = self.random.poisson(load / PODS, PODS).astype(np.float64)
            requests[workload] = float(came.sum())
            for symptom, counter in counters.items():
                bad = [self._bad((symptom, workload), counter, window, new=pod < new if new else None, share=share) for pod in range(PODS)]
                counts[symptom, workload] = PodCounts(at=at, pods=dict(zip(_pods(new), self._grown(counter, np.array(bad), came), strict=True)))
        for symptom, counter in OF_THE_TOPIC.items():
            bad_of_all = np.array([self._bad((symptom, TOPIC), counter, window, new=None, share=share)])
            counts[symptom, TOPIC] = PodCounts(at=at, pods=dict(zip(("",), self._grown(counter, bad_of_all, np.array([load])), strict=True)))
        return Look(counts=counts, requests=requests)

    def _bad(self, name: Name, counter: Counter, window: int | None, *, new: bool | None, share: float) -> float:
        effect = self.world.effects.get(name) if window is not None else None
        if effect is None or window is None:
            return counter.share
        rolls = name[1] == self.world.quiet.rolls
        return min(_MOST, counter.share + effect(Moment(window, name[1], bool(new) if rolls else None, share)))

    def _grown(self, counter: Counter, bad: np.typing.NDArray[np.float64], requests: np.typing.NDArray[np.float64]) -> Iterator[tuple[float, float]]:
        """Draw (bad, all) for each pod: the rates of real services are not constant, so each is disturbed by a Beta distribution."""
        totals = np.ones_like(requests, dtype=np.int64) if counter.looks else np.round(requests * counter.each).astype(np.int64)
        precision = np.maximum(self.world.quiet.precision, _LEAST / bad)
        events = self.random.binomial(totals, self.random.beta(bad * precision, (1 - bad) * precision))
        yield from zip(events.astype(float).tolist(), totals.astype(float).tolist(), strict=True)


def is_new(pod: str) -> bool:
    """Tell new pods from old ones."""
    return pod.startswith("new")


def is_old(pod: str) -> bool:
    """Tell old pods from new ones."""
    return not is_new(pod)


def _pods(new: int) -> Iterator[str]:
    return (f"{'new' if pod < new else 'old'}-{pod}" for pod in range(PODS))
