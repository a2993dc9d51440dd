"""What each image tag does: the only place where versions differ.

The tag is baked into the image as VERSION; a tag that is not in a table does not start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

_Behaviour = TypeVar("_Behaviour")

V1, V2, V1_V2 = frozenset({1}), frozenset({2}), frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class UserService:
    """Formats that a user-service reads and writes, contract by contract."""

    country_required: bool = False
    event_written: int = 1
    cache_read: frozenset[int] = V1
    cache_written: int = 1
    rows_read: frozenset[int] = V1
    row_written: int = 1


@dataclass(frozen=True, slots=True)
class Gateway:
    """Whether a gateway asks people for their country and sends it on."""

    sends_country: bool = False


@dataclass(frozen=True, slots=True)
class EventReader:
    """Events that a consumer reads; one that misses a field of the newest of them is waited for, where `waits` says so."""

    events_read: frozenset[int] = V1
    waits: bool = False


USER_SERVICE: Mapping[str, UserService] = {
    "1.0.0": UserService(),
    "1.0.1": UserService(),  # nothing wrong with it: for the outages
    # Mode 1: every event has a currency now. Old consumers know no such field.
    "1.1.0": UserService(event_written=2),
    # Mode 2: registrations without a country are refused.
    "1.2.0": UserService(country_required=True),
    # Mode 4: cache entries are compressed. 1.4.1 and 1.4.2 are the same change in two safe halves.
    "1.4.0": UserService(cache_read=V2, cache_written=2),
    "1.4.1": UserService(cache_read=V1_V2),
    "1.4.2": UserService(cache_read=V1_V2, cache_written=2),
    # Mode 5: tariffs are stored by name, which SQL of 1.0.0 can't cast to a number. 1.5.1 is the half that makes it safe.
    "1.5.0": UserService(rows_read=V1_V2, row_written=2),
    "1.5.1": UserService(rows_read=V1_V2),
}

GATEWAY: Mapping[str, Gateway] = {
    "1.0.0": Gateway(),
    "1.2.0": Gateway(sends_country=True),
}

BILLING_SERVICE: Mapping[str, EventReader] = {
    "1.0.0": EventReader(),
    "1.1.0": EventReader(events_read=V1_V2),
    # Mode 3: bills in the event's currency, and waits where there is none.
    "1.3.0": EventReader(events_read=V2, waits=True),
}

NOTIFICATION_SERVICE: Mapping[str, EventReader] = {
    "1.0.0": EventReader(),
    "1.1.0": EventReader(events_read=V1_V2),
}

SEARCH_SERVICE = ("1.0.0",)
"""Nobody releases it: it shows what happens beside a release."""

TAGS: Mapping[str, tuple[str, ...]] = {
    "user-service": tuple(USER_SERVICE),
    "gateway": tuple(GATEWAY),
    "billing-service": tuple(BILLING_SERVICE),
    "notification-service": tuple(NOTIFICATION_SERVICE),
    "search-service": SEARCH_SERVICE,
}


def own(behaviours: Mapping[str, _Behaviour]) -> _Behaviour:
    """Return the behaviour of the image that this process runs in; KeyError for an unknown tag."""
    return behaviours[os.environ["VERSION"]]
