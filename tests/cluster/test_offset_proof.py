"""The proof by group offsets, asked of a real Prometheus that scrapes what a kafka_exporter would say."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from localcluster.prometheus import Target, standalone_prometheus
from saferollout.core.arms import Labels
from saferollout.core.measurements import Measurement, Outcome, Query
from saferollout.core.measuring import measure
from saferollout.core.offset_proof import OffsetProof, dead_letters_since, partitions_behind
from saferollout.shell.prometheus import Endpoint, PrometheusClient
from tests.cluster.scraped import Exposed, serving

END, START, COMMITTED = "kafka_topic_partition_current_offset", "kafka_topic_partition_oldest_offset", "kafka_consumergroup_current_offset"
WHERE = {"namespace": "shop", "labels": Labels()}


@dataclass(frozen=True)
class Broker:
    """An exporter whose numbers a test sets, and the Prometheus that scrapes it every second."""

    exporter: Exposed
    client: PrometheusClient

    def ends(self, partition: int, *, end: int, start: int = 0, topic: str = "events") -> None:
        self.exporter.set(END, end, topic=topic, partition=str(partition))
        self.exporter.set(START, start, topic=topic, partition=str(partition))

    def commits(self, group: str, partition: int, offset: int) -> None:
        self.exporter.set(COMMITTED, offset, topic="events", partition=str(partition), consumergroup=group)

    def measure(self, query: Query) -> Measurement:
        at = datetime.now(UTC)
        return measure(query, at=at, ask=partial(self.client.ask, at=at), longest_age=100)

    def wait_for(self, what: str, query: Query, holds: Callable[[Measurement], bool]) -> None:
        deadline = time.monotonic() + 20
        while not holds(measured := self.measure(query)):
            assert time.monotonic() < deadline, f"{what}: {measured}"
            time.sleep(0.2)

    def last_writer_goes(self, *groups: str, dead_letters: str | None = None) -> tuple[OffsetProof, Query]:
        """Return the proof from now on, and its question; a scrape after it has come."""
        proof = OffsetProof(topic="events", groups=groups or ("billing",), since=datetime.now(UTC).replace(microsecond=0), dead_letter_topic=dead_letters)
        time.sleep(3)
        return proof, partitions_behind(proof, anchor=datetime.now(UTC), **WHERE)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with serving() as exporter, standalone_prometheus(tmp_path) as prometheus:
        prometheus.set_targets([Target(exporter.address, {"namespace": "monitoring"})])
        broker = Broker(exporter, PrometheusClient(Endpoint(url=prometheus.url)))
        for partition, end in ((0, 40), (1, 10)):
            broker.ends(partition, end=end)
        broker.wait_for("it is scraped", Query(value=f"count({END})"), is_value(2))
        yield broker


def is_value(expected: float) -> Callable[[Measurement], bool]:
    return lambda measured: measured.value == expected


def test_a_group_has_passed_when_every_partition_is_committed_up_to_the_end_of_then(broker: Broker) -> None:
    broker.commits("billing", 0, 35)
    broker.commits("billing", 1, 10)
    _, behind = broker.last_writer_goes()
    broker.wait_for("one partition is behind", behind, is_value(1))
    broker.ends(0, end=90)
    broker.commits("billing", 0, 40)
    broker.wait_for("what came later does not count", behind, is_value(0))


def test_every_group_has_to_pass_and_one_that_is_not_reported_proves_nothing(broker: Broker) -> None:
    for partition, end in ((0, 40), (1, 10)):
        broker.commits("billing", partition, end)
    _, behind = broker.last_writer_goes("billing", "audit")
    assert broker.measure(behind).outcome is Outcome.NO_DATA
    broker.commits("audit", 0, 40)
    broker.wait_for("it has not committed one of the partitions", behind, is_value(1))
    broker.commits("audit", 1, 10)
    broker.wait_for("both have passed", behind, is_value(0))


def test_a_partition_that_holds_nothing_needs_no_commit(broker: Broker) -> None:
    broker.ends(1, end=10, start=10)
    broker.commits("billing", 0, 40)
    _, behind = broker.last_writer_goes()
    broker.wait_for("it was emptied by retention", behind, is_value(0))


def test_a_moment_of_which_prometheus_has_no_sample_proves_nothing(broker: Broker) -> None:
    for partition, end in ((0, 40), (1, 10)):
        broker.commits("billing", partition, end)
    proof, behind = broker.last_writer_goes()
    broker.wait_for("all is read", behind, is_value(0))
    before_the_scrapes = OffsetProof(topic="events", groups=("billing",), since=proof.since - timedelta(hours=1))
    lost = partitions_behind(before_the_scrapes, anchor=proof.since - timedelta(minutes=50), **WHERE)
    assert broker.measure(lost).outcome is Outcome.NO_DATA
    no_scrape_since = partitions_behind(OffsetProof(topic="events", groups=("billing",), since=datetime.now(UTC)), anchor=datetime.now(UTC), **WHERE)
    assert broker.measure(no_scrape_since).outcome is Outcome.NO_DATA


def test_partitions_that_were_added_later_prove_nothing_by_the_end_of_then(broker: Broker) -> None:
    for partition, end in ((0, 40), (1, 10)):
        broker.commits("billing", partition, end)
    _, behind = broker.last_writer_goes()
    broker.wait_for("all is read", behind, is_value(0))
    broker.ends(2, end=3)
    broker.wait_for("nobody knows where the new one began", behind, lambda measured: measured.outcome is Outcome.NO_DATA)


def test_dead_letters_count_while_they_lie_there_and_when_they_came_and_went(broker: Broker) -> None:
    proof, _ = broker.last_writer_goes(dead_letters="events.dlt")
    letters = dead_letters_since(proof, **WHERE)
    assert letters is not None
    assert broker.measure(letters).value == 0, "the topic does not exist yet"
    broker.ends(0, topic="events.dlt", end=2)
    broker.wait_for("two came and lie there", letters, is_value(4))
    broker.ends(0, topic="events.dlt", end=2, start=2)
    broker.wait_for("two came and were replayed", letters, is_value(2))
    later, _ = broker.last_writer_goes(dead_letters="events.dlt")
    none_since = dead_letters_since(later, **WHERE)
    assert none_since is not None
    broker.wait_for("none came since", none_since, is_value(0))
