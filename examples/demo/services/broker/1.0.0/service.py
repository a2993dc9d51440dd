"""broker 1.0.0: keeps topics in memory, hands them to consumer groups, and shows itself to Prometheus as kafka_exporter would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scene.events import DEAD_LETTER_TOPIC, TOPIC
from scene.log import Log
from scene.web import Answer, Route, WebService

log = Log([TOPIC, DEAD_LETTER_TOPIC])


def append(request: dict[str, Any]) -> Answer:
    log.append(request["topic"], key=request["key"], value=request["value"])
    return 200, {}


def fetch(request: dict[str, Any]) -> Answer:
    batch = log.fetch(request["topic"], group=request["group"], member=request["member"])
    if batch is None:
        return 200, {"records": []}
    partition, offset, records = batch
    return 200, {"partition": partition, "offset": offset, "records": records}


def commit(request: dict[str, Any]) -> Answer:
    kept = log.commit(
        request["topic"], group=request["group"], member=request["member"], partition=request["partition"], offset=request["offset"]
    )
    return (200, {}) if kept else (409, {"error": "another member has this partition"})


def complete(route: Callable[[dict[str, Any]], Answer]) -> Route:
    """Answer 400 to a request that lacks a field or names an unknown topic."""

    def checked(request: dict[str, Any]) -> Answer:
        try:
            return route(request)
        except (KeyError, IndexError) as error:
            return 400, {"error": f"missing or unknown: {error}"}

    return checked


if __name__ == "__main__":
    WebService({"/append": complete(append), "/fetch": complete(fetch), "/commit": complete(commit)}, extra_metrics=log.metrics).run()
