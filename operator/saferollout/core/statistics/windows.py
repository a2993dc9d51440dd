"""What the tests are fed with: counts between two looks."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one window. The same windows are judged again at every look, so what follows from one alone is kept with it."""

    _kept: dict[str, tuple[Hashable, object]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, name: str, parameters: Hashable, work: Callable[[], T]) -> T:
        """Return what some work makes of these counts and the parameters; what it made of the last parameters is kept."""
        known = self._kept.get(name)
        if known is None or known[0] != parameters:
            known = self._kept[name] = (parameters, work())
        return cast(T, known[1])


@dataclass(frozen=True, slots=True)
class Window(Counts):
    """What two arms did between two looks: `events` are the bad ones among `total`; counts, not rates. `at` is the end of the window."""

    at: datetime
    new_events: float
    new_total: float
    old_events: float
    old_total: float


@dataclass(frozen=True, slots=True)
class PodCounts(Counts):
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
