"""gateway: people register here, and look at their profile and their account."""

from __future__ import annotations

import os
from typing import Any

from opencore.client import Unreachable, call
from opencore.versions import GATEWAY, own
from opencore.web import Answer, WebService

_ME = own(GATEWAY)
_USERS = os.environ["USER_SERVICE_URL"]


def register(_: str, form: dict[str, Any]) -> Answer:
    sent = ("name", "tariff", "country") if _ME.sends_country else ("name", "tariff")
    return _ask("POST", "/users", uri="/users", body={field: form[field] for field in sent if field in form})


def profile(identity: str, _: dict[str, Any]) -> Answer:
    return _ask("GET", f"/users/{identity}", uri="/users/{id}")


def account(identity: str, _: dict[str, Any]) -> Answer:
    return _ask("GET", f"/users/{identity}/account", uri="/users/{id}/account")


def _ask(method: str, path: str, *, uri: str, body: dict[str, Any] | None = None) -> Answer:
    try:
        return call(method, f"{_USERS}{path}", uri=uri, client_name="user-service", body=body)
    except Unreachable as error:
        return 502, {"error": str(error)}


if __name__ == "__main__":
    WebService({"POST /register": register, "GET /profiles/{id}": profile, "GET /accounts/{id}": account}).run()
