"""A consumer group in a shop of the tests: its pods own partitions, take what comes to them, and report what a Kafka client does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

Pod = tuple[str, str]
Place = tuple[str, int]
Assigns = Callable[[list[Pod], list[Place]], dict[str, list[Place]]]
ASSIGNED, LAG = "kafka_consumer_coordinator_assigned_partitions", "kafka_consumer_fetch_manager_records_lag"
CONSUMED, OFFSETS = "kafka_consumer_fetch_manager_records_consumed_total", "kafka_topic_partition_current_offset"
OF_TOPICS = "jetstream_stream_last_seq"
"""What came, counted of each topic as a whole."""


def sticky(pods: list[Pod], partitions: list[Place]) -> dict[str, list[Place]]:
    """Give partitions round robin, to old pods first: pods that come on top of as many as there are partitions get none."""
    ordered = [name for name, _ in sorted(pods, key=lambda one: is_new(one[1]))]
    return {name: partitions[place :: len(ordered)] for place, name in enumerate(ordered)}


def new_first(pods: list[Pod], partitions: list[Place]) -> dict[str, list[Place]]:
    """Give partitions to new pods first, as range assignment may: old ones lose theirs."""
    ordered = [name for name, _ in sorted(pods, key=lambda one: not is_new(one[1]))]
    return {name: partitions[place :: len(ordered)] for place, name in enumerate(ordered)}


@dataclass
class Group:
    """What goes on second by second. `stalls`: the topics from which new pods take nothing after their first record of each partition.

    `reports`: which series there are beside the records taken; `dead`: partitions to which nothing comes; `by_topic`: whether records taken say of which topic.
    `by_partition`: whether what comes is counted by partition. `tells_lag_while_waiting`: librdkafka has no position, and so no lag, of a partition to whose last record it went back.
    """

    workload: str = "reader"
    topics: tuple[str, ...] = ("events",)
    partitions: int = 4
    stalls: tuple[str, ...] = ()
    reports: tuple[str, ...] = (ASSIGNED, LAG)
    dead: tuple[int, ...] = ()
    by_topic: bool = True
    by_partition: bool = True
    assigns: Assigns = sticky
    tells_lag_while_waiting: bool = True

    def __call__(self, shop: WatchedCluster) -> None:
        """Let a second go by."""
        shop.set("kafka_brokers", 1.0)
        places = [(topic, number) for topic in self.topics for number in range(self.partitions)]
        for topic, number in places:
            came = 0 if number in self.dead else 3
            if self.by_partition:
                shop.count(OFFSETS, came, topic=topic, partition=str(number))
            else:
                shop.count(OF_TOPICS, came, stream_name=topic)
        for topic in self.topics:
            shop.set(OFFSETS, 0.0, topic=f"{topic}.dlt", partition="0")
        pods = shop.pod_names(self.workload)
        owned = self.assigns(pods, places) if pods else {}
        for pod, revision in pods:
            self._works(shop, pod, owned[pod], new=is_new(revision))

    def _works(self, shop: WatchedCluster, pod: str, owned: Iterable[Place], *, new: bool) -> None:
        own = {"namespace": "shop", "pod": pod}
        handled = 0
        for topic in self.topics:
            live = [number for of, number in owned if of == topic and number not in self.dead]
            label = {"topic": topic.replace(".", "_")} if self.by_topic else {}
            known = ("instance", pod), *sorted({**own, **label}.items())
            waits = new and topic in self.stalls and shop.counters.get((CONSUMED, tuple(sorted(known))), 0.0) > 0
            took = 0 if waits else 3 * len(live)
            shop.count(CONSUMED, took, **own, **label)
            handled += took
        shop.count("spring_kafka_listener_seconds_count", handled, **own, result="success")
        if ASSIGNED in self.reports:
            shop.set(ASSIGNED, float(len(list(owned))), **own)
        tells_lag = LAG in self.reports and (self.tells_lag_while_waiting or not (new and self.stalls))
        for topic in self.topics if tells_lag else ():
            for number in range(self.partitions):
                shop.set(LAG, 1.0 if (topic, number) in owned else float("nan"), **own, topic=topic, partition=str(number))
