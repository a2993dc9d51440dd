"""A member of a consumer group: what can't be read, or fails too often, goes to the dead-letter topic, and the group moves on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from opencore import metrics
from opencore.events import DEAD_LETTER_TOPIC, TOPIC, FieldMissing, Registered, Unreadable, decode
from opencore.producer import NotSent, Sender
from opencore.versions import EventReader
from opencore.web import WebService

_ATTEMPTS = 5
_PAUSE_SECONDS = 1.0
_LARGEST_BATCH = 20


class HandlingFailed(Exception):
    """Raised by a handler for a record that may go through later."""


class EventConsumer:
    """Takes events of a topic for its group and hands them to a handler."""

    def __init__(self, *, group: str, reader: EventReader, handle: Callable[[Registered], None]) -> None:
        self._group = group
        self._reader = reader
        self._handle = handle
        self._client_id = f"consumer-{group}-1"
        self._dead_letters = Sender(f"{group}-dead-letters")
        self._web = WebService({})
        self._waiting: set[int] = set()
        self._consumer = Consumer(
            {
                "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"],
                "group.id": group,
                "client.id": os.environ.get("HOSTNAME", self._client_id),
                "auto.offset.reset": "earliest",
                "enable.auto.offset.store": False,
                "auto.commit.interval.ms": 1000,
                "session.timeout.ms": 6000,
                "heartbeat.interval.ms": 1000,
                "partition.assignment.strategy": "range",
                "reconnect.backoff.max.ms": 1000,
                # A broker that was killed closes no connection: without this the client waits a minute for its answer.
                "socket.timeout.ms": 3000,
            }
        )

    def run(self) -> None:
        """Consume until told to end."""
        self._web.start()
        self._consumer.subscribe([TOPIC], on_assign=self._assigned, on_revoke=self._revoked)
        while not self._web.stopping.is_set():
            for message in self._consumer.consume(_LARGEST_BATCH, timeout=0.5):
                self._take(message)
            self._tell_lag()
        self._consumer.close()
        self._web.finish()

    def _take(self, message: Message) -> None:
        if message.error() is not None:
            if message.error().code() != KafkaError._PARTITION_EOF:
                print(f"broker: {message.error()}", flush=True)
            return
        if message.partition() in self._waiting:
            return  # behind a record that is waited for, and taken again after it
        metrics.consumed.labels(self._client_id, TOPIC).inc()
        if self._finish(message):
            with suppress(KafkaException):  # the partition is somebody else's by now, who takes the record again
                self._consumer.store_offsets(message)

    def _finish(self, message: Message) -> bool:
        """Handle or bury a record; False leaves it to be taken again."""
        for _ in range(_ATTEMPTS):
            start = time.perf_counter()
            try:
                self._handle(decode(message.value() or b"", versions=self._reader.events_read))
            except FieldMissing as error:
                if self._reader.waits:
                    return self._wait_for_field(message)
                return self._bury(message, start, error)
            except Unreadable as error:
                return self._bury(message, start, error)
            except HandlingFailed as error:
                failure: Exception = error
                metrics.record_handled(listener=self._group, succeeded=False, seconds=time.perf_counter() - start)
                self._web.stopping.wait(_PAUSE_SECONDS)
            else:
                metrics.record_handled(listener=self._group, succeeded=True, seconds=time.perf_counter() - start)
                return True
            if self._web.stopping.is_set():
                return False
        return self._send_letter(message, failure)

    def _wait_for_field(self, message: Message) -> bool:
        """Leave the partition at this record until its producer has moved on: no error, and no progress."""
        place = TopicPartition(TOPIC, message.partition(), message.offset())
        self._waiting.add(place.partition)
        with suppress(KafkaException):  # as above
            self._consumer.pause([place])
            self._consumer.seek(place)
        return False

    def _bury(self, message: Message, start: float, error: Exception) -> bool:
        metrics.record_handled(listener=self._group, succeeded=False, seconds=time.perf_counter() - start)
        return self._send_letter(message, error)

    def _send_letter(self, message: Message, error: Exception) -> bool:
        print(f"dead letter: {error}", flush=True)
        headers = {"kafka_dlt-original-consumer-group": self._group, "kafka_dlt-exception-message": str(error)}
        while not self._web.stopping.is_set():
            try:
                self._dead_letters.send(DEAD_LETTER_TOPIC, key=(message.key() or b"").decode(), value=message.value() or b"", headers=headers)
            except NotSent as reason:
                print(f"dead letter not taken, trying again: {reason}", flush=True)
            else:
                return True
        return False

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._waiting.clear()
        metrics.rebalanced.labels(self._client_id).inc()
        metrics.assigned.labels(self._client_id).set(len(partitions))

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        metrics.assigned.labels(self._client_id).set(0)
        metrics.lag.clear()

    def _tell_lag(self) -> None:
        for place in self._consumer.position(self._consumer.assignment()):
            _, end = self._consumer.get_watermark_offsets(place, cached=True)
            if place.offset >= 0 and end >= 0:
                metrics.lag.labels(self._client_id, TOPIC, str(place.partition)).set(max(end - place.offset, 0))
