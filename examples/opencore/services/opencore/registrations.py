"""Requests to register: what user-service accepts."""

from __future__ import annotations

from typing import Any

from opencore import tariffs


class Invalid(Exception):
    """Raised with what a request lacks."""


def validate(request: dict[str, Any], *, country_required: bool) -> tuple[str, str]:
    """Return name and tariff. Raises Invalid."""
    if not request.get("name"):
        raise Invalid("name is missing")
    if request.get("tariff") not in tariffs.names():
        raise Invalid("tariff is unknown")
    if country_required and not request.get("country"):
        raise Invalid("country is missing")
    return str(request["name"]), str(request["tariff"])
