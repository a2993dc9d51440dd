"""The configuration refuses what it does not know, naming the key."""

from pathlib import Path

import pytest

from saferollout.core.arms import Labels
from saferollout.shell.config import InvalidConfig, OperatorConfig

FULL = """
prometheus: {url: "http://prometheus:9090", tokenFile: /t, tenant: team, timeoutSeconds: 5, scrapeIntervalSeconds: 15, labels: {namespace: ns, pod: pod_name, kafkaNamespace: tenant}}
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
