"""user-service 1.0.0: reads requests of version 1, writes user events of version 1."""

from __future__ import annotations

import uuid
from typing import Any

from scene.events import TOPIC, BrokerUnavailable, publish
from scene.web import Answer, WebService


def event_1(identity: str, name: str) -> dict[str, Any]:
    return {"version": 1, "id": identity, "name": name}


def create(request: dict[str, Any]) -> Answer:
    name = request.get("name")
    if not name:
        return 400, {"error": "name is missing"}
    identity = uuid.uuid4().hex
    try:
        publish(TOPIC, key=identity, value=event_1(identity, name))
    except BrokerUnavailable as error:
        return 503, {"error": str(error)}
    return 201, {"id": identity, "displayName": name}


if __name__ == "__main__":
    WebService({"/users": create}).run()
