"""When a gate is measured: at fixed instants, so that a restarted operator asks the same questions again."""

from datetime import datetime, timedelta
from typing import Final

from saferollout.api.gates import Gate

# A step that waits for days must not ask Prometheus for all of them. What falls out can only have been tolerated failures: one too
# many had failed the step when it was measured.
MOST_INSTANTS: Final = 500


def instants(gate: Gate, *, start: datetime, now: datetime) -> tuple[datetime, ...]:
    """Return start + initialDelay + k * interval up to and including now, the last 500 of them."""
    first = start + timedelta(seconds=gate.initial_delay_seconds)
    if now < first:
        return ()
    interval = timedelta(seconds=gate.interval_seconds)
    last = (now - first) // interval
    return tuple(first + index * interval for index in range(max(0, last + 1 - MOST_INSTANTS), last + 1))


def next_instant(gate: Gate, *, start: datetime, now: datetime) -> datetime:
    """Return the first instant after now."""
    first = start + timedelta(seconds=gate.initial_delay_seconds)
    if now < first:
        return first
    interval = timedelta(seconds=gate.interval_seconds)
    return first + ((now - first) // interval + 1) * interval
