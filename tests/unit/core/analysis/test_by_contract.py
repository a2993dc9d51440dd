"""Simulated releases in which a workload has two contracts of one kind: labels tell which of them is broken, or nobody knows."""

import random
from collections.abc import Callable

import pytest

from saferollout.core.analysis.exposure import unproven
from saferollout.core.diagnosis.evidence import Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.played_releases import cluster, finding
from tests.unit.core.analysis.released_shop import USERS, PodWork, Released, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

CACHES = [{"name": name, "cache": {"ttlSeconds": 60}, "readers": ["server"], "writers": ["server"]} for name in ("profiles", "sessions")]


def topic(name: str, writer: str, **more: str) -> dict[str, object]:
    groups = [{"group": "reader", "workload": "reader"}]
    return {"name": name, "writers": [writer], "topic": {"name": name, "retentionSeconds": 86400, "consumerGroups": groups, **more}}


def has_new_pods(shop: WatchedCluster, name: str) -> bool:
    return any(is_new(revision) for _, revision in shop.pod_names(name))


def looks_up(name_of: Callable[[str], str]) -> PodWork:
    """Look up in both caches; once there are new pods every other look-up in `sessions` misses."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        for name in ("profiles", "sessions"):
            for _ in range(5):
                misses = shop.rng.random() < (0.5 if name == "sessions" and has_new_pods(shop, "server") else 0.05)
                shop.count("cache_gets_total", namespace="shop", pod=pod, cache=name_of(name), result="miss" if misses else "hit")
                if misses:
                    shop.count("cache_puts_total", namespace="shop", pod=pod, cache=name_of(name))

    return work


def a_living_cache(shop: WatchedCluster) -> None:
    shop.set("redis_up", 1.0)


def two_caches(name_of: Callable[[str], str] = lambda name: name) -> Released:
    return released(looks_up(name_of), once=a_living_cache, contracts=[USERS, *CACHES]).after(200)


def test_misses_under_the_name_of_one_cache_are_named_for_it() -> None:
    told = two_caches().told
    assert told is not None
    assert (told.finding.cause, told.finding.certainty, told.finding.contract) == (Cause.MODE_4, Certainty.NAMED, "sessions")
    assert {one.contract for one in told.evidence.readings if one.symptom is Symptom.CACHE_MISSES} == {"", "profiles", "sessions"}


def test_misses_under_names_that_no_contract_has_leave_the_cache_unknown() -> None:
    told = two_caches(lambda name: f"{name}-v1").told
    assert told is not None
    assert (told.finding.cause, told.finding.certainty, told.finding.action) == (Cause.MODE_4, Certainty.SUSPECTED, Action.HOLD)
    assert "which of profiles, sessions is not known" in told.finding.doubts


def test_of_a_workload_with_one_cache_nothing_is_counted_twice() -> None:
    told = released(looks_up(lambda name: name), once=a_living_cache, contracts=[USERS, CACHES[1]]).after(60).told
    assert told is not None
    assert {one.contract for one in told.evidence.readings if one.symptom in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS)} == {""}


def handles(shop: WatchedCluster, pod: str, revision: str) -> None:
    """Handle records of two topics; once there are new pods of their writer some of b fail."""
    for name in ("a", "b"):
        fails = name == "b" and has_new_pods(shop, "server") and shop.rng.random() < 0.3
        for _ in range(3):
            shop.count(
                "messaging_process_duration_seconds_count", namespace="shop", pod=pod, messaging_destination_name=name,
                **({"error_type": "Unreadable"} if fails else {}),
            )  # fmt: skip


def two_plain_topics(*, writers: list[str], readers: list[str]) -> list[dict[str, object]]:
    return [{"name": name, "topic": {"name": name, "retentionSeconds": 86400}, "writers": writers, "readers": readers} for name in ("a", "b")]


def test_records_that_fail_under_the_name_of_one_topic_are_named_for_it() -> None:
    told = released(everybody=(handles,), contracts=two_plain_topics(writers=["server"], readers=["client"])).after(150).told
    assert told is not None
    standings = {(one.contract, one.standing) for one in told.evidence.readings if one.symptom is Symptom.CONSUMER_FAILURES and one.workload == "client"}
    assert {("", Standing.WORSE), ("b", Standing.WORSE)} <= standings and ("a", Standing.WORSE) not in standings
    assert (told.finding.cause, told.finding.workload, told.finding.contract) == (Cause.MODE_1, "server", "b")


def test_a_batch_is_to_be_shown_well_in_all_its_topics_together_and_not_in_each() -> None:
    found = released(handles, contracts=two_plain_topics(writers=["client"], readers=["server"])).after(40)
    assert found.told is not None
    compared = {one.contract for one in found.told.compared if one.symptom is Symptom.CONSUMER_FAILURES}
    waits = unproven(found.told.compared, workload="server", since=found.shop.now, highest_rate=0.02, without=())
    assert compared == {"", "a", "b"}
    assert [one.symptom for one in waits] == [Symptom.CONSUMER_FAILURES]


@pytest.mark.parametrize("names", [("client", "other"), ("client.shop", "other.shop")])
def test_calls_that_are_counted_by_server_tell_which_api_a_client_is_ahead_of(names: tuple[str, str]) -> None:
    contracts = [{"name": f"{name}-api", "api": {"server": name, "clients": ["server"]}} for name in ("client", "other")]

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        for place, name in enumerate(names):
            for _ in range(3):
                refused = place == 1 and is_new(revision) and shop.rng.random() < 0.5
                labels = {"reporter": "source", "destination_workload": name, "response_code": "422" if refused else "200"}
                shop.count("istio_requests_total", namespace="shop", pod=pod, **labels)

    told = released(work, contracts=contracts).after(150).told
    assert told is not None
    known = names == ("client", "other")
    assert (told.finding.cause, told.finding.workload, told.finding.action) == (Cause.MODE_3, "server", Action.ROLL_BACK)
    assert told.finding.contract == ("other-api" if known else "")
    assert told.finding.doubts == (() if known else ("which of client-api, other-api is not known",))


def two_topics(*, dead_letters: bool) -> WatchedCluster:
    """Play a release of two writers of one reader; what the new pods of `wb` write can't be read."""
    rng, written, dead = random.Random(1), [0.0], [0.0]

    def works(shop: WatchedCluster) -> None:
        pods = shop.pod_names("wb")
        share = sum(is_new(revision) for _, revision in pods) / max(1, len(pods))
        written[0] += 50
        dead[0] += share * 50
        shop.set("kafka_brokers", 1.0)
        for name in ("a", "b"):
            shop.set("kafka_topic_partition_current_offset", written[0], topic=name, partition="0")
        if dead_letters:
            shop.set("kafka_topic_partition_current_offset", 0.0, topic="a.dlt", partition="0")
            shop.set("kafka_topic_partition_current_offset", dead[0] // 1, topic="b.dlt", partition="0")
        for pod, _ in (*shop.pod_names("wa"), *shop.pod_names("wb")):
            shop.count("kafka_producer_record_send_total", 5, namespace="shop", pod=pod)
        for pod, _ in shop.pod_names("reader"):
            for _ in range(10):
                shop.count("spring_kafka_listener_seconds_count", namespace="shop", pod=pod, result="failure" if rng.random() < share / 2 else "success")

    more = {"deadLetterTopic": "a.dlt"}, {"deadLetterTopic": "b.dlt"}
    contracts = [topic(name, writer, **(more[place] if dead_letters else {})) for place, (name, writer) in enumerate((("a", "wa"), ("b", "wb")))]
    shop = cluster(works, "wa", "wb", "reader", contracts=contracts, bakeSeconds=20)
    shop.apply("wa", "wa2", None)
    shop.apply("wb", "wb2", None)
    shop.play(looks=300)
    return shop


@pytest.mark.parametrize("dead_letters", [True, False])
def test_a_writer_of_another_topic_never_goes_back_for_records_that_cannot_be_read(dead_letters: bool) -> None:
    shop = two_topics(dead_letters=dead_letters)
    assert "Failed wa" not in shop.log and shop.pods("wa") == {"wa2": 10}
    assert (finding(shop).cause, finding(shop).workload) == ("Mode1", "wb")
    assert ("Failed wb" in shop.log) is dead_letters
    assert finding(shop).certainty == ("Named" if dead_letters else "Suspected"), finding(shop)
    assert ("which of a, b is not known" in finding(shop).doubts) is not dead_letters


@pytest.mark.parametrize("refused", ["client", "batch"])
def test_a_server_of_two_apis_is_named_for_the_one_whose_client_is_refused(refused: str) -> None:
    rng = random.Random(1)

    def works(shop: WatchedCluster) -> None:
        for pod, revision in shop.pod_names("server"):
            for _ in range(5):
                status = "400" if is_new(revision) and rng.random() < 0.3 else "200"
                shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status=status)
        for name in ("client", "batch"):
            for pod, _ in shop.pod_names(name):
                for _ in range(5):
                    status = "400" if name == refused and has_new_pods(shop, "server") and rng.random() < 0.05 else "200"
                    shop.count("http_client_requests_seconds_count", namespace="shop", pod=pod, status=status)

    contracts = [{"name": f"{name}-api", "api": {"server": "server", "clients": [name]}} for name in ("client", "batch")]
    shop = cluster(works, "server", "client", "batch", contracts=contracts)
    shop.apply("server", "server2", None)
    shop.play(looks=100)
    assert (finding(shop).cause, finding(shop).contract, finding(shop).workload) == ("Mode2", f"{refused}-api", "server")
    assert shop.pods("server") == {"server1": 10}
