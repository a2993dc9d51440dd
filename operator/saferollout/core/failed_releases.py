"""The times of earlier releases that did not go through: what was measured then is nothing to compare the next release with.

A fix often comes minutes after the release that it mends went back. Its time before is that of two versions that could not live together.
"""

from datetime import datetime, timedelta
from typing import Final

from saferollout.api.status import FailedTime, Release

_KEPT: Final = timedelta(hours=6)
_MOST: Final = 10


def failed_times(last: Release | None, *, now: datetime) -> list[FailedTime]:
    """Return the times that the next release has to know of, given the last one: its own, if pods of it ran and it did not go through, and those it knew of."""
    if last is None:
        return []
    own = []
    if last.watch_start_time is not None and last.end_time is not None and not _went_through(last):
        own = [FailedTime(start=last.watch_start_time, end=last.end_time)]
    recent = [one for one in (*last.failed_times, *own) if one.end > now - _KEPT]
    return recent[-_MOST:]


def _went_through(release: Release) -> bool:
    """Tell whether every template of a release came to all pods; a revert in the middle leaves no target, or one that leads back."""
    forward = all(target.done and target.to_hash != target.from_hash for target in release.targets)
    return bool(release.targets) and forward and release.failure is None and release.rollback is None
