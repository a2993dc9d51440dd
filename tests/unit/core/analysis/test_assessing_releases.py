"""Whole releases under the analysis: what broke is named from raw counters alone, and heeded."""

import random

import pytest

from tests.unit.core.analysis.played_releases import EVENTS, ROWS, USERS, answer_requests, cluster, finding, summary, unreadable_rows
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def test_a_release_in_which_nothing_is_wrong_completes_and_nothing_is_found() -> None:
    rng = random.Random(1)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.01, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play(looks=250)
    assert summary(shop) == "Completed: release " + shop.status.release.id + " is complete"  # type: ignore[union-attr]
    assert shop.status.release.finding is None  # type: ignore[union-attr]


def test_that_nothing_can_be_told_at_the_first_looks_holds_the_release_and_is_no_finding() -> None:
    rng, said = random.Random(1), []

    def works(shop: WatchedCluster) -> None:
        said.append(f"{shop.status.summary.message if shop.status.summary else ''} {shop.status.release.finding if shop.status.release else None}")
        answer_requests(shop, rng, bad=lambda revision: (0.0, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play(looks=40)
    assert any("it has only just begun to look" in one for one in said)
    assert not any("nothing could be measured" in one for one in said)


def test_a_tightened_validation_is_named_mode_2_and_the_server_goes_back() -> None:
    rng = random.Random(2)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.3, "422") if is_new(revision) else (0.002, "422"))

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play(looks=120)
    assert (finding(shop).cause, finding(shop).workload) == ("Mode2", "server"), finding(shop)
    assert shop.status.release is not None and shop.status.release.failure is not None
    assert shop.status.release.failure.reason == "Diagnosed" and shop.pods("server") == {"server1": 10}


@pytest.mark.parametrize("mode", ["DryRun", "Disabled"])
def test_a_dry_run_only_reports_and_a_disabled_analysis_asks_nothing(mode: str) -> None:
    rng = random.Random(2)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.3, "422") if is_new(revision) else (0.002, "422"))

    shop = cluster(works, "server", "client", contracts=[USERS], mode=mode)
    shop.apply("server", "server2", None)
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)
    found = shop.status.release.finding if shop.status.release is not None else None
    assert (found is not None) is (mode == "DryRun")
    assert ("Found server" in shop.log) is (mode == "DryRun")


def test_dead_letters_of_old_consumers_are_named_mode_1_and_only_the_writer_goes_back() -> None:
    rng = random.Random(3)

    def works(shop: WatchedCluster) -> None:
        _broker(shop)
        writers = shop.pod_names("writer")
        share = sum(is_new(revision) for _, revision in writers) / max(1, len(writers))
        for pod, revision in shop.pod_names("reader"):
            for _ in range(5):
                fails = rng.random() < (share if not is_new(revision) else 0.0)
                shop.count("spring_kafka_listener_seconds_count", namespace="shop", pod=pod, result="failure" if fails else "success")
                shop.count("kafka_consumer_fetch_manager_records_consumed_total", namespace="shop", pod=pod)
                if fails:
                    shop.count("kafka_topic_partition_current_offset", topic="events.dlt", partition="0")

    shop = cluster(works, "writer", "reader", contracts=[EVENTS])
    shop.apply("writer", "writer2", None)
    shop.play(looks=120)
    assert (finding(shop).cause, finding(shop).certainty, finding(shop).workload) == ("Mode1", "Named", "writer"), finding(shop)
    assert shop.pods("writer") == {"writer1": 10}


def test_a_database_that_goes_down_holds_the_release_which_goes_on_alone_when_it_is_back() -> None:
    rng = random.Random(4)
    down: set[int] = set()

    def works(shop: WatchedCluster) -> None:
        second = int(shop.clock.timestamp()) if shop.clock is not None else 0
        away = second in down
        shop.set("pg_up", 0.0 if away else 1.0)
        shop.set("pg_postmaster_start_time_seconds", float(max((one for one in down if one < second), default=0)) if not away else 0.0)
        if away:
            shop.drop("pg_postmaster_start_time_seconds")
        answer_requests(shop, rng, bad=lambda revision: (0.9, "500") if away else (0.002, "500"))
        for pod, _ in shop.pod_names("server"):
            shop.count("db_client_operation_duration_seconds_count", 3, namespace="shop", pod=pod, db_response_status_code="57P01" if away else "")

    shop = cluster(works, "server", "client", contracts=[USERS, ROWS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    begin = int(shop.now.timestamp())
    down.update(range(begin + 20, begin + 60))
    shop.play(looks=55)
    assert (finding(shop).cause, finding(shop).action) == ("DatabaseDown", "ResumeAfterQuiet"), finding(shop)
    assert summary(shop).startswith("Waiting") and "goes on alone" in summary(shop)
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert not any("Freeze" in line or "RollbackStarted" in line for line in shop.log), shop.log


def test_old_pods_that_cannot_read_new_rows_stop_the_spread_and_a_person_goes_forward() -> None:
    shop = cluster(unreadable_rows(random.Random(5)), "server", "client", contracts=[USERS, ROWS])
    shop.apply("server", "server2", None)
    shop.play(looks=120)
    assert (finding(shop).cause, finding(shop).certainty, finding(shop).action) == ("Mode5", "Named", "StopSpreading"), finding(shop)
    assert shop.pods("server")["server1"] > 0 and "RollbackStarted" not in " ".join(shop.log)
    stalled = next(known for known in shop.status.conditions if known.type == "Stalled")
    assert (stalled.status, stalled.reason) == ("True", "ForwardOnly")
    shop.say("forward", reason="old rows can be read by new pods")
    shop.play(looks=120)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert shop.pods("server") == {"server2": 10}


def test_a_prometheus_that_goes_away_does_not_lift_a_hold() -> None:
    rng = random.Random(1)
    shop = _held_by_its_database(rng)
    shop.unreachable_from, before = shop.now, shop.pods("server")
    for _ in range(8):
        shop.play(looks=2, seconds=40.0)
    assert shop.pods("server") == before and before["server2"], "nothing new started, and nothing went back"
    assert "can't tell" in summary(shop) or "database" in summary(shop)


def test_what_a_wrong_exporter_holds_a_person_can_let_go_on_also_between_two_rolls() -> None:
    shop = _held_by_its_database(random.Random(1))
    shop.apply("client", "client2", None)
    shop.play(looks=5)
    shop.say("expedite", reason="pg_up is of another database")
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_new_pods_that_never_get_ready_go_back_in_time_although_the_analysis_holds() -> None:
    rng = random.Random(6)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.01, "500"))
        for pod, revision in shop.pod_names("server"):
            shop.count("kube_pod_container_status_restarts_total", 0.2 if is_new(revision) else 0.0, namespace="shop", pod=pod, container="main")

    shop = cluster(works, "server", "client", contracts=[USERS], progressDeadlineSeconds=60)
    shop.broken.add("server2")
    shop.apply("server", "server2", None)
    shop.play(looks=150)
    assert shop.pods("server") == {"server1": 10}, summary(shop)


def test_a_word_on_a_suspicion_does_not_keep_what_is_named_later_from_going_back() -> None:
    rng, broken = random.Random(2), [False]

    def works(shop: WatchedCluster) -> None:
        shop.set("pg_up", 1.0)
        for pod, _ in shop.pod_names("server"):
            shop.count("db_client_operation_duration_seconds_count", 3, namespace="shop", pod=pod, db_response_status_code="")
        answer_requests(shop, rng, bad=lambda revision: (0.5, "422") if is_new(revision) and broken[0] else (0.002, "422"))

    shop = cluster(works, "server", "client", contracts=[USERS, ROWS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.say("approve", subject="analysis", reason="I know this one")
    shop.play(looks=10)
    assert shop.status.commands[-1].accepted
    broken[0] = True
    shop.play(looks=90)
    assert shop.pods("server") == {"server1": 10}, summary(shop)


def test_a_lag_that_grows_holds_a_reader_of_which_nothing_else_is_known_and_is_told_in_looks() -> None:
    lag = [0.0]

    def works(shop: WatchedCluster) -> None:
        _broker(shop)
        lag[0] += 50 if shop.views["reader"].replica_sets and any(is_new(revision) for _, revision in shop.pod_names("reader")) else 0
        shop.set("kafka_consumergroup_lag", lag[0], topic="events", partition="0", consumergroup="reader")

    shop = cluster(works, "reader", "writer", contracts=[EVENTS])
    shop.apply("reader", "reader2", None)
    shop.play(looks=40)
    found = finding(shop)
    assert (found.cause, found.certainty, found.action) == ("Mode3", "Suspected", "Hold"), found
    assert found.evidence[0] == "all pods of reader: looks at a growing lag 100 % (2 of 2 looks), before the release 0 %"


@pytest.mark.parametrize("is_missed", [True, False], ids=["all requests come through it", "others ask too"])
def test_a_gateway_that_is_away_and_back_holds_the_release_for_as_long_as_it_is_missed_and_takes_nothing_back(is_missed: bool) -> None:
    rng, found = random.Random(11), list[tuple[str, str, str]]()

    def works(shop: WatchedCluster) -> None:
        if shop.away and is_missed:
            _pods_known(shop)
        else:
            answer_requests(shop, rng, bad=lambda revision: (0.01, "500"))
            _pods_known(shop)
        release = shop.status.release
        if release is not None and release.finding is not None:
            found.append((release.finding.cause, release.finding.certainty, release.finding.action))

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.play(looks=10)
    shop.away.add("client")
    shop.play(looks=20)
    if is_missed:
        assert "the gateway (client) is down" in summary(shop), summary(shop)
    else:
        assert "gateway" not in summary(shop), summary(shop)
    shop.away.clear()
    shop.restarts["client"] = 1
    shop.play(looks=330)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert {one for one in found if one[1] == "Named"} == ({("GatewayRestart", "Named", "ResumeAfterQuiet")} if is_missed else set())
    assert shop.status.release is not None and shop.status.release.rollback is None


def test_a_client_that_was_scaled_to_nothing_hides_no_failure_of_the_server_and_discards_nothing() -> None:
    rng, broken = random.Random(12), [False]

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.5, "500") if broken[0] and is_new(revision) else (0.002, "500"))
        _pods_known(shop)

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.play(looks=10)
    shop.away.add("client")
    shop.play(looks=10)
    broken[0] = True
    shop.play(looks=60)
    assert finding(shop).action == "Hold" and any("new pods of server" in line for line in finding(shop).evidence + finding(shop).then), finding(shop)
    assert shop.status.release is not None and not shop.status.release.outages, "what gates measure meanwhile counts"


def test_traffic_that_falls_in_the_evening_holds_nothing() -> None:
    rng, second, evening = random.Random(13), [0], [False]

    def works(shop: WatchedCluster) -> None:
        second[0] += 1
        if evening[0] and second[0] % 4:
            return
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    evening[0] = True
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert "Found server" not in shop.log


def test_numbers_that_are_no_counts_are_left_out() -> None:
    rng = random.Random(9)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.01, "500"))
        for pod, _ in shop.pod_names("server"):
            shop.set("http_server_requests_seconds_count", rng.choice((-1e300, 1e300, 5e-324, float(-rng.random()))), namespace="shop", pod=pod, status="599")

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play(looks=60)
    assert "Defect" not in " ".join(shop.log) and shop.pods("server")


def _held_by_its_database(rng: random.Random) -> WatchedCluster:
    away = [False]

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.01, "500"))
        shop.set("pg_up", 0.0 if away[0] else 1.0)

    shop = cluster(works, "server", "client", contracts=[USERS, ROWS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    away[0] = True
    shop.play(looks=15)
    assert summary(shop).startswith("Waiting") and "database" in summary(shop), summary(shop)
    return shop


def _broker(shop: WatchedCluster) -> None:
    shop.set("kafka_brokers", 1.0)
    shop.count("kafka_topic_partition_current_offset", 50, topic="events", partition="0")
    shop.count("kafka_topic_partition_current_offset", 0, topic="events.dlt", partition="0")
    shop.count("kafka_consumergroup_current_offset", 50, topic="events", partition="0", consumergroup="reader")
    shop.set("kafka_consumergroup_lag", 1.0, topic="events", partition="0", consumergroup="reader")


def _pods_known(shop: WatchedCluster) -> None:
    """Have somebody list the pods that are there, as kube-state-metrics does."""
    for name in shop.views:
        for pod, _ in shop.pod_names(name):
            shop.set("kube_pod_container_status_restarts_total", 0.0, namespace="shop", pod=pod, container=name)
