"""When the analysis looks: at fixed instants from before the first roll on, so that a restarted operator comes to the same finding."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saferollout.api.analysis import AnalysisMode
from saferollout.api.spec import Gating
from saferollout.api.status import Release
from saferollout.core.decision import Snapshot
from saferollout.core.statistics.windows import Interval

BASELINE_LOOKS: Final = 40
"""Looks before the first roll, with which all later ones are compared (shared statistics: 40 windows are enough to measure bursts)."""

_MOST_BEFORE: Final = 120
_LEAST_BEFORE: Final = 12
"""Looks before the first roll of which something counts, where the time of an earlier release is left out; with fewer, more is lost by that than won."""

MOST_LOOKS: Final = 120
"""Looks since the first roll that are kept: half an hour at 15 s. What is older can't be part of trouble that begins now."""

DISCOVERY_INTERVAL: Final = timedelta(minutes=1)
"""New pods may report something else than old ones: that must be known before their bake is over."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instants of a release: `before` its first roll, and `since` then, an `interval` apart; `discovery` is when it was last asked which series are there.

    `failed` are the times of earlier releases that did not go through, each with a quiet time after it: what was counted in them is no baseline.

    `kept` is the first of those since then that lie side by side. Before it there may be single ones, at which a batch under way was ready: what it
    has shown since counts however long it waits.
    """

    before: tuple[datetime, ...]
    since: tuple[datetime, ...]
    interval: timedelta
    discovery: datetime
    kept: datetime | None = None
    failed: tuple[Interval, ...] = ()

    @property
    def all(self) -> tuple[datetime, ...]:
        """Return every look, in order."""
        return (*self.before, *self.since)

    @property
    def began(self) -> datetime:
        """Return the last look before the first roll: counts after it belong to the release."""
        return self.before[-1]

    def is_before(self, at: datetime) -> bool:
        """Tell whether what was counted up to a look, from the one before it, is what the release is compared with."""
        return at <= self.began and not _touches(self.failed, at - self.interval, at)

    def first_from(self, instant: datetime) -> datetime:
        """Return the first look at or after an instant, be it still to come."""
        return self.began + _looks_until(instant, start=self.began, interval=self.interval) * self.interval


def mode_of(snapshot: Snapshot) -> AnalysisMode:
    """Return the mode in force: what the spec says, else Enforce wherever metrics are there and wanted."""
    spec = snapshot.spec
    if spec.analysis.mode is not None:
        return spec.analysis.mode
    return AnalysisMode.ENFORCE if snapshot.has_prometheus and spec.gating is Gating.ENABLED else AnalysisMode.DISABLED


def is_enforced(snapshot: Snapshot) -> bool:
    """Tell whether what the analysis finds may hold a release or take it back."""
    return mode_of(snapshot) is AnalysisMode.ENFORCE


def schedule_of(snapshot: Snapshot, now: datetime) -> Schedule | None:
    """Return when to look; None while nothing has rolled in this release, or nobody wants it."""
    start = watched_since(snapshot.status.release)
    if start is None or mode_of(snapshot) is AnalysisMode.DISABLED:
        return None
    interval = timedelta(seconds=snapshot.spec.analysis.interval_seconds)
    last = (now - start) // interval
    first = max(1, last + 1 - MOST_LOOKS)
    single = {number for number in _first_looks_at_batches(snapshot, start, interval) if number < first}
    looks, failed = _baseline(snapshot, start, interval)
    return Schedule(
        before=tuple(start - number * interval for number in range(looks, -1, -1)),
        since=tuple(start + number * interval for number in (*sorted(single), *range(first, last + 1))),
        interval=interval,
        discovery=start + (now - start) // DISCOVERY_INTERVAL * DISCOVERY_INTERVAL,
        kept=start + first * interval if first <= last else None,
        failed=failed,
    )


def _baseline(snapshot: Snapshot, start: datetime, interval: timedelta) -> tuple[int, tuple[Interval, ...]]:
    """Return how many looks before the first roll are taken, and what of their time is left out.

    All looks lie side by side, so the more is left out the more of them it takes. Nothing is where hardly any would be left, nor where the roll starts
    within the quiet time: what the failed release left behind is met by this one too, which must not be blamed for it.
    """
    release, quiet = snapshot.status.release, timedelta(seconds=snapshot.spec.analysis.quiet_seconds)
    failed = tuple(Interval(start=one.start, end=one.end + quiet) for one in release.failed_times) if release is not None else ()
    if not failed:
        return BASELINE_LOOKS, ()
    counts = [number for number in range(1, _MOST_BEFORE + 1) if not _touches(failed, start - number * interval, start - (number - 1) * interval)]
    if len(counts) < _LEAST_BEFORE or any(one.end > start for one in failed):
        return BASELINE_LOOKS, ()
    return counts[:BASELINE_LOOKS][-1], failed


def _touches(times: tuple[Interval, ...], start: datetime, end: datetime) -> bool:
    return any(one.start < end and start < one.end for one in times)


def _first_looks_at_batches(snapshot: Snapshot, start: datetime, interval: timedelta) -> Iterator[int]:
    """Yield the number of the first look at or after each batch under way was ready."""
    for roll in snapshot.status.release.rolls if snapshot.status.release is not None else ():
        if roll.ready_time is not None and roll.ready_time >= start:
            yield max(1, _looks_until(roll.ready_time, start=start, interval=interval))


def _looks_until(instant: datetime, *, start: datetime, interval: timedelta) -> int:
    """Return how many intervals after the start the first look at or after an instant is."""
    return -((start - instant) // interval)


def watched_since(release: Release | None) -> datetime | None:
    """Return since when a release is looked at: from its first roll to its end, or until it goes back; None at other times."""
    if release is None or release.end_time is not None or release.rollback is not None:
        return None
    return release.watch_start_time


def next_look(snapshot: Snapshot, now: datetime) -> datetime | None:
    """Return the first look after now."""
    found = schedule_of(snapshot, now)
    if found is None:
        return None
    return (found.since[-1] if found.since else found.began) + found.interval

