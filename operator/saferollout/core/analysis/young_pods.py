"""Pods that have only just begun: slow and busy by right, while code is compiled, pools fill, and caches are cold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.counting import Interval, Remark

WARM_UP: Final = timedelta(minutes=2)
"""For how long what is slow or busy about a process that began does not count."""


Began = Mapping[str, datetime]
"""Since when each pod that has begun, as far as was seen, is there."""

NOBODY: Final[Began] = {}


def without_young(began: Began, interval: Interval) -> tuple[Interval, Began]:
    """Leave out what pods did in the first minutes after they were seen first, or their process began anew."""
    begun = {pod: interval.start for pod, remark in interval.remarks.items() if remark in (Remark.BORN, Remark.RESTARTED)}
    began = {**began, **begun} if begun else began
    young = {pod for pod, start in began.items() if interval.start - start < WARM_UP}
    old = {pod: counts for pod, counts in interval.grown.items() if pod not in young} if young else interval.grown
    return interval if len(old) == len(interval.grown) else replace(interval, grown=old), began
