"""gateway 2.0.0: as 1.0.0, but writes requests of version 2: the name in two parts."""

from __future__ import annotations

import os
from http.client import HTTPException
from typing import Any

from scene.client import post_with_retry
from scene.web import Answer, WebService


def request_2(form: dict[str, Any]) -> dict[str, Any]:
    first, _, last = form["name"].partition(" ")
    return {"firstName": first, "lastName": last, **{field: form[field] for field in ("country",) if field in form}}


def register(form: dict[str, Any]) -> Answer:
    if not form.get("name"):
        return 400, {"error": "name is missing"}
    try:
        status, response = post_with_retry(f"{os.environ['USER_SERVICE_URL']}/users", request_2(form))
    except (OSError, HTTPException) as error:
        return 502, {"error": f"user-service: {error}"}
    if status != 201:
        return status, response
    return 201, {"welcome": response["displayName"]}


if __name__ == "__main__":
    WebService({"/register": register}).run()
