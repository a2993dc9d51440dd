"""`signals`: what is asked, what the screen and the JSON say. UPDATE_GOLDENS=1 writes the screen anew."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from saferollout.api.spec import SafeRolloutSpec
from saferollout.cli import signals
from saferollout.cli.checks.found import Releases, Unread
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.look import Look, plain
from saferollout.cli.main import app
from saferollout.cli.signal_report import ask
from saferollout.cli.signal_report.ask import Listed, ask_signals
from saferollout.cli.signal_report.tell import machine, screen
from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome
from saferollout.shell.config import OperatorConfig
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.pictures import NOW, raw, status
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.series_there import SeriesThere

GOLDEN = Path(__file__).parent / "golden" / "signals.txt"
SPEC = {
    "workloads": [{"name": "user-service"}, {"name": "billing-service"}],
    "contracts": [
        {"name": "user-events", "topic": {"name": "user.events", "deadLetterTopic": "user.events.dlt", "consumerGroups": [{"group": "billing", "workload": "billing-service"}]}},
        {"name": "profiles", "cache": {}},
    ],
    "gates": [],
}  # fmt: skip
USER, BILLING = {"pod": "user-service-u1-abcde"}, {"pod": "billing-service-b1-abcde"}
SERIES = (
    ("kafka_topic_partition_current_offset", {"namespace": "monitoring", "topic": "user.events", "partition": "0"}),
    ("kafka_consumergroup_lag", {"namespace": "monitoring", "topic": "user.events", "consumergroup": "billing", "partition": "0"}),
    ("kafka_brokers", {"namespace": "monitoring"}),
    ("spring_kafka_listener_seconds_count", {**BILLING, "result": "success"}),
    ("messaging_process_duration_seconds_count", {**BILLING}),
    ("cache_puts_total", {**USER, "cache": "profiles"}),
    ("http_server_requests_seconds_count", {**USER, "status": "200"}),
    ("kube_pod_status_ready", {**USER, "condition": "true"}),
)


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(SPEC))
    cluster.running("user-service", "u1", "{user-events: {writes: [1]}, profiles: {reads: [1], writes: [1]}}")
    cluster.running("billing-service", "b1", "user-events: {reads: [1]}")
    monkeypatch.setattr(ask, "views_of", lambda found, document: dict(cluster.views))


def listed(*series: tuple[str, dict[str, str]], config: str = "{}") -> tuple[Listed, ...]:
    document = raw(status("Idle"), **SPEC)
    prometheus = OperatorConfig.model_validate({"prometheus": json.loads(config)}).prometheus
    releases = Releases(items=(document,), all_names=("opencore",), deployments=())
    return ask_signals(FakeCluster(document), releases, client=SeriesThere(*series, namespace="opencore"), config=prometheus, now=NOW)


def drawn(found: tuple[Listed, ...], *, ascii_only: bool = False) -> str:
    return plain(screen(found, Look(ascii_only=ascii_only)))


def test_the_screen_reads_as_in_its_golden_file() -> None:
    found = drawn(listed(*SERIES))
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_no_line_is_wider_than_eighty_columns_but_for_one_long_word_and_ascii_is_ascii() -> None:
    lines = drawn(listed(*SERIES)).splitlines()
    assert [line for line in lines if len(line) > 80 and max(map(len, line.split())) < 60] == []
    assert drawn(listed(*SERIES), ascii_only=True).isascii()


def one(found: tuple[Listed, ...], signal: str, contract: str = "") -> dict[str, Any]:
    signals_of = machine(found)["saferollouts"][0]["signals"]
    return next(line for line in signals_of if (line["signal"], line["contract"]) == (signal, contract))


def test_scripts_get_the_series_the_query_and_what_is_left_out() -> None:
    failures = one(listed(*SERIES), "ConsumerFailures", "user-events")
    assert failures["workload"] == "billing-service"
    assert failures["series"] == {
        "exporter": "Spring Kafka", "metric": "spring_kafka_listener_seconds_count", "perPod": True, "reading": "Counter",
        "note": "the exception is ListenerExecutionFailedException whatever the cause was", "configured": False,
    }  # fmt: skip
    assert failures["query"].startswith('sum by (pod, instance, result) (spring_kafka_listener_seconds_count{result!="",namespace="opencore",pod=~"')
    assert [other["exporter"] for other in failures["leftOut"]] == ["OpenTelemetry"]
    assert failures["costs"] == ""


def test_scripts_get_what_is_missing_and_what_it_costs() -> None:
    gets = one(listed(*SERIES), "CacheGets", "profiles")
    assert (gets["series"], gets["query"]) == (None, "")
    assert gets["costs"].startswith("mode 4 can only be suspected")
    assert machine(listed())["counts"]["found"] == 0


def test_series_of_the_operators_configuration_are_looked_for_too() -> None:
    config = '{"series": [{"signal": "CacheGets", "exporter": "own", "metric": "own_gets", "keys": {"result": "hit"}, "failed": "no"}]}'
    gets = one(listed(("own_gets", {**USER, "hit": "no"}), config=config), "CacheGets", "profiles")
    assert (gets["series"]["exporter"], gets["series"]["configured"]) == ("own", True)


def test_a_consumer_group_that_nobody_declared_is_told_of() -> None:
    reads = {"namespace": "monitoring", "topic": "user.events", "partition": "0"}
    others = (("kafka_consumergroup_lag", {**reads, "consumergroup": "audit"}), ("kafka_consumergroup_current_offset", {**reads, "consumergroup": "fraud"}))
    found = listed(*SERIES, *others)
    [said] = machine(found)["saferollouts"][0]["unknownReaders"]
    assert said.startswith("consumer groups audit, fraud read topic user.events, and contract user-events names no such reader")
    assert "unknown reader: consumer groups audit, fraud read topic" in " ".join(drawn(found).split())
    assert machine(listed(*SERIES))["saferollouts"][0]["unknownReaders"] == []


class Silent(SeriesThere):
    """Warns with every answer."""

    def ask(self, promql: str, **options: Any) -> Answer:
        return Answer(Outcome.PARTIAL, detail="Prometheus warned that its answer may be incomplete")


def test_a_prometheus_that_gives_no_full_answer_leaves_it_unknown_and_not_missing() -> None:
    document = raw(status("Idle"), **SPEC)
    releases = Releases(items=(document,), all_names=("opencore",), deployments=())
    found = ask_signals(FakeCluster(document), releases, client=Silent(), config=OperatorConfig().prometheus, now=NOW)
    assert found[0].trouble == "Prometheus warned that its answer may be incomplete"
    assert "? not known: Prometheus warned" in drawn(found)
    assert machine(found)["counts"] == {"found": 0, "missing": 0}


@pytest.mark.parametrize("items", [None, (), Unread("you may not list saferollouts")])
def test_without_a_saferollout_there_is_nothing_to_list(items: Any) -> None:
    with pytest.raises(CommandFailed) as caught:
        ask_signals(FakeCluster(), Releases(items, (), ()), client=SeriesThere(), config=OperatorConfig().prometheus, now=NOW)
    assert caught.value.exit_code is ExitCode.FAULT


def test_without_a_prometheus_the_command_says_how_to_bring_it_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "connect", lambda connection: FakeCluster(raw(status("Idle"), **SPEC)))
    result = CliRunner().invoke(app, ["signals"])
    assert result.exit_code == ExitCode.BAD_USAGE
    assert "kubectl port-forward -n ITS-NAMESPACE service/PROMETHEUS-SERVICE 9090:9090" in result.output


def test_an_address_that_is_none_is_bad_usage() -> None:
    assert CliRunner().invoke(app, ["signals", "--prometheus", "prometheus:9090"]).exit_code == ExitCode.BAD_USAGE
