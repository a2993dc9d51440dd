"""The producing side of Kafka: a record counts as sent when the broker has acknowledged it."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from opencore import metrics

_ACKNOWLEDGED_WITHIN_SECONDS = 2.5
_FIRST_CONTACT_SECONDS = 5.0


class NotSent(Exception):
    """Raised where the broker did not take a record in time."""


class Sender:
    """A producer with a thread that hears the broker's acknowledgements."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._producer = Producer(
            {
                "bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"],
                "client.id": client_id,
                "acks": "all",
                "linger.ms": 5,
                "message.timeout.ms": int(_ACKNOWLEDGED_WITHIN_SECONDS * 1000),
                "reconnect.backoff.max.ms": 1000,
                # A broker that was killed closes no connection: without this the client waits a minute for its answer.
                "socket.timeout.ms": 3000,
            }
        )
        # The first record should not wait for a connection; a broker that is down is no reason not to start.
        with suppress(KafkaException):
            self._producer.list_topics(timeout=_FIRST_CONTACT_SECONDS)
        threading.Thread(target=self._hear, daemon=True).start()

    def send(self, topic: str, *, key: str, value: bytes, headers: dict[str, str] | None = None) -> None:
        """Append a record and wait until it is acknowledged. Raises NotSent."""
        answered, errors = threading.Event(), list[KafkaError]()

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                errors.append(error)
            answered.set()

        try:
            self._producer.produce(topic, key=key, value=value, headers=list((headers or {}).items()), on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            metrics.send_errors.labels(self._client_id).inc()
            raise NotSent(str(error)) from error
        if not answered.wait(_ACKNOWLEDGED_WITHIN_SECONDS + 1) or errors:
            metrics.send_errors.labels(self._client_id).inc()
            raise NotSent(str(errors[0]) if errors else "no acknowledgement")
        metrics.sent.labels(self._client_id).inc()

    def _hear(self) -> None:
        while True:
            self._producer.poll(1.0)
