"""Which series are there, which one is chosen, and what is said of what is missing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import promql_parser
import pytest

from saferollout.api.contracts import Contract
from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About
from saferollout.core.catalogue.catalogue import BUILT_IN, Catalogue
from saferollout.core.catalogue.coverage import Line, about_all, coverage_of
from saferollout.core.catalogue.discovery import There, discovery_queries, read
from saferollout.core.catalogue.finding import Found, find
from saferollout.core.catalogue.parties import Parties, parties_of
from saferollout.core.catalogue.series import SignalName
from saferollout.core.catalogue.signals import SIGNALS
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.measuring import measure
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.series_there import SeriesThere

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WEB, BILLING = ("web-1-[a-z0-9]{5}", "web-2-[a-z0-9]{5}"), ("billing-1-[a-z0-9]{5}",)
ABOUT = About(namespace="shop", labels=Labels(), pods=(*BILLING, *WEB), topics=("events", "events.dlt"), groups=("billing",))
WEB_POD, BILLING_POD = {"pod": "web-1-aaaaa"}, {"pod": "billing-1-aaaaa"}


def there(*series: tuple[str, Mapping[str, str]], catalogue: Catalogue = BUILT_IN, about: About = ABOUT) -> There:
    queries = discovery_queries(catalogue, about=about)
    prometheus = SeriesThere(*series)
    found = read(catalogue, {name: measure(query, at=AT, ask=prometheus.ask, longest_age=100) for name, query in queries.items()})
    assert isinstance(found, There)
    return found


def found(signal: SignalName, *series: tuple[str, Mapping[str, str]], about: About = ABOUT) -> Found:
    return find(signal, catalogue=BUILT_IN, there=there(*series, about=about), about=about)


MICROMETER = ("http_server_requests_seconds_count", {**WEB_POD, "status": "200"})
OTEL = ("http_server_request_duration_seconds_count", {**WEB_POD, "http_response_status_code": "200"})


def test_discovery_is_five_queries_that_parse_however_many_pods_there_are() -> None:
    many = About(namespace="shop", labels=Labels(), pods=tuple(f"w{index}-[a-z0-9]{{5}}" for index in range(40)), topics=ABOUT.topics)
    for about in (ABOUT, many):
        queries = discovery_queries(BUILT_IN, about=about)
        assert len(queries) == 5
        for query in queries.values():
            promql_parser.parse(query.value)
            assert len(query.value) < 20_000


def test_pods_are_looked_for_in_their_namespace_and_servers_by_the_names_of_the_contracts() -> None:
    queries = discovery_queries(BUILT_IN, about=ABOUT)
    assert 'namespace="shop",pod=~"billing-1-[a-z0-9]{5}|web-1-[a-z0-9]{5}|web-2-[a-z0-9]{5}"' in queries["pods"].value
    assert "namespace" not in queries["servers"].value
    assert 'topic=~"|events|events\\\\.dlt"' in queries["servers"].value
    assert 'consumergroup=~"|billing"' in queries["servers"].value
    tenant = About(namespace="shop", labels=Labels(kafka_namespace="tenant"))
    assert 'tenant=~"|shop"' in discovery_queries(BUILT_IN, about=tenant)["servers"].value


def test_the_preferred_of_two_exporters_is_chosen_and_the_other_named() -> None:
    chosen = found(SignalName.HTTP_SERVER, OTEL, MICROMETER)
    assert chosen.series is not None
    assert chosen.series.exporter == "Micrometer"
    assert [one.exporter for one in chosen.others] == ["OpenTelemetry"]
    alone = found(SignalName.HTTP_SERVER, OTEL)
    assert alone.series is not None
    assert (alone.series.exporter, alone.others) == ("OpenTelemetry", ())


@pytest.mark.parametrize(
    ("signal", "series", "why"),
    [
        (
            SignalName.HTTP_SERVER, ("http_server_requests_seconds_count", {**WEB_POD, "code": "200"}),
            ("http_server_requests_seconds_count is there, but no series of it has the label status: "
            "this looks like another version, or like a relabelling"),
        ),
        (
            SignalName.HTTP_SERVER, ("http_server_requests_seconds_count", {"status": "200", "instance": "1"}),
            ("http_server_requests_seconds_count is there, but without the label pod: "
            "it can't tell new pods from old ones (prometheus.labels.pod)"),
        ),
        (
            SignalName.HTTP_SERVER, ("istio_requests_total", {**WEB_POD, "response_code": "200", "reporter": "source"}),
            ('istio_requests_total is there, but no series of it has the label response_code and reporter="destination": '
            "this looks like another version, or like a relabelling"),
        ),
        (
            SignalName.LATENCY, MICROMETER,
            ("Micrometer reports http_server_requests_seconds_count, but not http_server_requests_seconds_bucket: "
            "have it publish buckets: management.metrics.distribution.percentiles-histogram.http.server.requests=true"),
        ),
        (
            SignalName.CACHE_GETS, ("cache_puts_total", {**WEB_POD, "cache": "users"}),
            ("Micrometer reports cache_puts_total, but not cache_gets_total: switch the cache's statistics on: "
            "spring.cache.redis.enable-statistics=true, or recordStats() for Caffeine, and name it in spring.cache.cache-names"),
        ),
        (
            SignalName.GROUP_LAG, ("kafka_consumergroup_lag", {"topic": "events", "consumergroup": "", "partition": "0"}),
            "kafka_exporter reports kafka_consumergroup_lag, but not of consumer group billing",
        ),
        (
            SignalName.POOL_TIMEOUTS, MICROMETER,
            "none of these is there: hikaricp_connections_timeout_total (HikariCP), db_client_connection_timeouts_total (OpenTelemetry)",
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_with_what_is_there_instead(signal: SignalName, series: tuple[str, dict[str, str]], why: str) -> None:
    missing = found(signal, series)
    assert (missing.series, missing.why) == (None, why)


def test_series_of_other_pods_are_not_those_of_a_workload() -> None:
    about = About(namespace="shop", labels=Labels(), pods=BILLING)
    here = there(MICROMETER, about=ABOUT)
    assert find(SignalName.HTTP_SERVER, catalogue=BUILT_IN, there=here, about=about).series is None
    assert found(SignalName.HTTP_SERVER, about=About(namespace="shop", labels=Labels())).why == "there are no pods to look for"


def test_rows_of_one_metric_are_told_apart_by_their_labels() -> None:
    timers = found(SignalName.CONSUMER_FAILURES, ("spring_kafka_listener_seconds_count", {**BILLING_POD, "result": "failure"}))
    observed = found(SignalName.CONSUMER_FAILURES, ("spring_kafka_listener_seconds_count", {**BILLING_POD, "error": "none"}))
    assert timers.series is not None
    assert observed.series is not None
    assert (timers.series.exporter, observed.series.exporter) == ("Spring Kafka", "Spring Kafka observations")


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.UNREACHABLE, Outcome.INVALID])
def test_nothing_is_known_from_an_answer_that_is_not_full(outcome: Outcome) -> None:
    queries = discovery_queries(BUILT_IN, about=ABOUT)
    measured = {name: Measurement(at=AT, outcome=Outcome.NO_DATA) for name in queries}
    assert read(BUILT_IN, {**measured, "servers": Measurement(at=AT, outcome=outcome, detail="why")}) == "why"
    assert isinstance(read(BUILT_IN, measured), There)


SPEC = SafeRolloutSpec.model_validate(
    {
        "workloads": [{"name": "web"}, {"name": "billing"}],
        "contracts": [
            {"name": "events", "topic": {"name": "events", "deadLetterTopic": "events.dlt", "consumerGroups": [{"group": "billing", "workload": "billing"}]}},
            {"name": "silent", "topic": {"name": "silent"}},
            {"name": "users", "cache": {}},
        ],
    }
)
PODS = {"web": WEB, "billing": BILLING}
PARTIES = {"events": Parties(readers=("billing",), writers=("web",)), "users": Parties(readers=("web",), writers=("web",))}
TOPIC = ("kafka_topic_partition_current_offset", {"topic": "events", "partition": "0"})


def lines(*series: tuple[str, Mapping[str, str]]) -> list[Line]:
    about = about_all(SPEC, pods=PODS, namespace="shop", labels=Labels())
    return list(coverage_of(SPEC, parties=PARTIES, pods=PODS, catalogue=BUILT_IN, there=there(*series, about=about), about=about))


def line(signal: SignalName, *series: tuple[str, Mapping[str, str]], contract: str = "", workload: str = "") -> Line:
    [one] = [one for one in lines(*series) if (one.found.signal, one.contract) == (signal, contract) and (not workload or one.workload == workload)]
    return one


def test_a_missing_signal_says_what_it_costs() -> None:
    gets = line(SignalName.CACHE_GETS, contract="users")
    assert gets.workload == "web"
    assert gets.costs.startswith("mode 4 can only be suspected: no client-side cache metric")
    assert line(SignalName.CACHE_GETS, ("cache_gets_total", {**WEB_POD, "cache": "users", "result": "hit"}), contract="users").costs == ""


def test_a_dead_letter_topic_without_a_record_counts_as_empty_and_one_that_nobody_names_is_missing() -> None:
    empty = line(SignalName.DEAD_LETTERS, TOPIC, contract="events")
    assert empty.found.series is not None
    assert empty.found.why == "no series has topic events.dlt, so it counts as empty: see that it is spelled as the broker has it"
    full = line(SignalName.DEAD_LETTERS, TOPIC, (TOPIC[0], {**TOPIC[1], "topic": "events.dlt"}), contract="events")
    assert (full.found.series, full.found.why) == (empty.found.series, "")
    assert line(SignalName.DEAD_LETTERS, contract="events").found.series is None
    assert line(SignalName.DEAD_LETTERS, TOPIC, contract="silent").found.why == "the contract names no dead-letter topic: topic.deadLetterTopic"


def test_each_consumer_group_has_a_line_of_its_own() -> None:
    events = {"name": "events", "consumerGroups": [{"group": name, "workload": "billing"} for name in ("billing", "mistyped")]}
    spec = SafeRolloutSpec.model_validate({"workloads": [{"name": "billing"}], "contracts": [{"name": "events", "topic": events}]})
    about = about_all(spec, pods={"billing": BILLING}, namespace="shop", labels=Labels())
    here = there(("kafka_consumergroup_lag", {"topic": "events", "consumergroup": "billing", "partition": "0"}), about=about)
    listed = coverage_of(spec, parties={"events": Parties(readers=("billing",))}, pods={"billing": BILLING}, catalogue=BUILT_IN, there=here, about=about)
    found_of, missing = (one for one in listed if one.found.signal is SignalName.GROUP_LAG)
    assert (found_of.group, found_of.found.series is not None, found_of.costs) == ("billing", True, "")
    assert (missing.group, missing.found.why) == ("mistyped", "kafka_exporter reports kafka_consumergroup_lag, but not of consumer group mistyped")


def test_a_side_that_nobody_is_known_on_is_said() -> None:
    assert "nobody is known who reads" in line(SignalName.CONSUMER_FAILURES, contract="silent").found.why


def test_every_workload_and_the_release_want_their_own() -> None:
    restarts = ("kube_pod_container_status_restarts_total", {**BILLING_POD, "container": "main"})
    assert line(SignalName.RESTARTS, restarts, workload="billing").found.series is not None
    assert line(SignalName.RESTARTS, restarts, workload="web").costs == SIGNALS[SignalName.RESTARTS].costs
    assert line(SignalName.GATEWAY_START, ("nginx_ingress_controller_nginx_process_oldest_start_time_seconds", {})).found.series is not None


def test_burrow_tells_of_topics_where_no_other_exporter_does_and_proves_no_drain() -> None:
    burrow = ("burrow_kafka_topic_partition_offset", {"topic": "events", "partition": "0"})
    offsets = ("burrow_kafka_consumer_current_offset", {"topic": "events", "partition": "0", "consumer_group": "billing"})
    for signal in (SignalName.TOPIC_INFLOW, SignalName.DEAD_LETTERS):
        told = found(signal, burrow, offsets).series
        assert told is not None and (told.exporter, told.metric) == ("Burrow", burrow[0])
        beside = found(signal, burrow, TOPIC)
        assert beside.series is not None and (beside.series.exporter, beside.others) == ("kafka_exporter", (told,))
    assert found(SignalName.GROUP_OFFSET, burrow, offsets).series is None
    assert line(SignalName.GROUP_OFFSET, burrow, offsets, contract="events").costs.endswith("the proof reads kafka_exporter only")


def test_what_somebody_configured_is_found_and_preferred() -> None:
    [puts] = BUILT_IN.of(SignalName.CACHE_PUTS)
    more = BUILT_IN.with_more([replace(puts, exporter="own", metric="my_puts_total", configured=True)])
    here = there(("my_puts_total", {**WEB_POD, "cache": "c"}), ("cache_puts_total", {**WEB_POD, "cache": "c"}), catalogue=more)
    chosen = find(SignalName.CACHE_PUTS, catalogue=more, there=here, about=ABOUT)
    assert chosen.series is not None
    assert (chosen.series.exporter, [one.exporter for one in chosen.others]) == ("own", ["Micrometer"])


def test_the_sides_of_a_contract_are_known_from_roles_groups_and_declarations() -> None:
    cluster = LittleCluster(spec=SPEC)
    cluster.running("web", "w1", "{events: {writes: [1]}, users: {reads: [1], writes: [1]}}")
    cluster.running("billing", "b1", "events: {reads: [1]}")
    cluster.apply("billing", "b2", "not a declaration")
    events, silent, users = (parties_of(contract, cluster.views) for contract in SPEC.contracts)
    assert events == Parties(readers=("billing",), writers=("web",))
    assert users == Parties(readers=("web",), writers=("web",))
    assert silent == Parties()


def test_of_an_api_the_server_reads_and_the_clients_write() -> None:
    api = Contract.model_validate({"name": "users", "api": {"server": "web"}})
    cluster = LittleCluster(spec=SPEC)
    cluster.running("web", "w1", None)
    cluster.running("billing", "b1", "users/request: {writes: [1]}")
    assert parties_of(api, cluster.views) == Parties(readers=("web",), writers=("billing",))
