"""The consumer's loop: fetch, read, handle; what can't be read goes to the dead-letter topic, and the group moves on."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from scene.client import post
from scene.events import DEAD_LETTER_TOPIC, TOPIC, BrokerUnavailable, broker_url, publish
from scene.metrics import Sample, exposition
from scene.web import WebService

FAMILY = "spring_kafka_listener_seconds"
_RETRY_SECONDS = 0.5

Event = dict[str, Any]
Reader = Callable[[Event], str]


class Unreadable(Exception):
    """Raised for an event that this version of the consumer can't read."""


def required(event: Event, field: str) -> str:
    """Return a field that the reader can't do without."""
    value = event.get(field)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"version {event.get('version')} without the field {field!r}")
    return value


def read(event: Event, *, readers: Mapping[int, Reader]) -> str:
    """Read the user's name with the reader of the event's own version."""
    version = event.get("version")
    if version not in readers:
        known = ", ".join(map(str, sorted(readers)))
        raise Unreadable(f"unknown version {version!r}; this consumer reads {known}")
    return readers[version](event)


class Consumer:
    """One member of a consumer group."""

    def __init__(self, *, group: str, readers: Mapping[int, Reader], handle: Callable[[str], None]) -> None:
        self._group = group
        self._readers = readers
        self._handle = handle
        self._count = {"success": 0, "failure": 0}
        self._seconds = {"success": 0.0, "failure": 0.0}

    def run(self) -> None:
        """Consume until told to end."""
        web = WebService({}, extra_metrics=self._metrics)
        web.start()
        while not web.stopping.is_set():
            try:
                self._take_batch()
            except (OSError, HTTPException, BrokerUnavailable) as error:
                print(f"broker unavailable, trying again: {error}", flush=True)
                web.stopping.wait(_RETRY_SECONDS)
        web.finish()

    def _take_batch(self) -> None:
        place = {"topic": TOPIC, "group": self._group, "member": os.environ.get("HOSTNAME") or socket.gethostname()}
        status, batch = post(f"{broker_url()}/fetch", place)
        if status != 200:
            raise BrokerUnavailable(f"the broker answered {status}")
        records = batch["records"]
        for record in records:
            self._take(record)
        if records:
            post(f"{broker_url()}/commit", {**place, "partition": batch["partition"], "offset": batch["offset"] + len(records)})

    def _take(self, record: dict[str, Any]) -> None:
        start = time.perf_counter()
        result = self._handle_or_bury(record)
        self._count[result] += 1
        self._seconds[result] += time.perf_counter() - start

    def _handle_or_bury(self, record: dict[str, Any]) -> str:
        try:
            name = read(record["value"], readers=self._readers)
        except Unreadable as error:
            print(f"dead letter: {error}", flush=True)
            letter = {"group": self._group, "topic": TOPIC, "reason": str(error), "value": record["value"]}
            publish(DEAD_LETTER_TOPIC, key=record["key"], value=letter)
            return "failure"
        self._handle(name)
        return "success"

    def _metrics(self) -> str:
        counts = [Sample(f"{FAMILY}_count", {"name": self._group, "result": result}, count) for result, count in self._count.items()]
        sums = [Sample(f"{FAMILY}_sum", {"name": self._group, "result": result}, seconds) for result, seconds in self._seconds.items()]
        return exposition([*counts, *sums], types={FAMILY: "summary"})
