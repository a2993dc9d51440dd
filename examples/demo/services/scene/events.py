"""The producer's side of the topic of user events."""

from __future__ import annotations

import os
from http.client import HTTPException
from typing import Any

from scene.client import post

TOPIC = "user.events"
DEAD_LETTER_TOPIC = "user.events.dlt"


class BrokerUnavailable(Exception):
    """Raised when the broker did not take a record."""


def broker_url() -> str:
    """Return the broker's address, as the pod template gives it."""
    return os.environ["BROKER_URL"]


def publish(topic: str, *, key: str, value: dict[str, Any]) -> None:
    """Append a record to the topic; records of one key keep their order."""
    try:
        status, _ = post(f"{broker_url()}/append", {"topic": topic, "key": key, "value": value})
    except (OSError, HTTPException) as error:
        raise BrokerUnavailable(str(error)) from error
    if status != 200:
        raise BrokerUnavailable(f"the broker answered {status}")
