"""Three ways in which the world breaks while nothing is wrong with the release."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from localcluster.demo.kubectl import Tools
from localcluster.opencore.stage import wait_for


class Outage(StrEnum):
    """What fails."""

    KAFKA_DOWN = "kafka-down"
    POSTGRES_DOWN = "postgres-down"
    GATEWAY_RESTART = "gateway-restart"


@dataclass(frozen=True, slots=True)
class _Victim:
    """What is killed, and how many pods it has while all is well."""

    owner: str
    app: str
    pods: int = 1


_VICTIMS: Mapping[Outage, _Victim] = {
    Outage.KAFKA_DOWN: _Victim("statefulset/kafka", app="kafka"),
    Outage.POSTGRES_DOWN: _Victim("statefulset/postgres", app="postgres"),
    # Killed pods alone would be back within a second or two, faster than anybody scrapes: a gateway that restarts takes its time.
    Outage.GATEWAY_RESTART: _Victim("deployment/gateway", app="gateway", pods=2),
}


@contextmanager
def outage(tools: Tools, kind: Outage) -> Iterator[None]:
    """Kill it, without a word of warning, and bring it back at the end. Kafka and Postgres keep their data."""
    victim = _VICTIMS[kind]
    tools.kubectl("scale", victim.owner, "--replicas=0")
    tools.kubectl("delete", "pod", f"--selector=app={victim.app}", "--ignore-not-found", "--grace-period=0", "--force", "--wait=false")
    try:
        yield
    finally:
        tools.kubectl("scale", victim.owner, f"--replicas={victim.pods}")
        wait_for(tools, "rollout", "status", victim.owner)


def last(tools: Tools, kind: Outage, *, seconds: float) -> None:
    """Let it be down for a while."""
    with outage(tools, kind):
        time.sleep(seconds)
