"""An append-only log in memory: topics with partitions, consumer groups with committed offsets."""

from __future__ import annotations

import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from scene.metrics import Sample, exposition

PARTITIONS = 2
_LONGEST_PARTITION = 50_000
_LARGEST_BATCH = 50
_LEASE_SECONDS = 10.0


@dataclass
class Partition:
    """Records from `oldest` on; the oldest are dropped once there are too many."""

    records: deque[dict[str, Any]] = field(default_factory=deque)
    oldest: int = 0

    @property
    def end(self) -> int:
        return self.oldest + len(self.records)

    def append(self, record: dict[str, Any]) -> None:
        self.records.append(record)
        if len(self.records) > _LONGEST_PARTITION:
            self.records.popleft()
            self.oldest += 1

    def read(self, offset: int) -> list[dict[str, Any]]:
        first = max(offset - self.oldest, 0)
        return [self.records[index] for index in range(first, min(first + _LARGEST_BATCH, len(self.records)))]


@dataclass
class Place:
    """Where a group stands in a partition, and who reads there until when."""

    offset: int = 0
    member: str = ""
    until: float = 0.0

    def is_free_for(self, member: str, *, now: float) -> bool:
        return self.member in ("", member) or self.until < now


class Log:
    """Topics and groups. One member at a time reads a partition for its group, so a group never handles a record twice at once."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = {topic: [Partition() for _ in range(PARTITIONS)] for topic in topics}
        self._places: dict[tuple[str, str], list[Place]] = {}
        self._members: dict[tuple[str, str], dict[str, float]] = {}
        self._changed = threading.Condition()

    def append(self, topic: str, *, key: str, value: dict[str, Any]) -> None:
        """Put a record at the end of its key's partition; KeyError for an unknown topic."""
        with self._changed:
            self._topics[topic][zlib.crc32(key.encode()) % PARTITIONS].append({"key": key, "value": value})
            self._changed.notify_all()

    def fetch(self, topic: str, *, group: str, member: str, wait_seconds: float = 1.0) -> tuple[int, int, list[dict[str, Any]]] | None:
        """Lease the partition that is furthest behind to the member; None where nothing came while it waited."""
        with self._changed:
            self._members.setdefault((group, topic), {})[member] = time.monotonic()
            self._changed.wait_for(lambda: self._behind(topic, group=group, member=member), timeout=wait_seconds)
            behind = self._behind(topic, group=group, member=member)
            if not behind:
                return None
            _, number = max(behind)
            partition, place = self._topics[topic][number], self._of(group, topic)[number]
            place.offset = max(place.offset, partition.oldest)
            place.member, place.until = member, time.monotonic() + _LEASE_SECONDS
            return number, place.offset, partition.read(place.offset)

    def commit(self, topic: str, *, group: str, member: str, partition: int, offset: int) -> bool:
        """Move the group on and end the lease; False where another member has the partition by now."""
        with self._changed:
            place = self._of(group, topic)[partition]
            if place.member != member:
                return False
            place.offset, place.member = offset, ""
            self._changed.notify_all()
            return True

    def metrics(self) -> str:
        """Write offsets and lags as kafka_exporter does."""
        kinds = ("kafka_topic_partition_current_offset", "kafka_topic_partition_oldest_offset", "kafka_consumergroup_current_offset")
        types = dict.fromkeys([*kinds, "kafka_consumergroup_lag", "kafka_consumergroup_members", "kafka_brokers"], "gauge")
        with self._changed:
            samples = [Sample("kafka_brokers", {}, 1), *self._topic_samples(), *self._group_samples()]
        return exposition(samples, types=types)

    def _behind(self, topic: str, *, group: str, member: str) -> list[tuple[int, int]]:
        now = time.monotonic()
        pairs = enumerate(zip(self._topics[topic], self._of(group, topic), strict=True))
        return [
            (partition.end - place.offset, number)
            for number, (partition, place) in pairs
            if partition.end > place.offset and place.is_free_for(member, now=now)
        ]

    def _of(self, group: str, topic: str) -> list[Place]:
        return self._places.setdefault((group, topic), [Place() for _ in self._topics[topic]])

    def _topic_samples(self) -> Iterable[Sample]:
        for topic, partitions in self._topics.items():
            for number, partition in enumerate(partitions):
                labels = {"topic": topic, "partition": str(number)}
                yield Sample("kafka_topic_partition_current_offset", labels, partition.end)
                yield Sample("kafka_topic_partition_oldest_offset", labels, partition.oldest)

    def _group_samples(self) -> Iterable[Sample]:
        for (group, topic), places in self._places.items():
            for number, (partition, place) in enumerate(zip(self._topics[topic], places, strict=True)):
                labels = {"consumergroup": group, "topic": topic, "partition": str(number)}
                yield Sample("kafka_consumergroup_current_offset", labels, place.offset)
                yield Sample("kafka_consumergroup_lag", labels, partition.end - place.offset)
        for (group, _topic), seen in self._members.items():
            alive = sum(last > time.monotonic() - _LEASE_SECONDS for last in seen.values())
            yield Sample("kafka_consumergroup_members", {"consumergroup": group}, alive)
