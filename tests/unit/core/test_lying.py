"""The books on what may lie in a contract: a drain begins when the last writer has gone, and not before there was one."""

from datetime import datetime, timedelta

from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_BOTH, WRITES_1, WRITES_2, little_cluster

TTL = 20
CACHE = {"name": "events", "cache": {"ttlSeconds": TTL}}


def drains(cluster: LittleCluster) -> dict[str, datetime]:
    return {drain.version: drain.since for contract in cluster.status.contracts for drain in contract.drains}


def test_a_version_that_is_about_to_be_written_has_no_drain() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    while not cluster.pods("writer").get("w2"):
        cluster.look()
        assert "2" not in drains(cluster)
        cluster.now += timedelta(seconds=1)
    cluster.play()
    assert list(drains(cluster)) == ["1"]


def test_a_format_has_expired_only_when_its_last_writer_has_been_gone_for_all_of_its_time() -> None:
    """The moment is on record in whole seconds, so the writer may have gone up to one second after it."""
    cluster = little_cluster(gating="Disabled", contracts=[CACHE])
    cluster.running("reader", "r1", READS_BOTH)
    cluster.running("writer", "w1", WRITES_1)
    cluster.play()
    cluster.apply("writer", "w2", WRITES_2)
    cluster.apply("reader", "r2", "events: {reads: [2]}")
    while "1" not in drains(cluster):
        cluster.look()
        cluster.now += timedelta(seconds=1)
    gone = drains(cluster)["1"] + timedelta(seconds=0.999)
    while not cluster.pods("reader").get("r2"):
        started = cluster.now
        cluster.look()
        cluster.now += timedelta(seconds=1)
    assert timedelta(seconds=TTL) <= started - gone < timedelta(seconds=TTL + 2)
