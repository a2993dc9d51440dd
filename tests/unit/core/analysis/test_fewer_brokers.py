"""Whole releases in which some of several brokers go away: their cluster is in trouble, by the count as the release began."""

import random
from collections.abc import Callable

import pytest

from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.diagnosis.evidence import Dependency, Life
from saferollout.core.diagnosis.scene import Scene
from tests.unit.core.analysis.played_releases import EVENTS, cluster, finding, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster


class Brokers:
    """A healthy release of what writes a topic; `there`: how many brokers which exporter counts. With less than three of its own, sends fail."""

    def __init__(self, *, own: float = 3.0, sends_fail: bool = True) -> None:
        rng, self.there = random.Random(1), {"own": own}

        def works(shop: WatchedCluster) -> None:
            shop.drop("kafka_brokers")
            for exporter, brokers in self.there.items():
                shop.set("kafka_brokers", brokers, instance=exporter)
            shop.count("kafka_topic_partition_current_offset", 50, topic="events", partition="0")
            for pod, _ in shop.pod_names("writer"):
                fails = sends_fail and next(iter(self.there.values())) < own
                failed = sum(rng.random() < (0.4 if fails else 0.002) for _ in range(5))
                shop.count("kafka_producer_record_send_total", 5, namespace="shop", pod=pod)
                shop.count("kafka_producer_record_error_total", failed, namespace="shop", pod=pod)

        self.cluster = cluster(works, "writer", "reader", contracts=[EVENTS])

    def release(self) -> WatchedCluster:
        self.cluster.apply("writer", "writer2", None)
        self.cluster.play_until_new_pods("writer", "writer2")
        self.cluster.play(looks=15)
        return self.cluster

    @property
    def life(self) -> Life:
        snapshot = self.cluster.snapshot()
        assessed = assess(snapshot, self.cluster._answers(snapshot), self.cluster.now)
        assert isinstance(assessed, Assessment)
        return Scene.of(assessed.evidence).alive(Dependency.KAFKA).life


@pytest.mark.parametrize("sends_fail", [True, False])
def test_with_fewer_brokers_than_before_the_release_holds_and_goes_on_alone_when_they_are_back(sends_fail: bool) -> None:
    brokers = Brokers(sends_fail=sends_fail)
    shop = brokers.release()
    brokers.there["own"] = 1.0
    shop.play(looks=90)
    assert finding(shop).message.startswith("the message broker is or was down: the broker is down in part; the release holds"), finding(shop)
    assert "fewer servers are, or were, there than as the release began" in finding(shop).evidence
    assert finding(shop).certainty == "Named" and shop.pods("writer").get("writer1") and shop.pods("writer").get("writer2"), "neither back nor on"
    brokers.there["own"] = 3.0
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert shop.status.release is not None and len(shop.status.release.outages) == 1, "what was measured meanwhile does not count"
    assert not any("RollbackStarted" in line for line in shop.log)


def test_one_look_with_fewer_brokers_says_nothing() -> None:
    brokers = Brokers(sends_fail=False)
    shop, looks = brokers.release(), 0
    works = shop.works

    def once(one: WatchedCluster) -> None:
        nonlocal looks
        brokers.there["own"] = 1.0 if looks < 5 else 3.0
        looks += 1
        works(one)

    shop.works = once
    shop.play(looks=30)
    assert looks > 5 and brokers.life is Life.ALIVE
    assert shop.status.release is not None and not shop.status.release.outages


def goes_on(brokers: Brokers) -> None:
    brokers.there["own"] = 2.0


def replaced(brokers: Brokers) -> None:
    brokers.there = {"its successor": 3.0}


def of_somebody_else(brokers: Brokers) -> None:
    brokers.there = {"own": 3.0, "another cluster's": 1.0}


@pytest.mark.parametrize(
    ("before", "then"),
    [({"own": 2.0}, goes_on), ({"own": 3.0}, replaced), ({"own": 3.0, "another cluster's": 5.0}, of_somebody_else)],
    ids=["it was so before the release", "another exporter counts as many", "brokers of a cluster beside it are gone"],
)
def test_what_is_no_trouble_of_the_brokers_holds_nothing(before: dict[str, float], then: Callable[[Brokers], None]) -> None:
    brokers = Brokers(own=before["own"], sends_fail=False)
    brokers.there = dict(before)
    shop = brokers.release()
    then(brokers)
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert shop.status.release is not None and not shop.status.release.outages


def test_another_exporter_that_counts_fewer_tells_as_well() -> None:
    brokers = Brokers(sends_fail=False)
    shop = brokers.release()
    brokers.there = {"its successor": 1.0}
    shop.play(looks=20)
    assert brokers.life is Life.DOWN
