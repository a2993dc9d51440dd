"""Evidence that one arm is worse than the other, looked at after every window.

With k bad events in a window, and the share q of all requests in the arm that is under suspicion, equal rates mean that each event falls into
that arm with chance q, however high the common rate is: a shared outage cancels out. If the arm is r times as bad, the chance is
qr/(1 - q + qr). The likelihood ratio of the two, multiplied over windows, averaged over several r and over the window that the trouble began
in, is an e-process: where the arms are equal, the chance that it ever reaches 1/alpha is at most alpha (Ville's inequality).

Sources: Lindon & Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022 (counts); Shin, Ramdas & Rinaldo, E-detectors, 2023
(changes in the middle); Wedderburn, Biometrika 1974 (dividing a log-likelihood by the dispersion).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p
from operator import mul
from typing import Final

from saferollout.core.statistics.high_shares import has_high_share, log_odds_ratios
from saferollout.core.statistics.windows import Window

RATIOS: Final = ((1.1, 0.03), (1.25, 0.05), (1.5, 0.12), (2.0, 0.2), (3.0, 0.25), (5.0, 0.2), (10.0, 0.1), (30.0, 0.05))
"""Each r beyond what is tolerated, with its weight; found in the simulation (`python -m bench detect`)."""

ONE_WINDOW: Final = 0.7
"""What share of an alarm's log evidence one window may bring: a single odd scrape must not be enough."""

_JUST_RATIOS: Final = tuple(ratio for ratio, _ in RATIOS)
_WITH_LOGS: Final = tuple((ratio, log(ratio)) for ratio in _JUST_RATIOS)
_WEIGHTS: Final = tuple(weight for _, weight in RATIOS)
_NO_GAINS: Final = (0.0,) * len(RATIOS)

_AT_START: Final = 0.9
_SPREAD_OUT: Final = 60


@dataclass(frozen=True, slots=True)
class Trace:
    """How evidence went: the highest, the window of the alarm, and the window in which the trouble most likely began."""

    highest: float
    alarm: int | None
    onset: int


def onset_weight(window: int) -> float:
    """Return the weight of trouble that begins in this window: nine tenths with the first, the rest slowly falling; all together 1."""
    if window == 0:
        return _AT_START
    return (1 - _AT_START) * _SPREAD_OUT / ((window + _SPREAD_OUT - 1) * (window + _SPREAD_OUT))


def swapped(window: Window) -> Window:
    """Return the window with the arms changed over, to ask whether the old one is worse."""
    return window.once("swapped", None, lambda: _swapped(window))


def _swapped(window: Window) -> Window:
    return Window(
        at=window.at,
        new_events=window.old_events,
        new_total=window.old_total,
        old_events=window.new_events,
        old_total=window.new_total,
    )


def log_likelihood_ratio(window: Window, *, ratio: float, tolerance: float) -> float:
    """Return how much better "the new arm is tolerance * ratio times as bad" explains the window than "tolerance times"."""
    k = window.new_events + window.old_events
    return window.new_events * log(ratio) - k * log1p(_tolerated_share(window, tolerance) * (ratio - 1))


def log_likelihood_ratios(window: Window, *, tolerance: float, proportion: bool) -> Sequence[float]:
    """Return it for each of RATIOS; `proportion`: events are a part of the total, which counts where they are a large one."""
    new, k = window.new_events, window.new_events + window.old_events
    if k == 0:
        return _NO_GAINS
    if proportion and has_high_share(window):
        return log_odds_ratios(window, ratios=_JUST_RATIOS, tolerance=tolerance)
    share = _tolerated_share(window, tolerance)
    return [new * log_ratio - k * log1p(share * (ratio - 1)) for ratio, log_ratio in _WITH_LOGS]


def _tolerated_share(window: Window, tolerance: float) -> float:
    tolerated = window.new_total * tolerance
    return tolerated / (tolerated + window.old_total)


def trace(windows: Sequence[Window], spreads: Sequence[float], *, tolerance: float, wanted: float, proportion: bool = True) -> Trace:
    """Follow the evidence against the new arm up to the alarm, which comes when it reaches `wanted`; later windows change nothing.

    `spreads`: what each window's log evidence is divided by; both arms must have requests in every window. An arm without one bad event has no evidence
    against it.
    """
    if not any(window.new_events for window in windows):
        return Trace(highest=0.0, alarm=None, onset=0)
    cap = ONE_WINDOW * log(wanted)
    sums = [0.0] * len(RATIOS)
    rises = [(0.0, 0)] * len(RATIOS)
    highest, best = 0.0, 0
    for number, (window, spread) in enumerate(zip(windows, spreads, strict=True)):
        begins = onset_weight(number)
        gains, factors = _gains(window, spread, cap=cap, tolerance=tolerance, proportion=proportion)
        sums = [(known + begins) * factor for known, factor in zip(sums, factors, strict=True)]
        rises = [(rise + gain, since) if rise > 0 else (gain, number) for (rise, since), gain in zip(rises, gains, strict=True)]
        evidence = sum(map(mul, _WEIGHTS, sums))
        if evidence > highest:
            highest, best = evidence, _onset(rises)
        if evidence >= wanted:
            return Trace(highest=evidence, alarm=number, onset=best)
    return Trace(highest=highest, alarm=None, onset=best)


def _gains(window: Window, spread: float, *, cap: float, tolerance: float, proportion: bool) -> tuple[list[float], list[float]]:
    """Return by how much the log evidence for each of RATIOS grows with this window, and by how many times the evidence."""

    def work() -> tuple[list[float], list[float]]:
        ratios = window.once("ratios", (tolerance, proportion), lambda: log_likelihood_ratios(window, tolerance=tolerance, proportion=proportion))
        gains = [min(cap, log_ratio / spread) for log_ratio in ratios]
        return gains, [exp(gain) for gain in gains]

    return window.once("gains", (spread, cap, tolerance, proportion), work)


def _onset(rises: Sequence[tuple[float, int]]) -> int:
    """Return where the steepest rise began: the likeliest place of the change (Page's CUSUM, Biometrika 1954)."""
    return max(rises)[1]
