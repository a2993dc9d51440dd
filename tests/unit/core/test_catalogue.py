"""The catalogue as data, and the query that each row becomes."""

import re

import promql_parser
import pytest

from saferollout.api.contracts import ContractKind
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, labels_of, named, names_of, query_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Reading, Series, SignalName, Subject
from saferollout.core.catalogue.shapes import SHAPES
from saferollout.core.catalogue.signals import SIGNALS, WANTED_BY_CONTRACTS, WANTED_BY_RELEASES, WANTED_BY_WORKLOADS
from saferollout.core.measurements import Sample, Samples

ABOUT = About(namespace="shop", labels=Labels(), pods=("web-1-[a-z0-9]{5}", "web-2-[a-z0-9]{5}"), topics=("events", "events.dlt"), groups=("billing",))


def series(signal: SignalName, exporter: str) -> Series:
    return next(one for one in BUILT_IN.series if one.signal is signal and one.exporter == exporter)


def test_every_signal_is_described_wanted_by_somebody_and_has_a_series() -> None:
    wanted = {signal for of_kind in WANTED_BY_CONTRACTS.values() for signal, _ in of_kind} | set(WANTED_BY_WORKLOADS) | set(WANTED_BY_RELEASES)
    assert set(SignalName) == set(SIGNALS) == wanted == {one.signal for one in BUILT_IN.series}
    assert set(WANTED_BY_CONTRACTS) == set(ContractKind)


@pytest.mark.parametrize("one", BUILT_IN.series, ids=lambda one: f"{one.signal}-{one.exporter}-{one.metric}")
def test_every_row_says_where_it_comes_from_and_is_read_by_one_query_that_parses(one: Series) -> None:
    assert one.source
    assert one.exporter
    assert re.fullmatch(r"[a-z_0-9]+", one.metric)
    query = query_of(one, about=ABOUT)
    promql_parser.parse(query.value)
    promql_parser.parse(str(query.age))
    assert query.by == labels_of(one, labels=Labels())
    assert len(names_of(one)) == len(query.by) == len(set(query.by))
    assert {key.name for key in one.keys} <= {*SIGNALS[one.signal].keys, "container"}
    assert bool(one.subject_label) is (one.subject in (Subject.TOPIC, Subject.GROUP))
    assert bool(one.topic_label) is (one.subject is Subject.GROUP)
    assert bool(one.beside) is bool(one.enable)
    if one.failed:
        re.compile(one.failed)


def test_every_row_is_read_by_somebody_as_what_it_is() -> None:
    assert set(SHAPES) == set(SignalName)
    odd = [one for one in BUILT_IN.series if (one.subject, one.reading) not in SHAPES[one.signal]]
    assert not odd, odd


def test_no_row_stands_there_twice() -> None:
    rows = [(one.signal, one.metric, one.keys, one.matchers) for one in BUILT_IN.series]
    assert len(set(rows)) == len(rows)


def test_requests_are_read_raw_pod_by_pod_and_process_by_process() -> None:
    query = query_of(series(SignalName.HTTP_SERVER, "Micrometer"), about=ABOUT)
    pods = 'status!="",namespace="shop",pod=~"web-1-[a-z0-9]{5}|web-2-[a-z0-9]{5}"'
    assert query.value == f"sum by (pod, instance, status) (http_server_requests_seconds_count{{{pods}}})"
    assert query.age == f"time() - min(timestamp(http_server_requests_seconds_count{{{pods}}}))"
    assert query.by == ("pod", "instance", "status")


def test_what_a_mesh_counts_twice_is_read_at_one_end() -> None:
    query = query_of(series(SignalName.HTTP_SERVER, "Istio"), about=ABOUT)
    assert query.value.startswith('sum by (pod, instance, response_code) (istio_requests_total{reporter="destination",response_code!="",namespace="shop",')


def test_partitions_are_taken_once_and_topics_by_their_names() -> None:
    query = query_of(series(SignalName.DEAD_LETTERS, "kafka_exporter"), about=ABOUT)
    assert query.value == 'max by (topic, partition) (kafka_topic_partition_current_offset{topic=~"events|events\\\\.dlt"})'
    lag = query_of(series(SignalName.GROUP_LAG, "kafka_exporter"), about=ABOUT)
    assert lag.value == (
        'max by (consumergroup, topic, partition) (kafka_consumergroup_lag{consumergroup=~"billing",topic=~"events|events\\\\.dlt"})'
    )


def test_labels_are_called_as_this_prometheus_calls_them() -> None:
    about = About(namespace="shop", labels=Labels(namespace="ns", pod="pod_name", kafka_namespace="tenant"), pods=("a",), topics=("t",))
    assert query_of(series(SignalName.CACHE_PUTS, "Micrometer"), about=about).value == (
        'sum by (pod_name, instance, cache) (cache_puts_total{cache!="",ns="shop",pod_name=~"a"})'
    )
    assert 'tenant="shop"' in query_of(series(SignalName.TOPIC_INFLOW, "kafka_exporter"), about=about).value
    assert "tenant" not in query_of(series(SignalName.TOPIC_INFLOW, "NATS exporter"), about=about).value


def test_no_pods_select_no_series() -> None:
    about = About(namespace="shop", labels=Labels())
    assert 'pod=~"<none>"' in query_of(series(SignalName.HTTP_SERVER, "Micrometer"), about=about).value
    assert 'topic=~"<none>"' in query_of(series(SignalName.TOPIC_INFLOW, "kafka_exporter"), about=about).value


def test_samples_get_the_names_that_they_have_here() -> None:
    otel = series(SignalName.HTTP_SERVER, "OpenTelemetry")
    samples = Samples.of([Sample((("pod_name", "a"), ("instance", "1"), ("http_response_status_code", "200")), 3.0)])
    assert [dict(sample.labels) for sample in named(otel, samples)] == [{"pod": "a", "instance": "1", "status": "200"}]


def test_what_tells_pods_apart_is_preferred_and_what_is_configured_even_more() -> None:
    evictions = BUILT_IN.of(SignalName.CACHE_EVICTIONS)
    assert [one.per_pod for one in evictions] == [True, False, False]
    own = Series(SignalName.CACHE_EVICTIONS, "own", "evicted", Reading.COUNTER, Subject.SERVER, "configuration")
    assert [one.exporter for one in BUILT_IN.with_more([own]).of(SignalName.CACHE_EVICTIONS)][:2] == ["Micrometer", "own"]
