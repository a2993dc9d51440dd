"""Simulated traffic of a release: bad requests of new and old pods, window by window, before and after it began.

The operator's own code judges it; NumPy only throws the dice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from saferollout.core.statistics.windows import PodCounts, Window

SCRAPE_SECONDS: Final = 15
LOOKS: Final = 120
BASELINE_LOOKS: Final = 120
REQUESTS_PER_SECOND: Final = 50
NEW_SHARE: Final = 0.2

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_INSTANTS: Final = tuple(_START + timedelta(seconds=SCRAPE_SECONDS * (number + 1)) for number in range(LOOKS))
_BASELINE_INSTANTS: Final = tuple(_START - timedelta(seconds=SCRAPE_SECONDS * number) for number in range(BASELINE_LOOKS, 0, -1))
_HIGHEST_RATE: Final = 0.95

Rates = NDArray[np.float64]
Counts = NDArray[np.int64]


class Bursts(Enum):
    """How the rate of each arm is disturbed in each window, apart from the other's."""

    NONE = "clean"
    BETA_200 = "Beta precision 200"
    GAMMA_HALF = "relative bursts (Gamma, squared variation 0.5)"

    def disturb(self, rates: Rates, random: np.random.Generator) -> Rates:
        """Return the rates of each window."""
        if self is Bursts.BETA_200:
            return random.beta(rates * 200, (1 - rates) * 200)
        if self is Bursts.GAMMA_HALF:
            return np.minimum(_HIGHEST_RATE, rates * random.gamma(2.0, 0.5, size=rates.shape))
        return rates


@dataclass(frozen=True, slots=True)
class Traffic:
    """One kind of release. `ratio`: new over old from the look `onset` on; `outage`: looks in which both arms have 40 times the errors."""

    bursts: Bursts = Bursts.NONE
    bursts_before: Bursts | None = None
    ratio: float = 1.0
    onset: int = 0
    outage: range = range(0)
    base: float = 0.01

    def play(self, runs: int, *, seed: int) -> Iterator[Played]:
        """Play so many releases, one after the other."""
        random = np.random.default_rng(seed)
        for _ in range(runs):
            yield self._play_one(random)

    def _play_one(self, random: np.random.Generator) -> Played:
        requests = REQUESTS_PER_SECOND * SCRAPE_SECONDS
        new, old = round(requests * NEW_SHARE), requests - round(requests * NEW_SHARE)
        before = self._drifting(BASELINE_LOOKS, random)
        during = self._drifting(LOOKS, random)
        during[list(self.outage)] *= 40
        worse = during.copy()
        worse[self.onset :] *= self.ratio
        calm = self.bursts if self.bursts_before is None else self.bursts_before
        old_events = _draw(old, during, self.bursts, random)
        new_events = _draw(new, worse, self.bursts, random)
        # Old pods among themselves: as far apart as the arms are, since nobody knows pods that are steadier than that.
        small, large = round(old * NEW_SHARE), old - round(old * NEW_SHARE)
        return Played(
            new=new_events,
            old=old_events,
            windows=[
                Window(at=at, new_events=float(bad_new), new_total=new, old_events=float(bad_old), old_total=old)
                for at, bad_new, bad_old in zip(_INSTANTS, new_events.tolist(), old_events.tolist(), strict=True)
            ],
            during=_pods(_INSTANTS, (small, large), during, self.bursts, random),
            baseline=_pods(_BASELINE_INSTANTS, (new, old), before, calm, random),
        )

    def _drifting(self, looks: int, random: np.random.Generator) -> Rates:
        """Return the common rate, which goes up and down by a half in 20 minutes."""
        waves = np.sin(2 * np.pi * (np.arange(looks) / 80 + random.random()))
        swing = 0.5 if self.base < 0.1 else 0.1
        return np.asarray(self.base * (1 + swing * waves), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Played:
    """What was counted in one release."""

    new: Counts
    old: Counts
    windows: list[Window]
    during: list[PodCounts]
    baseline: list[PodCounts]


def _draw(requests: int, rates: Rates, bursts: Bursts, random: np.random.Generator) -> Counts:
    return np.asarray(random.binomial(requests, bursts.disturb(np.minimum(_HIGHEST_RATE, rates), random)), dtype=np.int64)


def _pods(
    instants: tuple[datetime, ...], sizes: tuple[int, int], rates: Rates, bursts: Bursts, random: np.random.Generator
) -> list[PodCounts]:
    """Return two groups of pods of one revision, each disturbed like an arm."""
    small, large = (_draw(size, rates, bursts, random).tolist() for size in sizes)
    return [
        PodCounts(at=at, pods={"small": (float(few), float(sizes[0])), "large": (float(many), float(sizes[1]))})
        for at, few, many in zip(instants, small, large, strict=True)
    ]
