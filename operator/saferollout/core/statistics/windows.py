"""What the tests are fed with: counts of two arms between two looks."""

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
