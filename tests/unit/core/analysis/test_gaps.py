"""Data that can't be trusted: the release holds, says what to mend, and a person may let it go on."""

import random
from collections.abc import Callable

import pytest

from saferollout.core.measurements import Outcome
from tests.unit.core.analysis.played_releases import EVENTS, USERS, cluster, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

REQUESTS = "http_server_requests_seconds_count"
OTEL = "http_server_request_duration_seconds_count"
Serves = Callable[[WatchedCluster, str, str, str], None]


def plainly(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
    shop.count(REQUESTS, namespace="shop", pod=pod, status=status)


def release(serves: Serves = plainly, *, contracts: list[dict[str, object]] | None = None, **fields: object) -> WatchedCluster:
    """Release a server that answers five requests a second and pod, all of them well."""
    rng = random.Random(3)

    def works(shop: WatchedCluster) -> None:
        for pod, revision in shop.pod_names("server"):
            for _ in range(5):
                serves(shop, pod, revision, "500" if rng.random() < 0.005 else "200")

    made = cluster(works, "server", "client", contracts=contracts or [USERS], **fields)  # type: ignore[arg-type]
    made.apply("server", "server2", None)
    made.play_until_new_pods("server", "server2")
    return made


def assert_held(shop: WatchedCluster, *, because: str) -> None:
    held = shop.pods("server")
    shop.play(looks=120)
    assert summary(shop).startswith("Waiting") and because in summary(shop), summary(shop)
    assert shop.pods("server") == held and held.get("server1"), "nothing new started, and nothing went back"
    written = shop.status_writes
    shop.play(looks=30)
    assert shop.status_writes - written <= 2, "a hold is no reason to write at every look"


def assert_a_person_lets_it_go_on(shop: WatchedCluster) -> None:
    for _ in range(5):
        shop.say("approve", subject="analysis", reason="I know")
        shop.play(looks=90)
    assert summary(shop).startswith("Completed"), summary(shop)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.UNREACHABLE, "Prometheus did not answer within 10 s"),
        (Outcome.UNREACHABLE, "the clock of Prometheus and the one here differ by more than 30 s: synchronise both machines (NTP)"),
        (Outcome.PARTIAL, "Prometheus warned that its answer may be incomplete"),
        (Outcome.INVALID, "the query answers with more than 10000 series"),
        (Outcome.STALE, "every sample behind the value is older than 100 s"),
    ],
)
def test_a_series_that_the_last_looks_could_not_read_holds_and_says_why(outcome: Outcome, said: str) -> None:
    shop = release()
    shop.refuse(REQUESTS, outcome, said)
    shop.play(looks=12)
    assert_held(shop, because=f"the analysis can't tell how the release is: {REQUESTS} of server was not fully answered: {said}")
    shop.refusals.clear()
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_one_look_without_an_answer_only_makes_the_next_window_longer() -> None:
    shop = release()
    shop.play(looks=21)
    shop.refuse(REQUESTS, Outcome.UNREACHABLE, "Prometheus did not answer in time")
    shop.play(looks=6)
    assert any(at > shop.refusals[REQUESTS][2] for at in shop.history), "one instant was asked for, and not answered"
    assert "not fully answered" not in summary(shop)
    shop.refusals.clear()
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_new_pods_whose_series_lack_a_label_are_not_taken_for_good_ones() -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        labels = {} if is_new(revision) else {"status": status}
        shop.count(REQUESTS, namespace="shop", pod=pod, **labels)

    shop = release(serves)
    shop.play(looks=70)
    assert_held(shop, because=f"some pods of server report {REQUESTS} without status, so they are not counted")
    assert_a_person_lets_it_go_on(shop)


@pytest.mark.parametrize("new_metric", [OTEL, REQUESTS])
def test_new_and_old_pods_with_different_exporters_are_not_compared(new_metric: str) -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        metric = new_metric if is_new(revision) else {OTEL: REQUESTS, REQUESTS: OTEL}[new_metric]
        label = {OTEL: "http_response_status_code", REQUESTS: "status"}[metric]
        shop.count(metric, namespace="shop", pod=pod, **{label: status})

    shop = release(serves)
    shop.play(looks=70)
    assert_held(shop, because=f"pods of server report HttpServer by different metrics, some by {REQUESTS} (Micrometer), others only by {OTEL} (OpenTelemetry)")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"pod": ""}, "HttpServer of server can't be read: http_server_requests_seconds_count is there, but without the label pod"),
        ({"code": "200"}, "HttpServer of server can't be read: http_server_requests_seconds_count is there, but no series of it has the label status"),
    ],
)
def test_a_signal_whose_series_lack_a_label_holds_and_names_the_label(labels: dict[str, str], said: str) -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        own = {"pod": pod, **labels} if "code" in labels else {"status": status}
        shop.count(REQUESTS, namespace="shop", **own)
        shop.count("kube_pod_container_status_restarts_total", 0.0, namespace="shop", pod=pod)

    shop = release(serves)
    assert_held(shop, because=said)
    assert_a_person_lets_it_go_on(shop)


@pytest.mark.parametrize("contracts", [[USERS, EVENTS], [USERS]])
def test_a_prometheus_that_has_lost_the_time_before_the_release_holds_what_is_judged_by_it(contracts: list[dict[str, object]]) -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        plainly(shop, pod, revision, status)
        for topic in ("events", "events.dlt"):
            shop.count("kafka_topic_partition_current_offset", 1.0 if topic == "events" else 0.0, topic=topic, partition="0")

    shop = release(serves, contracts=contracts)
    shop.play(looks=10)
    shop.forgets_before = shop.now
    shop.play(looks=10)
    if EVENTS not in contracts:
        shop.play(looks=250)
        assert summary(shop).startswith("Completed"), "new pods are compared with old ones all the same"
        return
    assert_held(shop, because="Prometheus knows nothing of the time before the release")
    assert_a_person_lets_it_go_on(shop)


def test_a_counter_that_goes_back_and_forth_blames_nobody_and_holds() -> None:
    seconds = [0]

    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        plainly(shop, pod, revision, status)
        seconds[0] += 1
        if not is_new(revision):
            # Of two replicas one is behind by some requests; which of them answers changes every seven seconds. Long ago many requests failed.
            behind = 40.0 if int(shop.clock.timestamp()) // 7 % 2 else 0.0  # type: ignore[union-attr]
            shop.set(REQUESTS, 9000.0 + seconds[0] - behind, namespace="shop", pod=pod, status="200")
            shop.set(REQUESTS, 4000.0 - behind / 10, namespace="shop", pod=pod, status="500")

    shop = release(serves)
    shop.play(looks=20)
    assert_held(shop, because=f"{REQUESTS} goes backwards again and again without a restart")
    assert shop.status.release is not None and shop.status.release.finding is None
    assert "Found server" not in shop.log, "nobody is blamed for what was counted long ago"


def test_a_dry_run_with_a_gap_holds_nothing() -> None:
    shop = release(mode="DryRun")
    shop.refuse(REQUESTS, Outcome.PARTIAL, "Prometheus warned that its answer may be incomplete")
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)


@pytest.mark.parametrize("metric", ["up", "kube_pod_status_ready", "container_cpu_cfs_throttled_periods_total"])
def test_another_target_without_a_pod_in_the_namespace_holds_nothing(metric: str) -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        plainly(shop, pod, revision, status)
        shop.set(metric, 1.0, namespace="shop", job="blackbox")

    shop = release(serves)
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_a_roll_that_is_complete_holds_no_other_for_what_its_pods_report() -> None:
    def serves(shop: WatchedCluster, pod: str, revision: str, status: str) -> None:
        shop.count(REQUESTS, namespace="shop", pod=pod, **({} if is_new(revision) else {"status": status}))

    shop = release(serves)
    shop.apply("client", "client2", None)
    for _ in range(8):
        shop.play(looks=60)
        if any(roll.workload == "server" for roll in shop.status.release.rolls):  # type: ignore[union-attr]
            shop.say("approve", subject="analysis", reason="I know")
    assert shop.pods("server") == {"server2": 10}
    shop.play(looks=150)
    assert summary(shop).startswith("Completed"), summary(shop)


def busy_servers(shop: WatchedCluster) -> None:
    shop.count("nginx_ingress_controller_requests", 5, status="200")
    shop.count("redis_evicted_keys_total", 1)
    shop.set("redis_up", 1.0)
    shop.count("kafka_topic_partition_current_offset", 5, topic="events", partition="0")
    shop.count("kafka_consumergroup_current_offset", 5, topic="events", partition="0", consumergroup="reader")


@pytest.mark.parametrize("metric", ["nginx_ingress_controller_requests", "redis_evicted_keys_total", "kafka_consumergroup_current_offset"])
def test_a_slow_answer_to_what_no_verdict_rests_on_holds_nothing(metric: str) -> None:
    profiles = {"name": "profiles", "cache": {}, "readers": ["server"], "writers": ["server"]}
    shop = release(contracts=[USERS, EVENTS, profiles])
    works = shop.works
    shop.works = lambda one: (works(one), busy_servers(one))[0]
    shop.play(looks=20)
    shop.refuse(metric, Outcome.UNREACHABLE, "Prometheus did not answer within 10 s")
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)
