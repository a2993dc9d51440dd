"""All measurements of a series counted at once, as tests want it; the analysis goes from look to look and remembers (analysis/material.py)."""

from collections.abc import Callable, Iterable

from saferollout.core.catalogue.series import Series
from saferollout.core.counting import NOTHING_SEEN, Interval, Look, counting_of, full_answers, sorted_out
from saferollout.core.measurements import LabelSet, Measurement


def intervals_for(series: Series, measurements: Iterable[Measurement]) -> tuple[Interval, ...]:
    """Return what was counted between the measurements of one series."""
    return intervals_between(series, map(sorted_out(series), full_answers(measurements)))


def intervals_between(series: Series, looks: Iterable[Look]) -> tuple[Interval, ...]:
    """Return what was counted between the looks at one series."""
    counting, seen, intervals = counting_of(series), NOTHING_SEEN, list[Interval]()
    for look in looks:
        interval, seen = counting.next(seen, look)
        intervals += [interval] if interval is not None else []
    return tuple(intervals)


def of_arm(interval: Interval, is_in: Callable[[str], bool], *, bad: Callable[[LabelSet], bool]) -> tuple[float, float]:
    """Return (bad events, all events) of some pods."""
    counts = [(key, count) for subject, keys in interval.grown.items() if is_in(subject) for key, count in keys.items()]
    return sum(count for key, count in counts if bad(key)), sum(count for _, count in counts)
