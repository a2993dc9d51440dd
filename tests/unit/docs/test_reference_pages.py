"""The pages under docs/reference are those of this code, and the tables behind them say what the code really emits."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main
from prometheus_client.parser import text_string_to_metric_families

from saferollout.api.crdgen import custom_resource_definition
from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Finding, GateStatus, Release, State, Status
from saferollout.cli.exit_codes import OUTCOMES, ExitCode, outcomes
from saferollout.cli.main import app
from saferollout.core.decision import AnalysisLook, Decision, Snapshot
from saferollout.core.event_reasons import EventReason
from saferollout.core.gates import Verdict
from saferollout.core.plans import Refusal
from saferollout.core.reasons import ConditionType, Reason
from saferollout.core.views import Absence, HoldMode, World
from saferollout.shell import series
from saferollout.shell.metrics import Metrics
from scripts.lib.reference.pages import COMMAND, FOLDER, pages
from tests.unit.core.little_cluster import LittleCluster

SOURCE = Path(__file__).parents[3] / "operator" / "saferollout"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_committed_pages_are_those_that_the_code_gives() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == pages(), f"run: {COMMAND}"


def test_the_same_code_gives_the_same_pages() -> None:
    assert pages() == pages()


@pytest.mark.parametrize("reason", EventReason)
def test_every_reason_of_an_event_is_given_somewhere(reason: EventReason) -> None:
    assert f"EventReason.{reason.name}" in code_but("event_reasons.py")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_condition_is_given_somewhere(reason: Reason) -> None:
    by_name = {*Refusal, *Absence, *(f"Workload{absence}" for absence in Absence)}
    assert reason in by_name or re.search(rf"\bReason\.{reason.name}\b", code_but("reasons.py"))


def test_every_refusal_and_every_absence_is_a_reason() -> None:
    at_rest = {f"Workload{absence}" for absence in Absence}
    beside_a_release = {str(absence) for absence in Absence} - {Absence.NOT_FOUND}  # the others go on without it
    assert {*Refusal, *at_rest, *beside_a_release} - set(Reason) == set()


def test_every_word_says_what_it_means() -> None:
    words = [*State, *ConditionType, *Reason, *EventReason]
    assert [word for word in words if not word.meaning] == []


def test_the_conditions_are_those_of_a_status() -> None:
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate({"workloads": [{"name": "web"}]}))
    cluster.running("web", "w1", None)
    cluster.look()
    assert {known.type for known in cluster.status.conditions} == set(ConditionType)


def test_every_field_of_the_api_says_what_it_is() -> None:
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    silent = [path for name in ("spec", "status") for path, field in fields(name, schema["properties"][name]) if not field.get("description")]
    assert silent == []


def test_every_series_has_the_type_and_the_labels_that_prometheus_sees() -> None:
    assert {one.exposed_name: (one.type.value, set(one.labels)) for one in series.ALL} == exposed()


def test_every_verdict_and_every_result_is_in_the_help_of_its_series() -> None:
    assert {verdict for verdict in Verdict if verdict not in series.GATE_VERDICT.help} == set()
    results = set(re.findall(r'return "([a-z]+)"', (SOURCE / "engine" / "workers.py").read_text(encoding="utf-8")))
    assert len(results) > 1
    assert {result for result in results if result not in series.LOOKS.help} == set()


def test_every_exit_code_has_a_meaning_and_every_command_an_ending() -> None:
    assert {outcome.code for outcome in OUTCOMES} == set(ExitCode)
    known = set(commands(typer.main.get_command(app)))
    assert {command for outcome in OUTCOMES for command in outcome.commands} <= known
    assert [command for command in known if not {ExitCode.DONE, ExitCode.BAD_USAGE} <= {one.code for one in outcomes(command)}] == []


def commands(group: Any, *path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        yield from commands(command, *path, name) if hasattr(command, "commands") else [" ".join((*path, name))]


def fields(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from fields(f"{path}.{name}", field.get("items", field))


def code_but(name: str) -> str:
    """Return all source but the module that defines the words."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py")) if path.name != name)


def exposed() -> dict[str, tuple[str, set[str]]]:
    """Return every series with its type and labels, as Prometheus would see them once everything has happened."""
    metrics = Metrics()
    metrics.requested("get", "200")
    metrics.reconciled("success", seconds=0.1)
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate({"workloads": [{"name": "web"}]}))
    cluster.running("web", "w1", None)
    gates = [GateStatus(name="errors", verdict="Passing", value="0.01")]
    snapshot = Snapshot(
        namespace="shop", name="main", uid="u", resource_version="1", generation=1, spec=cluster.spec, status=Status(),
        world=World(workloads=dict(cluster.views), absent={}), hold_mode=HoldMode.POLICY,
    )
    broke = Finding(cause="Mode1", certainty="Named", action="RollBack", message="it broke", time=NOW)
    status = Status(release=Release(id="r", start_time=NOW, changed_time=NOW, finding=broke))
    metrics.decided("shop/main", snapshot, Decision(status=status, gates=tuple(gates), look=AnalysisLook(at=NOW, answered=True)))
    found: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert family.samples, f"{name} has no sample: have this test make it happen"
        found[name] = (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
    return found
