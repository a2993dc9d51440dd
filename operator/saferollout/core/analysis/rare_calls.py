"""Calls that a workload makes so seldom that all of them failing would spoil less of its work than is all right.

A call is made for something that the workload is asked (an answer, a record), so bad calls spoil at most as many of these as there are calls; where
one call spoils many, as a token that is fetched once an hour, it is the answers themselves that fail, and they have to be shown to be well anyhow. So where
calls are at most `highestRate` of what is asked, on new pods and on all pods ever since the baseline, they are shown by it: fewer bad calls
among all that new pods were asked than `highestRate`, wrong for at most 5 % of bad releases (core/statistics/passing.py). To wait for 170 calls of a
client that makes one a minute would hold a busy service for hours for the sake of less than it may lose anyhow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from saferollout.core.analysis.comparisons import BetweenArms
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.passing import Passing, passed
from saferollout.core.statistics.windows import Window

ASKED: Final = frozenset({Symptom.SERVER_ERRORS, Symptom.CONSUMER_FAILURES})
"""Of these symptoms the totals are what pods are asked to do by others."""

CALLS: Final = frozenset({Symptom.CALLS_REJECTED, Symptom.CALLS_FAILED})


@dataclass(frozen=True, slots=True)
class Shown:
    """What was counted of one symptom: ever, and on new pods since their batch was ready, without times that do not count."""

    every: BetweenArms
    counting: Sequence[Window]

    @property
    def total(self) -> float:
        """Return how much new pods did."""
        return sum(window.new_total for window in self.counting)

    @property
    def total_of_all(self) -> float:
        """Return how much all pods did, before the release and since."""
        before = sum(total for look in self.every.baseline for _, total in look.pods.values())
        return before + sum(window.new_total + window.old_total for window in self.every.windows)


def are_too_rare_to_hurt(calls: Shown, *, asked: Sequence[Shown], highest_rate: float) -> bool:
    """Tell whether calls are so few, and so few of them bad, that what the new pods were asked shows all of it to be well."""
    work = sum(one.total for one in asked)
    if calls.total > highest_rate * work or calls.total_of_all > highest_rate * sum(one.total_of_all for one in asked) or not calls.counting:
        return False
    bad = sum(window.new_events for window in calls.counting)
    everything = Window(at=calls.counting[-1].at, new_events=bad, new_total=work, old_events=0, old_total=0)
    return work > 0 and passed([everything], [1.0], passing=Passing(rate=highest_rate)).shown
