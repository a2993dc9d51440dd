"""Three ways in which the world breaks while nothing is wrong with the release."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from localcluster.demo.kubectl import Tools
from localcluster.opencore.stage import wait_for


class Outage(StrEnum):
    """What fails."""

    KAFKA_DOWN = "kafka-down"
    POSTGRES_DOWN = "postgres-down"
    GATEWAY_RESTART = "gateway-restart"


_STATEFUL: Mapping[Outage, str] = {Outage.KAFKA_DOWN: "kafka", Outage.POSTGRES_DOWN: "postgres"}
_AT_ONCE = ("--grace-period=0", "--force", "--wait=false")


@contextmanager
def outage(tools: Tools, kind: Outage) -> Iterator[None]:
    """Kill it, without a word of warning, and bring it back at the end. Kafka and Postgres keep their data."""
    if kind is Outage.GATEWAY_RESTART:
        tools.kubectl("delete", "pod", "--selector=app=gateway", *_AT_ONCE)
        yield
        wait_for(tools, "rollout", "status", "deployment/gateway")
        return
    name = _STATEFUL[kind]
    tools.kubectl("scale", f"statefulset/{name}", "--replicas=0")
    tools.kubectl("delete", "pod", f"{name}-0", "--ignore-not-found", *_AT_ONCE)
    try:
        yield
    finally:
        tools.kubectl("scale", f"statefulset/{name}", "--replicas=1")
        wait_for(tools, "rollout", "status", f"statefulset/{name}")


def last(tools: Tools, kind: Outage, *, seconds: float) -> None:
    """Let it be down for a while."""
    with outage(tools, kind):
        time.sleep(seconds)
