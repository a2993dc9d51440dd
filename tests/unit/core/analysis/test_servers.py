"""Whether brokers and gateways live, by what their exporters say at each look: one odd look says nothing, and what is no gateway counts as none."""

import random

import pytest

from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.diagnosis.evidence import Dependency, Life
from saferollout.core.diagnosis.scene import Scene
from tests.unit.core.analysis.played_releases import EVENTS, USERS, cluster, summary
from tests.unit.core.analysis.released_shop import answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster

OFFSETS = "kafka_topic_partition_current_offset"
UPTIME = "envoy_server_uptime"
INTERVAL = 5


@pytest.mark.parametrize(("looks", "life"), [(1, Life.ALIVE), (2, Life.RESTARTED)])
def test_a_broker_whose_topics_are_gone_for_one_look_was_there_all_the_time(looks: int, life: Life) -> None:
    rng, gone, written = random.Random(3), [0], [0.0]

    def works(shop: WatchedCluster) -> None:
        shop.set("kafka_brokers", 1.0)
        written[0] += 50
        shop.set(OFFSETS, written[0], topic="events", partition="0")
        if gone[0] > 0:
            gone[0] -= 1
            shop.drop(OFFSETS)
        for pod, _ in shop.pod_names("reader"):
            shop.count("kafka_consumer_fetch_manager_records_consumed_total", 3 + rng.random(), namespace="shop", pod=pod)

    shop = cluster(works, "writer", "reader", contracts=[EVENTS])
    shop.apply("writer", "writer2", None)
    shop.play_until_new_pods("writer", "writer2")
    shop.play(looks=12)
    gone[0] = looks * INTERVAL
    shop.play(looks=30)
    snapshot = shop.snapshot()
    assessed = assess(snapshot, shop._answers(snapshot), shop.now)
    assert isinstance(assessed, Assessment)
    assert Scene.of(assessed.evidence).alive(Dependency.KAFKA).life is life
    assert bool(assessed.outages) is (life is Life.RESTARTED)


@pytest.mark.parametrize(
    ("what", "seconds_old", "is_restart"),
    [
        ("it was there all the time", lambda now: {"a": now}, False),
        ("a second one comes beside it", lambda now: {"a": now} | ({"b": now - 60} if now > 60 else {}), False),
        ("it begins anew", lambda now: {"a": now - 60 if now > 60 else now}, True),
        ("another one takes its place", lambda now: {"b": now - 60} if now > 60 else {"a": now}, True),
        ("one that began before takes its place", lambda now: {"b": now + 500} if now > 60 else {"a": now}, False),
    ],
)
def test_a_gateway_was_restarted_when_a_process_that_was_known_began_anew(what: str, seconds_old: object, is_restart: bool) -> None:
    def gateway(shop: WatchedCluster) -> None:
        shop.drop(UPTIME)
        assert shop.clock is not None
        first[0] = first[0] or shop.clock.timestamp()
        for instance, old in seconds_old(shop.clock.timestamp() - first[0] - 300).items():  # type: ignore[operator]
            shop.set(UPTIME, 1000.0 + old, instance=instance, istio="ingressgateway")

    first = [0.0]
    told = released(answers(), once=gateway).after(120)
    assert told.told is not None and bool(told.told.outages) is is_restart, what


def test_sidecars_are_no_gateways_though_an_address_is_taken_over_by_another_pod_every_minute() -> None:
    rng, started = random.Random(3), dict[int, float]()

    def works(shop: WatchedCluster) -> None:
        assert shop.clock is not None
        now = shop.clock.timestamp()
        for number in range(10):
            is_taken_over = number in started and int(now) // 60 % 10 == number and int(now) % 60 == 0
            started[number] = now if is_taken_over else started.get(number, now - 5000)
            shop.set(UPTIME, now - started[number], instance=f"10.0.0.{number}:15020")
        for pod, _ in shop.pod_names("server"):
            shop.count("http_server_requests_seconds_count", 4 + rng.random(), namespace="shop", pod=pod, status="200")

    shop = cluster(works, "server", "client", contracts=[USERS], bakeSeconds=30)
    shop.apply("server", "server2", None)
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert shop.status.release is not None and not shop.status.release.outages
    assert len(set(started.values())) > 1, "addresses were taken over"


def test_an_exporter_of_topics_that_falls_silent_beside_one_that_counts_brokers_says_nothing_of_them() -> None:
    gone, written = [False], [0.0]

    def works(shop: WatchedCluster) -> None:
        shop.set("kafka_brokers", 1.0)
        written[0] += 50
        shop.set("burrow_kafka_topic_partition_offset", written[0], topic="events", partition="0")
        if gone[0]:
            shop.drop("burrow_kafka_topic_partition_offset")

    shop = cluster(works, "writer", "reader", contracts=[EVENTS])
    shop.apply("writer", "writer2", None)
    shop.play_until_new_pods("writer", "writer2")
    shop.play(looks=12)
    gone[0] = True
    shop.play(looks=20)
    assert life_of_kafka(shop) is Life.ALIVE


def test_streams_of_nats_tell_that_its_server_is_there_and_without_them_nothing_is_known() -> None:
    there = [True]

    def works(shop: WatchedCluster) -> None:
        shop.set("jetstream_server_total_streams", 2.0, server_id="a")
        if not there[0]:
            shop.drop("jetstream_server_total_streams")
        for pod, _ in shop.pod_names("reader"):
            shop.count("spring_kafka_listener_seconds_count", 5, namespace="shop", pod=pod, result="success")

    shop = cluster(works, "writer", "reader", contracts=[EVENTS])
    shop.apply("writer", "writer2", None)
    shop.play_until_new_pods("writer", "writer2")
    shop.play(looks=40)
    assert life_of_kafka(shop) is Life.ALIVE
    there[0] = False
    shop.play(looks=20)
    assert life_of_kafka(shop) is Life.UNKNOWN


def life_of_kafka(shop: WatchedCluster) -> Life:
    snapshot = shop.snapshot()
    assessed = assess(snapshot, shop._answers(snapshot), shop.now)
    assert isinstance(assessed, Assessment), assessed
    return Scene.of(assessed.evidence).alive(Dependency.KAFKA).life
