"""What the tests are fed with: counts between two looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """What two arms did between two looks: `events` are the bad ones among `total`; counts, not rates. `at` is the end of the window."""

    at: datetime
    new_events: float
    new_total: float
    old_events: float
    old_total: float


@dataclass(frozen=True, slots=True)
class PodCounts:
    """What each pod of one revision did between two looks: (bad ones, all) by the pod's name."""

    at: datetime
    pods: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class TimedCount:
    """How often something happened between two looks, and how many seconds they lay apart; for what has no second arm."""

    at: datetime
    events: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Interval:
    """Time whose windows do not count, such as an outage; both ends belong to it."""

    start: datetime
    end: datetime
