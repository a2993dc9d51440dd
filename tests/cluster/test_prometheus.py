"""Gates asked of a real Prometheus, which scrapes what the test serves every second."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from localcluster.prometheus import Prometheus, Target, standalone_prometheus
from saferollout.api.contracts import Contract
from saferollout.api.gates import Gate
from saferollout.core.answers import Answer
from saferollout.core.arms import Arms, Labels
from saferollout.core.measurements import Measurement, Outcome, Query, Question
from saferollout.core.measuring import measure
from saferollout.core.signals import query_for
from saferollout.core.topic_signals import other_groups
from saferollout.shell.observer import PrometheusObserver
from saferollout.shell.prometheus import Endpoint, PrometheusClient
from tests.cluster.scraped import Exposed, serving

pytestmark = pytest.mark.long

EVENTS = Contract.model_validate(
    {
        "name": "events",
        "topic": {"name": "events", "deadLetterTopic": "events.dlt", "consumerGroups": [{"group": "billing", "workload": "billing"}]},
    }
)
ARMS = {"gateway": Arms(new=("gateway-2-[a-z0-9]{5}",), old=("gateway-1-[a-z0-9]{5}",), all=("gateway-[12]-[a-z0-9]{5}",))}
PLAIN = Labels()
COUNT = "http_server_requests_seconds_count"
BUCKET = "http_server_requests_seconds_bucket"
POD = {"namespace": "shop", "pod": "gateway-2-abcde"}


class Stage:
    """A Prometheus and what it scrapes: a pod of the gateway and an exporter of the broker."""

    def __init__(self, prometheus: Prometheus, *, pod: Exposed, exporter: Exposed) -> None:
        self.prometheus, self.pod, self.exporter = prometheus, pod, exporter
        self.client = PrometheusClient(Endpoint(url=prometheus.url))

    def targets(self, *, pod_labels: Mapping[str, str] | None = None) -> list[Target]:
        """Say what is to be scraped."""
        exporter = Target(self.exporter.address, {"namespace": "monitoring", "pod": "kafka-exporter"})
        return [Target(self.pod.address, POD if pod_labels is None else pod_labels), exporter]

    def measure(self, *, preflight: bool = False, longest_age: float = 100.0, labels: Labels = PLAIN, **fields: object) -> Measurement:
        """Measure a gate now."""
        at = datetime.now(UTC)
        query = gate_query(preflight=preflight, labels=labels, **fields)
        return measure(query, at=at, ask=partial(self.client.ask, at=at), longest_age=longest_age)

    def wait_for(
        self, what: str, holds: Callable[[Measurement], bool], *, preflight: bool = False, labels: Labels = PLAIN, **fields: object
    ) -> Measurement:
        """Measure until it holds."""
        deadline = time.monotonic() + 20
        while True:
            measured = self.measure(preflight=preflight, labels=labels, **fields)
            if holds(measured):
                return measured
            assert time.monotonic() < deadline, f"{what}: last {measured}"
            time.sleep(0.2)


def gate_query(*, preflight: bool = False, labels: Labels = PLAIN, **fields: object) -> Query:
    gate = Gate.model_validate({"name": "gate", "max": "1", "windowSeconds": 4, **fields})
    query = query_for(gate, contracts=(EVENTS,), arms_by_workload=ARMS, namespace="shop", labels=labels, preflight=preflight)
    assert isinstance(query, Query), query
    return query


RATIO = {"signal": "ClientErrorRatio", "workload": "gateway", "minimumRequests": 10}
SLOWNESS = {"signal": "Latency", "workload": "gateway", "minimumRequests": 10, "quantile": "0.5"}
DEPTH = {"signal": "DeadLetterDepth", "contract": "events"}
GROWTH = {"signal": "DeadLetterGrowth", "contract": "events"}
LAG = {"signal": "ConsumerLag", "contract": "events"}


def is_value(expected: float) -> Callable[[Measurement], bool]:
    return lambda measured: measured.value == pytest.approx(expected)


def has(outcome: Outcome) -> Callable[[Measurement], bool]:
    return lambda measured: measured.outcome is outcome


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Stage]:
    with serving() as pod, serving() as exporter, standalone_prometheus(tmp_path / "prometheus") as prometheus:
        stage = Stage(prometheus, pod=pod, exporter=exporter)
        prometheus.set_targets(stage.targets())
        yield stage


def test_errors_that_were_never_counted_are_0_and_the_first_ones_of_a_new_series_count(scene: Stage) -> None:
    scene.pod.set("process_start_time_seconds", 1)
    scene.wait_for("a pod that nobody has asked yet fails nothing before the first step", is_value(0), preflight=True, **RATIO)
    assert scene.measure(**RATIO).outcome is Outcome.NO_DATA

    scene.pod.set(COUNT, 60, status="200")
    scene.wait_for("no error among sixty requests", is_value(0), **RATIO)
    scene.wait_for("the window has passed them", has(Outcome.TOO_LITTLE_TRAFFIC), **RATIO)

    scene.pod.set(COUNT, 75, status="200")
    scene.pod.set(COUNT, 5, status="400")
    scene.wait_for("five errors among twenty requests", is_value(0.25), **RATIO)


def test_a_restarted_process_counts_from_0_again(scene: Stage) -> None:
    scene.pod.set(COUNT, 1000, status="200")
    scene.wait_for("requests", is_value(0), **RATIO)
    scene.wait_for("the window has passed them", has(Outcome.TOO_LITTLE_TRAFFIC), **RATIO)
    scene.pod.set(COUNT, 15, status="200")
    scene.pod.set(COUNT, 5, status="404")
    scene.wait_for("five of twenty, not of a thousand less", is_value(0.25), **RATIO)


def test_a_latency_is_a_quantile_of_the_window(scene: Stage) -> None:
    def serve(fast: int, slow: int) -> None:
        scene.pod.set(COUNT, fast + slow, status="200")
        for bound, count in (("0.1", fast), ("1", fast + slow), ("+Inf", fast + slow)):
            scene.pod.set(BUCKET, count, status="200", le=bound)

    serve(100, 0)
    scene.wait_for("all are fast", is_value(0.05), **SLOWNESS)
    scene.wait_for("the window has passed them", has(Outcome.TOO_LITTLE_TRAFFIC), **SLOWNESS)
    assert scene.measure(preflight=True, **SLOWNESS).value == 0
    serve(100, 100)
    scene.wait_for("all new ones are slow", is_value(0.55), **SLOWNESS)


def test_a_histogram_without_buckets_is_no_data_and_says_what_to_switch_on(scene: Stage) -> None:
    scene.pod.set(COUNT, 100, status="200")
    measured = scene.wait_for("requests, and no buckets", has(Outcome.NO_DATA), preflight=False, **{**SLOWNESS, "windowSeconds": 3600})
    deadline = time.monotonic() + 20
    while "percentiles-histogram" not in measured.detail:
        assert time.monotonic() < deadline, measured
        time.sleep(0.2)
        measured = scene.measure(**{**SLOWNESS, "windowSeconds": 3600})
    assert measured.outcome is Outcome.NO_DATA


def test_a_dead_letter_topic_that_does_not_exist_yet_holds_0(scene: Stage) -> None:
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    scene.wait_for("no dead letters", is_value(0), **DEPTH)
    scene.wait_for("none came", is_value(0), **GROWTH)

    scene.exporter.set("kafka_topic_partition_current_offset", 7, topic="events.dlt", partition="0")
    scene.exporter.set("kafka_topic_partition_oldest_offset", 2, topic="events.dlt", partition="0")
    scene.wait_for("five lie there", is_value(5), **DEPTH)
    scene.wait_for("seven came, two of them gone again", is_value(7), **GROWTH)
    scene.wait_for("the window has passed them", is_value(0), **GROWTH)
    scene.exporter.set("kafka_topic_partition_current_offset", 9, topic="events.dlt", partition="0")
    scene.wait_for("two more came", is_value(2), **GROWTH)


def test_lag_is_that_of_a_group_which_must_be_there(scene: Stage) -> None:
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    scene.wait_for("a group that never committed, before the first step", is_value(0), preflight=True, **LAG)
    assert scene.measure(**LAG).outcome is Outcome.NO_DATA
    scene.exporter.set("kafka_consumergroup_lag", 12, topic="events", partition="0", consumergroup="billing")
    scene.exporter.set("kafka_consumergroup_lag", -1, topic="events", partition="1", consumergroup="billing")
    scene.wait_for("the lag of one partition", is_value(12), **LAG)


def test_series_are_found_by_the_labels_that_this_prometheus_has(scene: Stage) -> None:
    renamed = Labels(namespace="kubernetes_namespace", pod="kubernetes_pod_name", kafka_namespace="tenant")
    pod = {"kubernetes_namespace": "shop", "kubernetes_pod_name": "gateway-2-abcde"}
    ours, theirs = scene.exporter, scene.pod
    targets = [Target(theirs.address, pod), Target(ours.address, {"namespace": "monitoring"})]
    scene.prometheus.set_targets(targets)
    scene.pod.set(COUNT, 100, status="200")
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0", tenant="shop")
    scene.exporter.set("kafka_topic_partition_current_offset", 9, topic="events.dlt", partition="0", tenant="shop")
    scene.exporter.set("kafka_topic_partition_oldest_offset", 2, topic="events.dlt", partition="0", tenant="shop")
    scene.exporter.set("kafka_topic_partition_current_offset", 900, topic="events.dlt", partition="0", tenant="other")
    scene.exporter.set("kafka_topic_partition_oldest_offset", 0, topic="events.dlt", partition="0", tenant="other")
    scene.wait_for("requests of pods by their renamed labels", is_value(0), labels=renamed, **RATIO)
    scene.wait_for("dead letters of one tenant", is_value(7), labels=renamed, **DEPTH)
    assert scene.measure(**RATIO).outcome is Outcome.NO_DATA, "by the usual names there is nothing"
    own = {"promql": "sum(http_server_requests_seconds_count{kubernetes_pod_name=~'$new'})"}
    assert scene.measure(labels=renamed, **own).value == 100


def test_the_groups_that_read_a_topic_are_named_without_those_that_are_declared(scene: Stage) -> None:
    def groups() -> Measurement:
        at = datetime.now(UTC)
        query = other_groups("events", than=("billing",), matchers=())
        return measure(query, at=at, ask=partial(scene.client.ask, at=at), longest_age=100)

    def wait_for(names: tuple[str, ...]) -> None:
        deadline = time.monotonic() + 20
        while (found := groups()).outcome is not Outcome.VALUE or found.names != names:
            assert time.monotonic() < deadline, found
            time.sleep(0.2)

    assert groups().outcome is Outcome.NO_DATA, "without kafka_exporter nothing is known"
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    scene.exporter.set("kafka_consumergroup_lag", 1, topic="events", partition="0", consumergroup="billing")
    scene.exporter.set("kafka_consumergroup_lag", 1, topic="other", partition="0", consumergroup="elsewhere")
    wait_for(())
    for partition in ("0", "1"):
        scene.exporter.set("kafka_consumergroup_lag", 7, topic="events", partition=partition, consumergroup="audit")
    scene.exporter.set("kafka_consumergroup_current_offset", 7, topic="events", partition="0", consumergroup="fraud.watch")
    wait_for(("audit", "fraud.watch"))


def test_a_target_that_is_gone_is_no_data_and_not_0(scene: Stage) -> None:
    scene.pod.set(COUNT, 100, status="200")
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    scene.wait_for("requests", is_value(0), **RATIO)
    scene.wait_for("no dead letters", is_value(0), **DEPTH)
    scene.prometheus.set_targets([])
    scene.wait_for("the pod is gone", has(Outcome.NO_DATA), **RATIO)
    scene.wait_for("the exporter is gone", has(Outcome.NO_DATA), **DEPTH)


def test_a_query_sees_its_own_namespace_only_however_it_is_written(scene: Stage) -> None:
    scene.prometheus.set_targets(scene.targets(pod_labels={"namespace": "other", "pod": "gateway-2-abcde"}))
    scene.pod.set("secret", 1, owner="them")
    ask = scene.client.ask
    deadline = time.monotonic() + 20
    while ask("secret", at=datetime.now(UTC)).value != 1:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for attempt in (
        "secret",
        'secret{namespace="other"}',
        'secret{namespace=~".+"}',
        '{__name__=~"sec.+"}',
        'up{job="\\"} or secret{owner=\\"them"}',
        "sum(max_over_time(secret[1m:]))",
        "vector(1) unless on () absent(secret)",
        'label_replace(secret, "namespace", "shop", "", "")',
    ):
        measured = scene.measure(promql=attempt)
        assert measured.outcome is Outcome.NO_DATA, (attempt, measured)


def test_samples_that_are_too_old_are_stale(scene: Stage) -> None:
    scene.exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    scene.wait_for("no dead letters", is_value(0), **DEPTH)
    assert scene.measure(longest_age=0.0, **DEPTH).outcome is Outcome.STALE
    assert scene.measure(promql="sum(up) - sum(up)", longest_age=0.0).outcome is not Outcome.UNREACHABLE


class FollowingClient:
    """Asks whichever Prometheus runs now."""

    def __init__(self) -> None:
        self.current = PrometheusClient(Endpoint(url="http://127.0.0.1:9"))

    def ask(self, promql: str, *, at: datetime, label: str = "") -> Answer:
        return self.current.ask(promql, at=at, label=label)


async def test_a_restart_of_prometheus_is_inconclusive_and_then_goes_on_with_the_same_past(tmp_path: Path) -> None:
    query = gate_query(**DEPTH)
    client = FollowingClient()
    observer = PrometheusObserver(client, longest_age_seconds=100)

    async def observed(*instants: datetime) -> list[tuple[Outcome, float | None]]:
        question = Question(name="depth", query=query, instants=instants)
        return [(one.outcome, one.value) for one in (await observer.observe((question,))).answers["depth"]]

    with serving() as pod, serving() as exporter:
        exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
        with standalone_prometheus(tmp_path) as prometheus:
            stage = Stage(prometheus, pod=pod, exporter=exporter)
            prometheus.set_targets(stage.targets())
            stage.wait_for("no dead letters", is_value(0), **DEPTH)
            client.current, first = stage.client, datetime.now(UTC)
            assert await observed(first) == [(Outcome.VALUE, 0.0)]
        second = datetime.now(UTC)
        assert await observed(first, second) == [(Outcome.VALUE, 0.0), (Outcome.UNREACHABLE, None)]
        with standalone_prometheus(tmp_path) as prometheus:
            stage = Stage(prometheus, pod=pod, exporter=exporter)
            prometheus.set_targets(stage.targets())
            stage.wait_for("no dead letters again", is_value(0), **DEPTH)
            client.current, third = stage.client, datetime.now(UTC)
            assert (await observed(first, second, third))[::2] == [(Outcome.VALUE, 0.0), (Outcome.VALUE, 0.0)]
            forgetful = PrometheusObserver(client, longest_age_seconds=100)
            question = Question(name="depth", query=query, instants=(first,))
            assert (await forgetful.observe((question,))).answers["depth"][0].value == 0.0
            forgetful.close()
    observer.close()


@pytest.mark.parametrize("preflight", [False, True])
def test_every_signal_is_a_query_that_prometheus_takes(scene: Stage, preflight: bool) -> None:
    for fields in (RATIO, SLOWNESS, DEPTH, GROWTH, LAG):
        query = gate_query(preflight=preflight, **fields)
        for promql in (query.value, query.present, query.exposure, query.age):
            if promql is not None:
                assert scene.client.ask(promql, at=datetime.now(UTC)).outcome in {Outcome.NO_DATA, Outcome.VALUE}, promql
