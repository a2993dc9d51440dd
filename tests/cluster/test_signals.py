"""The signal catalogue asked of a real Prometheus: every query is one that it takes, and what is there is found."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from localcluster.prometheus import Target, standalone_prometheus
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.discovery import There, discovery_queries, read
from saferollout.core.catalogue.finding import Found, find
from saferollout.core.catalogue.series import SignalName
from saferollout.core.measurements import Outcome
from saferollout.core.measuring import measure
from saferollout.shell.prometheus import Endpoint, PrometheusClient
from tests.cluster.scraped import Exposed, serving

POD = {"namespace": "shop", "pod": "web-1-aaaaa"}
ABOUT = About(namespace="shop", labels=Labels(), pods=("web-1-[a-z0-9]{5}",), topics=("events", "events.dlt"), groups=("billing",))


class Scene:
    """A Prometheus, what it scrapes of a pod and of an exporter, and what is found there."""

    def __init__(self, url: str, *, pod: Exposed, exporter: Exposed) -> None:
        self.pod, self.exporter = pod, exporter
        self.client = PrometheusClient(Endpoint(url=url))

    def there(self) -> There:
        at = datetime.now(UTC)
        ask = partial(self.client.ask, at=at)
        queries = discovery_queries(BUILT_IN, about=ABOUT)
        found = read(BUILT_IN, {name: measure(query, at=at, ask=ask, longest_age=100) for name, query in queries.items()})
        assert isinstance(found, There), found
        return found

    def find(self, signal: SignalName) -> Found:
        return find(signal, catalogue=BUILT_IN, there=self.there(), about=ABOUT)

    def wait_for(self, signal: SignalName, holds: Callable[[Found], bool]) -> Found:
        deadline = time.monotonic() + 30
        while not holds(found := self.find(signal)):
            assert time.monotonic() < deadline, found
            time.sleep(0.2)
        return found


def by(exporter: str) -> Callable[[Found], bool]:
    return lambda found: found.series is not None and found.series.exporter == exporter


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with serving() as pod, serving() as exporter, standalone_prometheus(tmp_path / "prometheus") as prometheus:
        scene = Scene(prometheus.url, pod=pod, exporter=exporter)
        prometheus.set_targets([Target(pod.address, POD), Target(exporter.address, {"namespace": "monitoring", "pod": "exporter"})])
        yield scene


def test_every_query_of_the_catalogue_is_one_that_prometheus_takes(scene: Scene) -> None:
    at = datetime.now(UTC)
    for series in BUILT_IN.series:
        measured = measure(query_of(series, about=ABOUT), at=at, ask=partial(scene.client.ask, at=at), longest_age=100)
        assert measured.outcome is Outcome.NO_DATA, (series.metric, measured)
    assert scene.find(SignalName.HTTP_SERVER).series is None


def test_exporters_are_found_chosen_and_left_out(scene: Scene) -> None:
    scene.pod.set("http_server_request_duration_seconds_count", 5, http_response_status_code="200", instance_id="x")
    scene.wait_for(SignalName.HTTP_SERVER, by("OpenTelemetry"))
    scene.pod.set("http_server_requests_seconds_count", 5, status="200")
    both = scene.wait_for(SignalName.HTTP_SERVER, by("Micrometer"))
    assert [other.exporter for other in both.others] == ["OpenTelemetry"]
    assert "percentiles-histogram" in scene.find(SignalName.LATENCY).why, "a histogram without buckets"


def test_one_metric_of_two_exporters_is_told_apart_by_its_labels(scene: Scene) -> None:
    scene.pod.set("spring_kafka_listener_seconds_count", 5, error="none")
    scene.wait_for(SignalName.CONSUMER_FAILURES, by("Spring Kafka observations"))
    scene.pod.set("istio_requests_total", 5, reporter="source", response_code="200")
    scene.wait_for(SignalName.HTTP_CLIENT, by("Istio"))
    assert 'reporter="destination"' in scene.find(SignalName.HTTP_SERVER).why


def test_servers_are_found_by_topic_and_group_and_those_without_either(scene: Scene) -> None:
    scene.exporter.set("pg_up", 1)
    scene.exporter.set("kafka_topic_partition_current_offset", 5, topic="other", partition="0")
    scene.exporter.set("kafka_consumergroup_lag", 5, topic="events", partition="0", consumergroup="audit")
    scene.wait_for(SignalName.DATABASE_UP, by("postgres_exporter"))
    assert scene.find(SignalName.TOPIC_INFLOW).series is None
    assert scene.find(SignalName.GROUP_LAG).series is None
    scene.exporter.set("kafka_topic_partition_current_offset", 5, topic="events", partition="0")
    scene.exporter.set("kafka_consumergroup_lag", 5, topic="events", partition="0", consumergroup="billing")
    scene.wait_for(SignalName.TOPIC_INFLOW, by("kafka_exporter"))
    scene.wait_for(SignalName.GROUP_LAG, by("kafka_exporter"))
