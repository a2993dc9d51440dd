"""user-service 2.0.0: reads requests of versions 1 and 2, writes user events of version 2: the name in two parts."""

from __future__ import annotations

import uuid
from typing import Any

from scene.events import TOPIC, BrokerUnavailable, publish
from scene.web import Answer, WebService


def name_of(request: dict[str, Any]) -> tuple[str, str] | None:
    """Read a request of version 2 (firstName, lastName) or 1 (name); None for neither."""
    if request.get("firstName"):
        return request["firstName"], request.get("lastName", "")
    if not request.get("name"):
        return None
    first, _, last = request["name"].partition(" ")
    return first, last


def event_2(identity: str, first: str, last: str) -> dict[str, Any]:
    return {"version": 2, "id": identity, "firstName": first, "lastName": last}


def create(request: dict[str, Any]) -> Answer:
    name = name_of(request)
    if name is None:
        return 400, {"error": "firstName (or name) is missing"}
    first, last = name
    identity = uuid.uuid4().hex
    try:
        publish(TOPIC, key=identity, value=event_2(identity, first, last))
    except BrokerUnavailable as error:
        return 503, {"error": str(error)}
    return 201, {"id": identity, "displayName": f"{first} {last}"}


if __name__ == "__main__":
    WebService({"/users": create}).run()
