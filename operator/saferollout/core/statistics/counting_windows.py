"""Which windows count: numbers that can be, both arms at work, nothing of it in a time that was set aside."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf
from operator import lt
from typing import Protocol, TypeVar

from saferollout.core.statistics.windows import Interval, TimedCount, Window


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


_Looked = TypeVar("_Looked", bound=_Dated)


def in_order(windows: Iterable[_Looked], *, without: Sequence[Interval] = ()) -> list[_Looked]:
    """Return the windows by time, each instant once, without those that share a moment with an interval.

    A window reaches back to the end of the one before it, however long ago that was: what came in between may be in its counts.
    """
    ordered = _ordered(list(windows))
    if not ordered:
        return ordered
    without = [interval for interval in without if _touches(ordered[0].at, ordered[-1].at, [interval])]
    if not without:
        return ordered
    begins = [ordered[0].at, *(window.at for window in ordered)]
    return [window for begin, window in zip(begins, ordered, strict=False) if not _touches(begin, window.at, without)]


def has_new_arm(window: Window) -> bool:
    """Tell whether the new pods did anything that can be counted."""
    return _is_count(window.new_events) and _is_count(window.new_total) and window.new_total > 0


def has_both_arms(window: Window) -> bool:
    """Tell whether new and old pods can be compared here; an arm without requests says nothing about either."""
    return has_new_arm(window) and _is_count(window.old_events) and _is_count(window.old_total) and window.old_total > 0


def has_time(window: TimedCount) -> bool:
    """Tell whether a count has the time that belongs to it."""
    return 0 < window.seconds < inf and 0 <= window.events < inf


def _ordered(windows: list[_Looked]) -> list[_Looked]:
    instants = [window.at for window in windows]
    if all(map(lt, instants, instants[1:])):
        return windows
    return sorted({window.at: window for window in windows}.values(), key=_at)


def _is_count(number: float) -> bool:
    return 0 <= number < inf


def _touches(begin: datetime, end: datetime, intervals: Sequence[Interval]) -> bool:
    return any(interval.start <= end and begin <= interval.end for interval in intervals)


def _at(window: _Dated) -> datetime:
    return window.at
