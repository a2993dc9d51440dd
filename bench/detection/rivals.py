"""What the test is compared with: the bound that no test beats, and the rule that other tools use."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.detection.traffic import NEW_SHARE, REQUESTS_PER_SECOND, SCRAPE_SECONDS, Counts, Played, Rates

_NEW_REQUESTS: Final = REQUESTS_PER_SECOND * SCRAPE_SECONDS * NEW_SHARE
_OLD_REQUESTS: Final = REQUESTS_PER_SECOND * SCRAPE_SECONDS * (1 - NEW_SHARE)


def wald_seconds(ratio: float, *, alpha: float, base: float) -> float:
    """Return the mean time that any test of level alpha and power 1 needs at least, in clean traffic: ln(1/alpha)/KL errors (Wald 1945).

    The test it bounds knows the ratio beforehand, tolerates nothing and looks all the time, not every 15 seconds.
    """
    q = NEW_SHARE
    p = q * ratio / (1 - q + q * ratio)
    divergence = p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
    errors_per_second = REQUESTS_PER_SECOND * base * (1 - q + q * ratio)
    return log(1 / alpha) / divergence / errors_per_second


@dataclass(frozen=True, slots=True)
class Threshold:
    """The rule of other tools: more than `failure_limit` measurements of the new pods' rate above a limit."""

    limit: float
    failure_limit: int

    def __call__(self, played: Played) -> int | None:
        """Return the look of the failure."""
        return _first(np.cumsum(played.new / _NEW_REQUESTS > self.limit) > self.failure_limit)


@dataclass(frozen=True, slots=True)
class BernoulliBlocks:
    """The blocks of Turner, Ly & Grünwald (JSPI 2024): rates learned from past windows, nothing tolerated, no overdispersion.

    Only what says that the new pods are the worse ones counts.
    """

    alpha: float

    def __call__(self, played: Played) -> int | None:
        """Return the look of the alarm."""
        new_before = np.concatenate([[0], np.cumsum(played.new)[:-1]])
        old_before = np.concatenate([[0], np.cumsum(played.old)[:-1]])
        looks = np.arange(len(played.new))
        new = (new_before + 0.5) / (looks * _NEW_REQUESTS + 1)
        old = (old_before + 0.5) / (looks * _OLD_REQUESTS + 1)
        together = (new * _NEW_REQUESTS + old * _OLD_REQUESTS) / (_NEW_REQUESTS + _OLD_REQUESTS)
        gains = _log_chance(played.new, _NEW_REQUESTS, new, together) + _log_chance(played.old, _OLD_REQUESTS, old, together)
        gains[new <= old] = 0
        return _first(np.cumsum(gains) >= log(1 / self.alpha))


def _log_chance(events: Counts, requests: float, supposed: Rates, equal: Rates) -> Rates:
    gains: Rates = events * np.log(supposed / equal) + (requests - events) * np.log((1 - supposed) / (1 - equal))
    return gains


def _first(hits: NDArray[np.bool_]) -> int | None:
    return int(hits.argmax()) if hits.any() else None
