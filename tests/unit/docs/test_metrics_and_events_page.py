"""The page on metrics, events and conditions lists exactly what the code can emit."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import GateStatus, Release, State, Status
from saferollout.core.decision import Decision, Snapshot
from saferollout.core.gates import Verdict
from saferollout.core.views import HoldMode, World
from saferollout.shell.metrics import Metrics
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.docs.emitted import SOURCE, condition_reasons, event_reasons

PAGE = (Path(__file__).parents[3] / "docs" / "metrics-and-events.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def rows(heading: str, *, header: str) -> list[list[str]]:
    """Return the cells of the table under a heading that starts with a column of this name."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = section.split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def bare(cell: str) -> str:
    return cell.strip("`")


def test_every_reason_of_an_event_is_on_the_page_with_its_type() -> None:
    listed = {bare(row[0]): row[1] for row in rows("Events", header="reason")}
    assert set(listed) == set(event_reasons())
    assert {reason for reason, types in event_reasons().items() if types and types != {listed[reason]}} == set()


def test_every_reason_of_a_condition_is_on_the_page() -> None:
    assert sorted(reason for row in rows("Conditions", header="reason") for reason in re.findall(r"`(\w+)`", row[0])) == sorted(condition_reasons())


def test_every_condition_is_on_the_page(little_cluster: LittleCluster) -> None:
    little_cluster.look()
    assert [row[0] for row in rows("Conditions", header="condition")] != []
    assert {row[0] for row in rows("Conditions", header="condition")} == {known.type for known in little_cluster.status.conditions}


def test_every_state_is_on_the_page() -> None:
    assert sorted(row[0] for row in rows("States", header="state")) == sorted(State)


def test_every_series_is_on_the_page_with_its_type_and_labels() -> None:
    listed = {bare(row[0]): (row[1], set(re.findall(r"`(\w+)`", row[2]))) for row in rows("Metrics", header="series")}
    assert listed == exposed()


def test_every_verdict_and_every_result_is_on_the_page() -> None:
    meanings = {bare(row[0]): " ".join(row[3:]) for row in rows("Metrics", header="series")}
    assert {verdict for verdict in Verdict if verdict not in meanings["saferollout_gate_verdict"]} == set()
    results = set(re.findall(r'return "([a-z]+)"', (SOURCE / "engine" / "workers.py").read_text(encoding="utf-8")))
    assert len(results) > 1
    assert {result for result in results if result not in meanings["saferollout_reconcile_total"]} == set()


@pytest.fixture
def little_cluster() -> LittleCluster:
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate({"workloads": [{"name": "web"}]}))
    cluster.running("web", "w1", None)
    return cluster


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
    metrics.decided("shop/main", snapshot, Decision(status=Status(release=Release(id="r", start_time=NOW, changed_time=NOW)), gates=tuple(gates)))
    found: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        assert family.samples, f"{name} has no sample: have this test make it happen"
        found[name] = (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
    return found
