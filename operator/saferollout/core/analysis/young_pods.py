"""Pods that have only just begun: slow and busy by right, while code is compiled, pools fill, and caches are cold."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.counting import Interval, Remark

WARM_UP: Final = timedelta(minutes=2)
"""For how long what is slow or busy about a process that began does not count."""


def without_young(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Leave out what pods did in the first minutes after they were seen first, or their process began anew."""
    began: dict[str, datetime] = {}
    kept = []
    for interval in intervals:
        began.update({pod: interval.start for pod, remark in interval.remarks.items() if remark in (Remark.BORN, Remark.RESTARTED)})
        old = {pod: counts for pod, counts in interval.grown.items() if pod not in began or interval.start - began[pod] >= WARM_UP}
        kept.append(interval if len(old) == len(interval.grown) else replace(interval, grown=old))
    return tuple(kept)
