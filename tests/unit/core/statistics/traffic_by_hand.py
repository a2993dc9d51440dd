"""Short ways to write windows down."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from saferollout.core.statistics.windows import PodCounts, TimedCount, Window

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = 15


def instant(number: int) -> datetime:
    """Return the end of a window; the first is number 0, those of the baseline have negative numbers."""
    return START + timedelta(seconds=SECONDS * (number + 1))


def window(number: int, new: float, old: float, *, new_total: float = 150, old_total: float = 600) -> Window:
    return Window(at=instant(number), new_events=new, new_total=new_total, old_events=old, old_total=old_total)


def windows(counts: Sequence[tuple[float, float]], *, first: int = 0) -> list[Window]:
    return [window(first + number, new, old) for number, (new, old) in enumerate(counts)]


def pods(number: int, *events: float, total: float = 150) -> PodCounts:
    return PodCounts(at=instant(number), pods={f"pod-{index}": (count, total) for index, count in enumerate(events)})


def calm_baseline(looks: int = 40) -> list[PodCounts]:
    """Return five pods that take turns with one bad request more or less: as even as chance, or a little more."""
    return [pods(number - looks, *(1 + (number + pod) % 3 for pod in range(5))) for number in range(looks)]


def bursty_baseline(looks: int = 40) -> list[PodCounts]:
    """Return five pods of which one has all bad requests of the window."""
    return [pods(number - looks, *(10 if pod == number % 5 else 0 for pod in range(5))) for number in range(looks)]


def timed(counts: Sequence[float], *, first: int = 0) -> list[TimedCount]:
    return [TimedCount(at=instant(first + number), events=count, seconds=SECONDS) for number, count in enumerate(counts)]
