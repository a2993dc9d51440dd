"""The event of the topic: a person registered. Readers are strict, as a deserializer that fails on unknown properties is."""

from __future__ import annotations

import json
from dataclasses import dataclass

TOPIC = "user.events"
DEAD_LETTER_TOPIC = "user.events-dlt"  # the suffix that Spring Kafka appends

_FIELDS = {1: frozenset({"id", "name"}), 2: frozenset({"id", "name", "currency"})}


class Unreadable(Exception):
    """Raised for an event that no reader of this version accepts."""


class FieldMissing(Exception):
    """Raised for an event that would be readable if it had the fields of a newer version."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Somebody registered; an event of version 1 tells no currency."""

    id: str
    name: str
    currency: str | None = None


def encode(event: Registered, *, version: int) -> bytes:
    """Write the event as JSON with exactly the fields of the version."""
    fields = {"id": event.id, "name": event.name, "currency": event.currency or "EUR"}
    return json.dumps({name: value for name, value in fields.items() if name in _FIELDS[version]}).encode()


def decode(raw: bytes, *, versions: frozenset[int]) -> Registered:
    """Read an event of one of the versions. Raises Unreadable for unknown fields or no JSON, FieldMissing for too few fields."""
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise Unreadable(f"no JSON: {error}") from error
    if not isinstance(document, dict):
        raise Unreadable("no JSON object")
    if any(document.keys() == _FIELDS[version] for version in versions):
        return Registered(id=str(document["id"]), name=str(document["name"]), currency=document.get("currency"))
    known = frozenset().union(*(_FIELDS[version] for version in versions))
    unknown = sorted(document.keys() - known)
    if unknown:
        raise Unreadable(f"unknown properties: {', '.join(unknown)}")
    raise FieldMissing(f"missing: {', '.join(sorted(known - document.keys()))}")
