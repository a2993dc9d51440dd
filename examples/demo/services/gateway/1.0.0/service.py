"""gateway 1.0.0: registers people at user-service; writes requests of version 1, reads responses of version 1."""

from __future__ import annotations

import os
from http.client import HTTPException
from typing import Any

from scene.client import post_with_retry
from scene.web import Answer, WebService


def request_1(form: dict[str, Any]) -> dict[str, Any]:
    return {"name": form["name"], **{field: form[field] for field in ("country",) if field in form}}


def register(form: dict[str, Any]) -> Answer:
    if not form.get("name"):
        return 400, {"error": "name is missing"}
    try:
        status, response = post_with_retry(f"{os.environ['USER_SERVICE_URL']}/users", request_1(form))
    except (OSError, HTTPException) as error:
        return 502, {"error": f"user-service: {error}"}
    if status != 201:
        return status, response
    return 201, {"welcome": response["displayName"]}


if __name__ == "__main__":
    WebService({"/register": register}).run()
