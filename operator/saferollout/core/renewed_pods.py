"""Pods that were made anew under the name that they had, as those of a StatefulSet are: another process, although nothing in its series says so."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.measurements import LabelSet

_Counts = Mapping[LabelSet, float]

SCRAPED_LATE: Final = timedelta(minutes=1)
"""For so long after a pod was made a look may still see what was scraped of the one before it."""


def begun_anew(before: Mapping[str, _Counts], now: Mapping[str, _Counts], *, seen: datetime, start: datetime, made: datetime) -> tuple[_Counts, ...]:
    """Return the counts of those of a pod's processes that began when it was `made`, after it was last seen; they count from 0.

    None where what is seen may still be of the pod before it: a look sees what was scraped last, and where no count fell at the same address
    that may have been earlier. `before` are the counts as they were `seen` last, `start` is the last look, at which it may have been missing.
    """
    if made <= seen - SCRAPED_LATE:
        return ()
    if seen < made <= start:
        return tuple(now.values())  # it was missing at the last look, so all that is there now was scraped since
    return tuple(counts for process, counts in now.items() if process not in before or _fell(before[process], counts))


def _fell(before: _Counts, now: _Counts) -> bool:
    return any(now.get(key, 0.0) < value for key, value in before.items())
