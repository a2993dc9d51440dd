"""Evidence that the new pods are good enough: no alarm is not a pass, since without requests nothing ever alarms.

Two ways to show it, each wrong in at most a share `beta` of the bad releases: the new pods are less than `ratio` times as bad as the old ones,
or their rate is below `rate`, whatever the old ones do. The second needs ln(1/beta)/rate requests even without any bad event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final

from saferollout.core.statistics.evidence import log_likelihood_ratio
from saferollout.core.statistics.windows import Window

_CALMER: Final = ((0.0, 0.7), (0.1, 0.1), (0.3, 0.1), (0.6, 0.1))
"""Rates as shares of the one to be ruled out, with weights: mostly none at all, since that is what a good release shows."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What has to be shown before a batch passes. `rate` None: only the comparison counts, as for shares that are high anyhow."""

    beta: float = 0.05
    ratio: float = 3.0
    rate: float | None = 0.01


@dataclass(frozen=True, slots=True)
class Passed:
    """Whether it is shown; if not, whether there was exposure enough to show it, and how many requests to new pods are missing.

    `missing` is None where more of the same would not help.
    """

    shown: bool
    exposed: bool
    missing: float | None


def passed(windows: Sequence[Window], spreads: Sequence[float], *, passing: Passing) -> Passed:
    """Weigh the windows; in those without old requests only the rate counts. `spreads`: what log evidence is divided by."""
    wanted = log(1 / passing.beta)
    compared = _Weighed(_log_close(windows, spreads, ratio=passing.ratio), sum(window.new_total for window in windows))
    if passing.rate is None:
        even = _log_close([_evened(window) for window in windows], spreads, ratio=passing.ratio)
        return Passed(shown=compared.evidence >= wanted, exposed=even >= wanted, missing=compared.missing(wanted))
    events = sum(window.new_events / spread for window, spread in zip(windows, spreads, strict=True))
    requests = sum(window.new_total / spread for window, spread in zip(windows, spreads, strict=True))
    counted = _Weighed(_log_calm(events, passing.rate * requests), compared.requests)
    flawless = max(0.0, least_requests(passing.beta, rate=passing.rate) - requests) * (spreads[-1] if spreads else 1.0)
    estimates = (compared.missing(wanted), counted.missing(wanted) if events else flawless)
    return Passed(
        shown=max(compared.evidence, counted.evidence) >= wanted,
        exposed=flawless <= 0,
        missing=min((estimate for estimate in estimates if estimate is not None), default=None),
    )


def least_requests(beta: float, *, rate: float) -> float:
    """Return how many requests without one bad event rule out `rate`."""
    return log(1 / (_CALMER[0][1] * beta)) / rate


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Log evidence of one kind, and from how many requests to new pods it is."""

    evidence: float
    requests: float

    def missing(self, wanted: float) -> float | None:
        """Return how many more requests of the same kind complete it; None where it does not grow."""
        return max(0.0, self.requests * (wanted / self.evidence - 1)) if self.evidence > 0 else None


def _log_close(windows: Sequence[Window], spreads: Sequence[float], *, ratio: float) -> float:
    """Return the log evidence against "the new arm is `ratio` times as bad or more", beside equal arms."""
    return sum(-log_likelihood_ratio(window, ratio=ratio, tolerance=1) / spread for window, spread in zip(windows, spreads, strict=True))


def _log_calm(events: float, expected: float) -> float:
    """Return the log evidence against a rate at which so many events are expected: E[s^x] <= exp(-m p (1 - s)) for x of m at rate p."""
    terms = [log(weight) + events * log(share) + expected * (1 - share) for share, weight in _CALMER if share > 0]
    if events == 0:
        terms.append(log(_CALMER[0][1]) + expected)
    highest = max(terms)
    return highest + log(sum(exp(term - highest) for term in terms))


def _evened(window: Window) -> Window:
    total, k = window.new_total + window.old_total, window.new_events + window.old_events
    new, old = k * window.new_total / total, k * window.old_total / total
    return Window(at=window.at, new_events=new, new_total=window.new_total, old_events=old, old_total=window.old_total)
