"""A topic that is shared with another namespace: its live pods' declarations are read, if they may be, and nothing there is touched."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator

_RELEASE_SECONDS = 120.0


def service(name: str, contracts: dict[str, Any], *, image: str, **metadata: Any) -> dict[str, Any]:
    labels = {"app": name}
    annotations = {"saferollout.io/contracts": json.dumps({"events": contracts})}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, **metadata},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def safe_rollout(elsewhere: str) -> dict[str, Any]:
    party = {"name": "dwh", "from": {"namespace": elsewhere, "workload": "warehouse"}}
    contract = {"name": "events", "topic": {"name": "events"}, "externalReaders": [party]}
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "shop"},
        "spec": {"workloads": [{"name": "writer"}], "contracts": [contract], "gating": "Disabled", "bakeSeconds": 0, "settleSeconds": 0},
    }


def writer(version: int) -> dict[str, Any]:
    return service("writer", {"writes": [version]}, image=f"shop:{version}", labels={"saferollout.io/managed-by": "shop"})


def warehouse(*versions: int) -> dict[str, Any]:
    return service("warehouse", {"reads": list(versions)}, image=f"warehouse:{len(versions)}")


@pytest.fixture
def elsewhere(control_plane: RunningCluster, namespace: str) -> Iterator[str]:
    """Create another team's namespace."""
    name = f"{namespace}-data"
    control_plane.kubectl("create", "namespace", name)
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def plan_accepted(cluster: RunningCluster, namespace: str) -> dict[str, Any]:
    conditions = cluster.get("saferollout", "shop", namespace=namespace).get("status", {}).get("conditions", [])
    return next((known for known in conditions if known["type"] == "PlanAccepted"), {})


def writers(cluster: RunningCluster, namespace: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in cluster.pods(namespace)}


def test_a_writer_waits_for_the_live_readers_of_another_namespace_and_only_with_its_leave(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, elsewhere: str, tmp_path: Path
) -> None:
    def said() -> str:
        return str(plan_accepted(control_plane, namespace).get("message", ""))

    control_plane.kubectl("apply", "-n", elsewhere, "-f", "-", manifest=[warehouse(1)])
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout(elsewhere), writer(1)])
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        wait_for("the missing leave is named", lambda: f"saferollout.io/readable-by: {namespace}" in said())
        control_plane.kubectl("annotate", "deployment", "warehouse", "-n", elsewhere, f"saferollout.io/readable-by={namespace}")
        wait_for("it may be read", lambda: plan_accepted(control_plane, namespace).get("status") == "True")
        control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[writer(2)])
        wait_for("the new version is refused", lambda: "dwh (external) reads only 1" in said())
        assert writers(control_plane, namespace) == {"shop:1"}
        control_plane.kubectl("apply", "-n", elsewhere, "-f", "-", manifest=[warehouse(1, 2)])
        wait_for("the writer goes when all pods elsewhere can read it", lambda: writers(control_plane, namespace) == {"shop:2"}, seconds=_RELEASE_SECONDS)
    theirs = control_plane.kubectl("get", "deployment,rs,pods", "-n", elsewhere, "-o", "json", "--show-managed-fields")
    assert "saferollout" not in {entry["manager"] for item in json.loads(theirs)["items"] for entry in item["metadata"]["managedFields"]}
    assert "saferollout.io/managed-by" not in theirs
