"""notification-service: writes a greeting for everybody who registered."""

from __future__ import annotations

from opencore.consumer import EventConsumer
from opencore.events import Registered
from opencore.versions import NOTIFICATION_SERVICE, own

_greetings: list[str] = []
_KEPT = 1000


def greet(event: Registered) -> None:
    _greetings.append(f"Welcome, {event.name}!")
    del _greetings[:-_KEPT]


if __name__ == "__main__":
    EventConsumer(group="notification", reader=own(NOTIFICATION_SERVICE), handle=greet).run()
