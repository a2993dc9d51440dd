"""Counts without a second arm: dead letters, restarts, a lag. Is the rate higher than it was?

Against a known rate the alternatives are all the higher ones, weighed by a Gamma distribution, which has a closed form (Robbins 1970; Lindon &
Malek 2022). Where the rate before is itself only counted, before and after are two arms: of n events, T/(T + T0) are expected after.
Both are weaker than a comparison of pods at the same time: whatever else changed since then counts too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p, sqrt
from typing import Final

from saferollout.core.statistics.counting_windows import has_time, in_order
from saferollout.core.statistics.dispersion import LEAST_EVENTS, LEAST_WINDOWS, STANDARD_ERRORS, Unmeasured
from saferollout.core.statistics.evidence import RATIOS
from saferollout.core.statistics.incomplete_gamma import log_upper_gamma
from saferollout.core.statistics.windows import Interval, TimedCount

_SHAPE: Final = 1.0
_EXPECTED_RATIO: Final = 4.0
"""What a rate that has become worse is expected to be, as a multiple of the known one; the distribution is wide."""

_RATIOS: Final = tuple((ratio, log(ratio), log(weight)) for ratio, weight in RATIOS)

_MEASURED_TOLERANCE: Final = 1.2
_PLAIN_TOLERANCE: Final = 2.0


@dataclass(frozen=True, slots=True)
class KnownRate:
    """Events for each second that are all right: what a person or a long history says. Not above 0: ValueError.

    Against "never" one event is proof, and no test is needed.
    """

    rate: float
    phi: float | Unmeasured = Unmeasured.NOT_WANTED
    tolerance: float = 1.0

    def __post_init__(self) -> None:
        if not self.rate > 0:
            raise ValueError(f"a known rate must be above 0, not {self.rate}")

    def log_worse(self, events: float, seconds: float) -> float:
        """Return the log evidence that the rate is higher."""
        return log_gamma_mixture(events, seconds, rate=self.rate)

    def log_worse_at_most(self, excess: float, seconds: float) -> float:
        """Return what the log evidence can't exceed in so many seconds or more, with so many events more than expected.

        It is that of the likeliest rate; the same excess says less the longer it took.
        """
        if excess <= 0:
            return 0.0
        expected = self.rate * seconds
        return (expected + excess) * log1p(excess / expected) - excess

    def log_close(self, events: float, seconds: float, *, ratio: float) -> float:
        """Return the log evidence that the rate is less than `ratio` times as high."""
        return self.rate * seconds * (ratio - 1) - events * log(ratio)


@dataclass(frozen=True, slots=True)
class RateBefore:
    """What was counted before the release, as one arm. `phi`: how far windows scatter (variance over mean), or why that is not known.

    `tolerates`: so many times as many are no trouble, where that is more than the tolerance is anyhow.
    """

    events: float
    seconds: float
    phi: float | Unmeasured
    tolerates: float = 1.0

    @property
    def rate(self) -> float:
        """Return events for each second."""
        return self.events / self.seconds if self.seconds > 0 else 0.0

    @property
    def tolerance(self) -> float:
        """Return by what the rate may grow without being called worse."""
        return max(self.tolerates, _PLAIN_TOLERANCE if isinstance(self.phi, Unmeasured) else _MEASURED_TOLERANCE)

    def log_worse(self, events: float, seconds: float) -> float:
        """Return the log evidence that the rate is higher than before; none without a before."""
        if self.seconds <= 0:
            return 0.0
        share = self._share(seconds, self.tolerance)
        every = events + self.events
        terms = [log_weight + events * log_ratio - every * log1p(share * (ratio - 1)) for ratio, log_ratio, log_weight in _RATIOS]
        highest = max(terms)
        return (highest + log(sum(exp(term - highest) for term in terms))) / self._divisor

    def log_worse_at_most(self, excess: float, seconds: float) -> float:
        """Return what the log evidence can't exceed in so many seconds or more, with so many events more than tolerated.

        It is that of the likeliest ratio; the same excess says less the longer it took.
        """
        if excess <= 0 or self.seconds <= 0:
            return 0.0
        share = self._share(seconds, self.tolerance)
        events = self.rate * self.tolerance * seconds + excess
        every = events + self.events
        seen = self.events * log(self.events / (every * (1 - share))) if self.events else 0.0
        return (events * log(events / (every * share)) + seen) / self._divisor

    def log_close(self, events: float, seconds: float, *, ratio: float) -> float:
        """Return the log evidence that the rate is less than `ratio` times as high as before."""
        if self.seconds <= 0:
            return 0.0
        every = events + self.events
        return (every * log1p(self._share(seconds, 1.0) * (ratio - 1)) - events * log(ratio)) / self._divisor

    def _share(self, seconds: float, tolerance: float) -> float:
        """Return which share of all events comes after where the rate has grown as much as is tolerated."""
        return seconds * tolerance / (seconds * tolerance + self.seconds)

    @property
    def _divisor(self) -> float:
        return 1.0 if isinstance(self.phi, Unmeasured) else self.phi


def rate_before(windows: Sequence[TimedCount], *, without: Sequence[Interval] = ()) -> RateBefore:
    """Add up the windows before the release, and measure how far they scatter: 1 where events come one by one, more in bursts."""
    counted = [window for window in in_order(windows, without=without) if has_time(window)]
    events, seconds = sum(window.events for window in counted), sum(window.seconds for window in counted)
    if len(counted) < LEAST_WINDOWS:
        return RateBefore(events=events, seconds=seconds, phi=Unmeasured.NO_BASELINE)
    if events < LEAST_EVENTS:
        return RateBefore(events=events, seconds=seconds, phi=Unmeasured.FEW_EVENTS)
    rate = events / seconds
    squared = [(window.events - rate * window.seconds) ** 2 / (rate * window.seconds) for window in counted]
    mean = sum(squared) / (len(squared) - 1)
    error = sqrt(sum((value - mean) ** 2 for value in squared)) / len(squared)
    return RateBefore(events=events, seconds=seconds, phi=max(1.0, mean + STANDARD_ERRORS * error))


def log_gamma_mixture(events: float, seconds: float, *, rate: float) -> float:
    """Return the log evidence that a rate is above `rate`, the higher ones weighed by a Gamma distribution cut off below it."""
    a, b = _SHAPE, _SHAPE / (_EXPECTED_RATIO * rate)
    mixed = a * log(b) + lgamma(a + events) - lgamma(a) - (a + events) * log(b + seconds)
    one_sided = log_upper_gamma(a + events, (b + seconds) * rate) - log_upper_gamma(a, b * rate)
    return mixed + rate * seconds - events * log(rate) + one_sided
