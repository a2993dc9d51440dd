"""Jobs that prepare what the services stand on: `topics` creates Kafka's topics, `migrate` brings the database's schema up to date."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psycopg
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from opencore.events import DEAD_LETTER_TOPIC, TOPIC

_MIGRATIONS = Path(__file__).with_name("migrations")
_PARTITIONS = {TOPIC: 4, DEAD_LETTER_TOPIC: 1}
_WAIT_SECONDS = 60.0


def topics() -> None:
    """Create the topics that are not there."""
    client = AdminClient({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"]})
    wanted = [NewTopic(name, num_partitions=count, replication_factor=1) for name, count in _PARTITIONS.items()]
    for name, created in client.create_topics(wanted, operation_timeout=_WAIT_SECONDS, request_timeout=_WAIT_SECONDS).items():
        try:
            created.result()
            print(f"{name}: created", flush=True)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            print(f"{name}: is there", flush=True)


def migrate() -> None:
    """Apply every migration that the database has not had, each in a transaction of its own."""
    with _connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS schema_history (file text PRIMARY KEY, applied timestamptz DEFAULT now())")
        connection.commit()
        for file in sorted(_MIGRATIONS.glob("*.sql")):
            with connection.transaction():
                if connection.execute("SELECT 1 FROM schema_history WHERE file = %s", (file.name,)).fetchone():
                    continue
                connection.execute(file.read_text().encode())
                connection.execute("INSERT INTO schema_history (file) VALUES (%s)", (file.name,))
                print(f"{file.name}: applied", flush=True)


def _connect() -> psycopg.Connection:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


if __name__ == "__main__":
    {"topics": topics, "migrate": migrate}[sys.argv[1]]()
