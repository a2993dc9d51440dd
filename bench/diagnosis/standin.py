"""Readings from windows, by a simple stand-in for the operator's own tests: F1 of systems-and-signals.md C3, as an e-CUSUM so that it finds an onset.

Only this bench uses it; what is measured here is the diagnosis, fed with readings that come late, flicker and are sometimes wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import exp, log
from typing import Final

from saferollout.core.diagnosis.evidence import Standing
from saferollout.core.statistics.windows import Window

RATIOS: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_LOGARITHMS: Final = tuple((ratio, log(ratio)) for ratio in RATIOS)
THRESHOLD: Final = log(1e6)
ENOUGH: Final = 100.0
ENOUGH_LOOKS: Final = 8.0


@dataclass(slots=True)
class Comparison:
    """One symptom of one arm against one other, fed window by window."""

    tolerance: float = 1.3
    enough: float = ENOUGH
    count: float = 0.0
    total: float = 0.0
    reference_count: float = 0.0
    reference_total: float = 0.0
    onset: datetime | None = None
    worse_at: datetime | None = None
    at: datetime | None = None
    _scores: list[float] = field(default_factory=lambda: [0.0] * len(RATIOS))
    _since: list[datetime | None] = field(default_factory=lambda: [None] * len(RATIOS))

    def add(self, window: Window) -> None:
        """Take one more window into account."""
        self.count += window.new_events
        self.total += window.new_total
        self.reference_count += window.old_events
        self.reference_total += window.old_total
        self.at = window.at
        if window.new_total <= 0 or window.old_total <= 0:
            return
        share = window.new_total / (window.new_total + window.old_total)
        share = share * self.tolerance / (1 - share + share * self.tolerance)
        both = window.new_events + window.old_events
        if both <= 0:
            return
        for place, (ratio, logarithm) in enumerate(_LOGARITHMS):
            step = window.new_events * logarithm - both * log(1 - share + share * ratio)
            score = self._scores[place] + step
            if score <= 0:
                self._scores[place], self._since[place] = 0.0, None
                continue
            self._since[place] = self._since[place] or window.at
            self._scores[place] = min(score, 2 * THRESHOLD)

    def standing(self) -> Standing:
        """Say whether the new arm is worse; clear only with enough behind it."""
        highest = max(self._scores)
        if highest >= THRESHOLD and highest + log(sum(exp(score - highest) for score in self._scores) / len(RATIOS)) >= THRESHOLD:
            self.onset = self._since[self._scores.index(highest)]
            self.worse_at = self.worse_at or self.at
            return Standing.WORSE
        self.onset = self.worse_at = None
        return Standing.CLEAR if self.total >= self.enough else Standing.CANNOT_TELL
