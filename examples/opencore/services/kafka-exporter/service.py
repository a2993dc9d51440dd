"""What kafka_exporter says of a broker, under its names: offsets of topics and groups, lag, members.

A stand-in: kafka_exporter itself is in none of the package registries that the scene may use (the scene's README has what was tried).
Offsets are asked for at every scrape; a broker that does not answer leaves nothing but kafka_brokers 0.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from opencore.web import WebService

_TIMEOUT_SECONDS = 2.5
Offsets = dict[tuple[str, int], int]


class KafkaCollector(Collector):
    """Asks the broker whenever Prometheus asks."""

    def __init__(self) -> None:
        self._client = _connected()
        self._lock = threading.Lock()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield every family; one scrape at a time."""
        with self._lock:
            try:
                yield from self._families()
            except KafkaException as error:
                print(f"broker: {error}", flush=True)
                # Seen: a client that lost its only broker may go on timing out when the broker is back. A new one does not.
                self._client = _connected()
                yield GaugeMetricFamily("kafka_brokers", "Brokers that answer.", value=0)

    def _families(self) -> list[GaugeMetricFamily]:
        metadata = self._client.list_topics(timeout=_TIMEOUT_SECONDS)
        places = [
            TopicPartition(name, number)
            for name, topic in metadata.topics.items()
            if not name.startswith("__")
            for number in topic.partitions
        ]
        ends, starts = self._offsets(places, OffsetSpec.latest()), self._offsets(places, OffsetSpec.earliest())
        return [
            GaugeMetricFamily("kafka_brokers", "Brokers that answer.", value=len(metadata.brokers)),
            _of_partitions("kafka_topic_partition_current_offset", ends),
            _of_partitions("kafka_topic_partition_oldest_offset", starts),
            *self._group_families(ends),
        ]

    def _offsets(self, places: list[TopicPartition], spec: OffsetSpec) -> Offsets:
        asked = self._client.list_offsets(dict.fromkeys(places, spec), request_timeout=_TIMEOUT_SECONDS)
        return {(place.topic, place.partition): future.result().offset for place, future in asked.items()}

    def _group_families(self, ends: Offsets) -> list[GaugeMetricFamily]:
        groups = [group.group_id for group in self._client.list_consumer_groups(request_timeout=_TIMEOUT_SECONDS).result().valid]
        labels = ["consumergroup", "topic", "partition"]
        offset = GaugeMetricFamily("kafka_consumergroup_current_offset", "Committed offset.", labels=labels)
        lag = GaugeMetricFamily("kafka_consumergroup_lag", "Records behind the end.", labels=labels)
        lag_sum = GaugeMetricFamily("kafka_consumergroup_lag_sum", "Records behind, all partitions.", labels=labels[:2])
        members = GaugeMetricFamily("kafka_consumergroup_members", "Members of the group.", labels=labels[:1])
        described = self._client.describe_consumer_groups(groups, request_timeout=_TIMEOUT_SECONDS) if groups else {}
        for group in groups:
            members.add_metric([group], len(described[group].result().members))
            committed = self._committed(group)
            for (topic, number), value in committed.items():
                offset.add_metric([group, topic, str(number)], value)
                lag.add_metric([group, topic, str(number)], ends.get((topic, number), value) - value)
            for topic in sorted({topic for topic, _ in committed}):
                total = sum(ends.get(place, value) - value for place, value in committed.items() if place[0] == topic)
                lag_sum.add_metric([group, topic], total)
        return [offset, lag, lag_sum, members]

    def _committed(self, group: str) -> Offsets:
        asked = self._client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT_SECONDS)
        places = asked[group].result().topic_partitions or []
        return {(place.topic, place.partition): place.offset for place in places if place.offset >= 0}


def _connected() -> AdminClient:
    return AdminClient({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP"], "socket.timeout.ms": int(_TIMEOUT_SECONDS * 1000)})


def _of_partitions(name: str, offsets: Offsets) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, "Offset of the partition.", labels=["topic", "partition"])
    for (topic, number), value in offsets.items():
        family.add_metric([topic, str(number)], value)
    return family


if __name__ == "__main__":
    REGISTRY.register(KafkaCollector())
    WebService({}).run()
