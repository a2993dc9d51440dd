"""The likelihood ratio where bad events are no small part of all: cache misses, requests over a latency.

Of m requests, k are bad. Which of them fell into the new arm is no longer k throws of a coin, because nobody can miss more often than they ask: it
is Fisher's noncentral hypergeometric distribution, whose odds ratio is 1 where the arms are equal (Fisher 1935; Liao & Rosen, The American
Statistician 2001, for its mode). The coin would do no harm, since it scatters more, but it sees less.
"""

from math import lgamma, log, sqrt
from typing import Final

from saferollout.core.statistics.windows import Window

_FROM: Final = 0.1
_NEGLIGIBLE: Final = 1e-17


def has_high_share(window: Window) -> bool:
    """Tell whether a tenth of all requests or more was bad, in whole numbers of requests."""
    k, total = window.new_events + window.old_events, window.new_total + window.old_total
    return k >= _FROM * total and k < total and window.new_events <= window.new_total and window.old_events <= window.old_total


def log_odds_ratios(window: Window, *, ratios: tuple[float, ...], tolerance: float) -> list[float]:
    """Return, for each ratio, how much better odds that are so many times as high explain the window than those that are tolerated.

    `tolerance` is one of rates; at the window's common rate it gives the odds.
    """
    new, old = round(window.new_total), round(window.old_total)
    k = min(round(window.new_events + window.old_events), new + old)
    tolerated = _odds_ratio(k / (new + old), new / (new + old), tolerance)
    base = _log_sum(new, old, k, tolerated)
    return [window.new_events * log(ratio) + base - _log_sum(new, old, k, tolerated * ratio) for ratio in ratios]


def _odds_ratio(rate: float, share: float, tolerance: float) -> float:
    old = rate / (1 - share + share * tolerance)
    new = min(old * tolerance, (1 + old) / 2)
    return new * (1 - old) / (old * (1 - new))


def _log_sum(new: int, old: int, k: int, odds: float) -> float:
    """Return the log of the sum over j of C(new, j) C(old, k - j) odds^j, added up from its largest term outwards."""
    lowest, highest = max(0, k - old), min(k, new)
    mode = min(max(_mode(new, old, k, odds), lowest), highest)
    total = term = 1.0
    for j in range(mode, highest):
        term *= (new - j) * (k - j) / ((j + 1) * (old - k + j + 1)) * odds
        total += term
        if term < _NEGLIGIBLE:
            break
    term = 1.0
    for j in range(mode, lowest, -1):
        term *= j * (old - k + j) / ((new - j + 1) * (k - j + 1)) / odds
        total += term
        if term < _NEGLIGIBLE:
            break
    return _log_choose(new, mode) + _log_choose(old, k - mode) + mode * log(odds) + log(total)


def _mode(new: int, old: int, k: int, odds: float) -> int:
    linear = (new + k + 2) * odds + old - k
    constant = (new + 1) * (k + 1) * odds
    return int(2 * constant / (linear + sqrt(max(0.0, linear * linear - 4 * (odds - 1) * constant))))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
