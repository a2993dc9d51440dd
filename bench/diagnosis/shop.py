"""The shop of the worlds: who has which part, and what each of its counters does on a quiet day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from saferollout.core.diagnosis.evidence import Member, Part, Role, Shared
from saferollout.core.diagnosis.symptoms import Symptom

_BOTH: Final = frozenset({Part.READS, Part.WRITES})
MEMBERS: Final = (
    Member("gateway", roles=(Role("users-api", Shared.API, frozenset({Part.CALLS})),)),
    Member(
        "user-service",
        roles=(
            Role("users-api", Shared.API, frozenset({Part.SERVES})),
            Role("user-events", Shared.TOPIC, frozenset({Part.WRITES})),
            Role("users", Shared.TABLE, _BOTH),
            Role("profiles", Shared.CACHE, _BOTH),
        ),
    ),
    Member("billing-service", roles=(Role("user-events", Shared.TOPIC, frozenset({Part.READS})),)),
    Member("notification-service", roles=(Role("user-events", Shared.TOPIC, frozenset({Part.READS})),)),
    Member("search-service", in_release=False),
)
TOPIC: Final = "user-events"
PODS: Final = 10
"""How many pods each service has."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter of one service. `share`: bad events on a quiet day; `each`: events for each request; `looks`: one for each look at a pod instead."""

    share: float
    each: float = 1.0
    looks: bool = False


_PODS: Final = {
    Symptom.RESTARTS: Counter(0.0005, looks=True),
    Symptom.NOT_READY: Counter(0.002, looks=True),
    Symptom.SATURATED: Counter(0.02, looks=True),
}
_SERVER: Final = {
    Symptom.REJECTED: Counter(0.01, 1),
    Symptom.DENIED: Counter(0.02, 1),
    Symptom.SERVER_ERRORS: Counter(0.005, 1),
    Symptom.SLOW: Counter(0.02, 1),
    Symptom.DATA_ERRORS: Counter(0.0002, 2),
    Symptom.CONNECTION_ERRORS: Counter(0.0002, 2),
    Symptom.SEND_FAILURES: Counter(0.0005, 0.3),
    Symptom.CACHE_MISSES: Counter(0.1, 1.5),
    Symptom.CACHE_PUTS: Counter(0.1, 1.5),
    Symptom.LATENCY_SWINGS: Counter(0.05, looks=True),
}
_CONSUMER: Final = {
    Symptom.CONSUMER_FAILURES: Counter(0.002, 0.3),
    Symptom.STALLED: Counter(0.005, looks=True),
    Symptom.LAG: Counter(0.05, looks=True),
    Symptom.CONNECTION_ERRORS: Counter(0.0002, 0.6),
}
COUNTERS: Final[Mapping[str, Mapping[Symptom, Counter]]] = {
    "gateway": {
        Symptom.SERVER_ERRORS: Counter(0.005, 1),
        Symptom.CALLS_REJECTED: Counter(0.01, 1),
        Symptom.CALLS_FAILED: Counter(0.005, 1),
        **_PODS,
    },
    "user-service": {**_SERVER, **_PODS},
    "billing-service": {**_CONSUMER, **_PODS},
    "notification-service": {**_CONSUMER, **_PODS},
    "search-service": {**_SERVER, **_CONSUMER, **_PODS},
}
OF_THE_TOPIC: Final[Mapping[Symptom, Counter]] = {
    Symptom.DEAD_LETTERS: Counter(0.0005, 0.3),
    Symptom.TOPIC_SILENT: Counter(0.01, looks=True),
}
OF_THE_WORKLOAD: Final = frozenset({Symptom.LAG, Symptom.LATENCY_SWINGS})
"""What nobody can tell apart by pods."""

ASKED: Final = frozenset({"user-service", "search-service"})
"""Who counts requests, so that fewer or more of them can be seen."""
