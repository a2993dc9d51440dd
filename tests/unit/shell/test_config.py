"""The configuration refuses what it does not know, naming the key."""

import json
from pathlib import Path

import pytest

from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Aggregate, Key, Matcher, Reading, Series, SignalName, Subject
from saferollout.shell.config import InvalidConfig, OperatorConfig
from saferollout.shell.series_config import SeriesConfig

FULL = """
prometheus: {url: "http://prometheus:9090", tokenFile: /t, tenant: team, timeoutSeconds: 5, scrapeIntervalSeconds: 15, labels: {namespace: ns, pod: pod_name, kafkaNamespace: tenant}, series: [{signal: HttpServer, exporter: own, metric: app_requests_total, reading: Counter, subject: Pod, keys: {status: code}, matchers: {side: server}, aggregate: sum, unit: 1}]}
restartAnnotations: [example.com/restarted]
watchNamespaces: [shop]
lease: {name: release}
holdPolicy: hold
healthPort: 1
metricsPort: 2
logLevel: debug
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_every_key_of_the_chart_is_understood(tmp_path: Path) -> None:
    config = OperatorConfig.load(written(tmp_path, FULL))
    assert config.prometheus.url == "http://prometheus:9090"
    assert (config.prometheus.token_file, config.prometheus.tenant, config.prometheus.timeout_seconds) == ("/t", "team", 5)
    assert config.prometheus.scrape_interval_seconds == 15
    assert config.prometheus.labels.as_labels == Labels(namespace="ns", pod="pod_name", kafka_namespace="tenant")
    [first, *others] = config.prometheus.catalogue.of(SignalName.HTTP_SERVER)
    assert first == Series(
        SignalName.HTTP_SERVER, "own", "app_requests_total", Reading.COUNTER, Subject.POD, "the operator's configuration",
        keys=(Key("status", "code"),), matchers=(Matcher("side", "server"),), configured=True,
    )  # fmt: skip
    assert others == list(BUILT_IN.of(SignalName.HTTP_SERVER))
    assert (config.watch_namespaces, config.lease.name, config.hold_policy) == (("shop",), "release", "hold")
    assert (config.health_port, config.metrics_port, config.log_level) == (1, 2, "debug")
    assert config.all_restart_annotations[-1] == "example.com/restarted"
    assert "kubectl.kubernetes.io/restartedAt" in config.all_restart_annotations


@pytest.mark.parametrize("text", ["", "{}"])
def test_an_empty_file_is_all_defaults(tmp_path: Path, text: str) -> None:
    assert OperatorConfig.load(written(tmp_path, text)) == OperatorConfig() == OperatorConfig.load(None)


@pytest.mark.parametrize(("text", "named"), [
    ("promtheus: {}", "promtheus"), ("prometheus: {adress: x}", "prometheus.adress"), ("healthPort: many", "healthPort"),
    ("- a list", "the file"), ("{", "config.yaml"),
])
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidConfig, match=named):
        OperatorConfig.load(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"nothing\.yaml"):
        OperatorConfig.load(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(("text", "seconds"), [("{}", 100), ("prometheus: {scrapeIntervalSeconds: 5}", 25), ("prometheus: {scrapeIntervalSeconds: 60}", 190)])
def test_a_sample_is_stale_after_three_missed_scrapes_and_a_little(tmp_path: Path, text: str, seconds: float) -> None:
    assert OperatorConfig.load(written(tmp_path, text)).prometheus.longest_age_seconds == seconds


OWN = "{signal: HttpServer, exporter: own, metric: app_requests_total, keys: {status: code}}"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{signal: Weather, exporter: own, metric: x}", "prometheus.series.0.signal: "),
        ("{exporter: own, metric: x}", "prometheus.series.0.signal: Field required"),
        ("{signal: Restarts, exporter: own, metric: 'up{'}", "prometheus.series.0.metric: "),
        ("{signal: Restarts, exporter: own, metric: x, subjekt: Pod}", "prometheus.series.0.subjekt: "),
        ("{signal: HttpServer, exporter: own, metric: x}", "keys: HttpServer says nothing without status"),
        ("{signal: HttpServer, exporter: own, metric: x, keys: {code: code}}", "keys: HttpServer has no key code; it has status"),
        ("{signal: HttpServer, exporter: own, metric: x, keys: {status: 'a-b'}}", "prometheus.series.0.keys.status: "),
        ("{signal: Restarts, exporter: own, metric: x, matchers: {'a b': c}}", "prometheus.series.0.matchers.a b"),
        (
            "{signal: TopicInflow, exporter: own, metric: x, reading: Gauge, subject: Topic, subjectLabel: t}",
            "subject and reading: TopicInflow can't be read from {subject: Topic, reading: Gauge}, only from {subject: Topic, reading: Offset} or ",
        ),
        ("{signal: TopicInflow, exporter: own, metric: x}", "subject and reading: TopicInflow can't be read from {subject: Pod, reading: Counter}"),
        ("{signal: GroupLag, exporter: own, metric: x, subject: Server, reading: Gauge}", "GroupLag can't be read from {subject: Server, reading: Gauge}"),
        ("{signal: HttpServer, exporter: own, metric: x, reading: Gauge, keys: {status: c}}", "HttpServer can't be read from {subject: Pod, reading: Gauge}"),
        ("{signal: HttpServer, exporter: own, metric: x, subject: Server, keys: {status: c}}", "HttpServer can't be read from {subject: Server, "),
        ("{signal: DeadLetters, exporter: own, metric: x, subject: Topic}", "subjectLabel: name the label that has the topic"),
        ("{signal: GroupOffset, exporter: own, metric: x, subject: Group, subjectLabel: g, topicLabel: t}", "signal: GroupOffset can't be configured"),
        ("{signal: GroupLag, exporter: own, metric: x, reading: Gauge, subject: Group, subjectLabel: g}", "topicLabel: name the label that has the group's topic"),
        ("{signal: CacheGets, exporter: own, metric: x, keys: {result: hit}}", "failed: say which values of result mean a failure"),
        ("{signal: CacheGets, exporter: own, metric: x, keys: {result: hit}, failed: '('}", "failed: '(' is no pattern"),
        ("{signal: Latency, exporter: own, metric: x, keys: {le: le}, unit: 0}", "prometheus.series.0.unit: "),
    ],
)
def test_a_series_that_can_not_be_read_is_refused_with_its_key(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        OperatorConfig.load(written(tmp_path, f"prometheus: {{series: [{entry}]}}"))
    assert "prometheus.series.0" in str(caught.value)
    assert said in str(caught.value)


def test_the_second_of_two_series_is_named_where_it_is_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"prometheus\.series\.1\.metric"):
        OperatorConfig.load(written(tmp_path, f"prometheus: {{series: [{OWN}, {{signal: Restarts, exporter: own, metric: ''}}]}}"))


def test_a_value_of_a_matcher_can_not_leave_its_quotes(tmp_path: Path) -> None:
    entry = OWN.removesuffix("}") + """, matchers: {side: 'x"} or up{a="'}}"""
    config = OperatorConfig.load(written(tmp_path, "prometheus: {series: [" + entry + "]}"))
    query = query_of(config.prometheus.series[0].as_series, about=About(namespace="n", labels=Labels()))
    assert 'side="x\\"} or up{a=\\""' in query.value


def test_the_schema_of_the_chart_knows_the_same_words() -> None:
    schema = json.loads((Path(__file__).parents[3] / "charts" / "saferollout" / "values.schema.json").read_text())
    entry = schema["properties"]["prometheus"]["properties"]["series"]["items"]["properties"]
    assert set(entry) == {field.alias for field in SeriesConfig.model_fields.values()}
    words = {"signal": SignalName, "reading": Reading, "subject": Subject, "aggregate": Aggregate}
    assert {name: entry[name]["enum"] for name in words} == {name: [str(one) for one in kind] for name, kind in words.items()}
