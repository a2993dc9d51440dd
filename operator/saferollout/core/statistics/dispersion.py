"""How far apart pods of one revision are: the overdispersion phi, by which evidence against a new revision is divided.

Pods of the same revision are split into two pseudo-arms, and their counts compared as if one of them were new. With k bad events, of which
`a` in a pseudo-arm that has the share q of all requests, (a - kq)^2 / (kq(1 - q)) is 1 on average where errors come one by one (Pearson's
dispersion, McCullagh & Nelder, Generalized Linear Models, 1989, section 4.5), and more where they come in bursts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from math import sqrt
from typing import Final

from saferollout.core.statistics.counting_windows import has_both_arms, in_order
from saferollout.core.statistics.windows import Interval, PodCounts, Window

LEAST_EVENTS: Final = 20
"""Bad events that the baseline needs: with fewer, phi would be made of chance."""

LEAST_WINDOWS: Final = 10

_SMALL_ARM: Final = 0.2
_BASELINE_WEIGHT: Final = 40
"""For how many windows the baseline counts at most once the release runs: a longer one is more exact, and must not drown what is new."""

STANDARD_ERRORS: Final = 1.0
_HEAVY: Final = 4.0
_LEAST_EXCESS: Final = 0.15
_LEAST_SPREAD: Final = 0.05

Look = tuple[Window, ...]
"""One window of pods of one revision, split in several ways: each Window is one split, its `new` arm the smaller pseudo-arm."""


class Unmeasured(StrEnum):
    """Why phi is not known."""

    NOT_WANTED = "not asked for"
    NO_BASELINE = "too little history from before the release"
    FEW_PODS = "fewer than 2 pods to compare with one another"
    FEW_EVENTS = "too few bad events before the release"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the windows before the release say of v, the squared distance of pseudo-arms, and of the load it was measured at.

    `load` is k q (1 - q): how much one window can tell.
    """

    windows: int
    mean: float
    mean_square: float
    load: float


def splits(counts: PodCounts) -> Look:
    """Split the pods about 20 to 80, once for each pod's turn in the small arm; pods that did nothing take no part.

    Fewer than 2 pods: no splits. The mean over all of them is steadier than what one split says.
    """
    return counts.once("splits", None, lambda: _splits(counts))


def measure_baseline(looks: Sequence[PodCounts], *, proportion: bool, without: Sequence[Interval] = ()) -> Baseline | Unmeasured:
    """Measure v over the windows before the release, or say why it can't be."""
    ordered = in_order(looks, without=without)
    if len(ordered) < LEAST_WINDOWS:
        return Unmeasured.NO_BASELINE
    events = [look.once("busy events", None, partial(_busy_events, look)) for look in ordered]
    if all(one is None for one in events):
        return Unmeasured.FEW_PODS
    if sum(one for one in events if one is not None) < LEAST_EVENTS:
        return Unmeasured.FEW_EVENTS
    values = [v for look in ordered if (v := _distance(look, proportion=proportion)) is not None]
    if len(values) < LEAST_WINDOWS:
        return Unmeasured.FEW_EVENTS
    loads = [load for look in ordered for load in _loads(look)]
    return Baseline(
        windows=len(values),
        mean=sum(values) / len(values),
        mean_square=sum(v * v for v in values) / len(values),
        load=sum(loads) / len(loads),
    )


def distance_of(counts: PodCounts, *, proportion: bool) -> float | None:
    """Return v of one window; None where no bad event happened or nothing can be compared."""
    happened = any(bad for bad, _ in counts.pods.values())
    return _distance(counts, proportion=proportion) if happened else None


def squared_distance(look: Look, *, proportion: bool) -> float | None:
    """Return v, averaged over the splits; None where no bad event happened or nothing can be compared."""
    values = [_squared(window, proportion=proportion) for window in look if has_both_arms(window) and _load(window) > 0]
    return sum(values) / len(values) if values else None


class Dispersion:
    """Phi as it is known while a release goes on: from the baseline and the looks so far, never below 1 and never falling."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._weight = min(baseline.windows, _BASELINE_WEIGHT)
        self._count, self._sum, self._squares = 0, 0.0, 0.0
        self.phi = 1.0
        self._raise()

    def learn(self, v: float) -> None:
        """Take in what one more window of old pods says."""
        self._count, self._sum, self._squares = self._count + 1, self._sum + v, self._squares + v * v
        self._raise()

    def spread(self, window: Window) -> float:
        """Return what this window's evidence has to be divided by.

        In a window with far more bad events than phi was measured on, bursts weigh more than phi says: relative differences between pods
        stay, chance averages out. So the excess over 1 grows with the load from four times the baseline's on.
        """
        excess = self.phi - 1
        heaviness = _load(window) / (_HEAVY * self._baseline.load)
        return 1 + (excess if heaviness <= 1 else max(excess, _LEAST_EXCESS) * heaviness)

    def _raise(self) -> None:
        weight = self._weight + self._count
        mean = (self._weight * self._baseline.mean + self._sum) / weight
        mean_square = (self._weight * self._baseline.mean_square + self._squares) / weight
        error = sqrt(max(0.0, mean_square - mean * mean) / (self._baseline.windows + self._count))
        self.phi = max(self.phi, mean + STANDARD_ERRORS * error)


def left_to_chance(window: Window, *, proportion: bool) -> float:
    """Return by how much less than counts the shares of a whole can differ: with k bad of m requests, 1 - k/m.

    For bad requests among all, k given, the new arm's are hypergeometric and not binomial. For counts over anything else (seconds, say): 1.
    """
    if not proportion or window.new_events > window.new_total or window.old_events > window.old_total:
        return 1.0
    return max(_LEAST_SPREAD, 1 - (window.new_events + window.old_events) / (window.new_total + window.old_total))


def _distance(counts: PodCounts, *, proportion: bool) -> float | None:
    return counts.once("distance", proportion, lambda: squared_distance(splits(counts), proportion=proportion))


def _loads(counts: PodCounts) -> tuple[float, ...]:
    return counts.once("loads", None, lambda: tuple(_load(window) for window in splits(counts)))


def _busy_events(counts: PodCounts) -> float | None:
    """Return the bad events of pods that did anything; None where they can't be compared with one another."""
    busy = _busy(counts)
    return sum(pair[0] for pair in busy) if len(busy) > 1 else None


def _busy(counts: PodCounts) -> list[tuple[float, float]]:
    """Return what the pods did that did anything, in the order of their names."""
    return [pair for _, pair in sorted(counts.pods.items()) if pair[1] > 0]


def _splits(counts: PodCounts) -> Look:
    busy = _busy(counts)
    if len(busy) < 2:
        return ()
    size = max(1, round(len(busy) * _SMALL_ARM))
    events, total = sum(pair[0] for pair in busy), sum(pair[1] for pair in busy)
    starts = range(0, len(busy) - size + 1, size) if len(busy) > 2 else (0,)  # two pods: the other way round says the same
    return tuple(_split(counts, busy[start : start + size], events=events, total=total) for start in starts)


def _split(counts: PodCounts, small: Sequence[tuple[float, float]], *, events: float, total: float) -> Window:
    """Return the small arm against the rest of all."""
    bad, requests = sum(pair[0] for pair in small), sum(pair[1] for pair in small)
    return Window(at=counts.at, new_events=bad, new_total=requests, old_events=events - bad, old_total=total - requests)


def _squared(window: Window, *, proportion: bool) -> float:
    k = window.new_events + window.old_events
    expected = k * window.new_total / (window.new_total + window.old_total)
    return (window.new_events - expected) ** 2 / (_load(window) * left_to_chance(window, proportion=proportion))


def _load(window: Window) -> float:
    k, total = window.new_events + window.old_events, window.new_total + window.old_total
    return k * window.new_total * window.old_total / (total * total)
