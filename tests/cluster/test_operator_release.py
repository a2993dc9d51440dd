"""The operator itself releases on real controllers, and is killed again and again while it does."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator

_CONTRACTS = "saferollout.io/contracts"
_RELEASE_SECONDS = 120.0


def service(name: str, *, contracts: dict[str, Any], image: str) -> dict[str, Any]:
    labels = {"app": name}
    annotations = {_CONTRACTS: json.dumps({"events": contracts})}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"saferollout.io/managed-by": "shop"}},
        "spec": {"replicas": 4, "selector": {"matchLabels": labels}, "template": template},
    }


def old() -> list[dict[str, Any]]:
    return [service("reader", contracts={"reads": [1]}, image="shop:1"), service("writer", contracts={"writes": [1]}, image="shop:1")]


def new() -> list[dict[str, Any]]:
    # The writer first, so that the order of arrival is the wrong one.
    return [service("writer", contracts={"writes": [2]}, image="shop:2"), service("reader", contracts={"reads": [1, 2]}, image="shop:2")]


def safe_rollout(*, batches: tuple[str, ...] = ()) -> dict[str, Any]:
    workloads = [{"name": name, "batches": list(batches)} for name in ("writer", "reader")]
    contract = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400}}
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "shop"},
        "spec": {"workloads": workloads, "contracts": [contract], "gating": "Disabled", "bakeSeconds": 0, "settleSeconds": 0},
    }


def state(cluster: RunningCluster, namespace: str) -> str:
    return str(cluster.get("saferollout", "shop", namespace=namespace).get("status", {}).get("summary", {}).get("state", ""))


def images(cluster: RunningCluster, namespace: str) -> dict[str, set[str]]:
    """Return the images of the live pods of each service."""
    found: dict[str, set[str]] = {"reader": set(), "writer": set()}
    for pod in cluster.pods(namespace):
        found[pod["metadata"]["labels"]["app"]].add(pod["spec"]["containers"][0]["image"])
    return found


def is_safe(live: dict[str, set[str]]) -> bool:
    return not ("shop:2" in live["writer"] and "shop:1" in live["reader"])


def is_released(cluster: RunningCluster, namespace: str) -> bool:
    live = images(cluster, namespace)
    assert is_safe(live), live
    return live == {"reader": {"shop:2"}, "writer": {"shop:2"}} and state(cluster, namespace) == "Completed"


def settled(cluster: RunningCluster, namespace: str) -> bool:
    return images(cluster, namespace) == {"reader": {"shop:1"}, "writer": {"shop:1"}} and state(cluster, namespace) in ("Idle", "Completed")


@pytest.mark.parametrize("batches", [(), ("50%",)], ids=["at once", "in batches"])
def test_readers_roll_before_their_writer_whatever_came_first(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path, batches: tuple[str, ...]
) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout(batches=batches), *old()])
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        wait_for("the first revisions run", lambda: settled(control_plane, namespace), seconds=60)
        control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=new())
        wait_for("both are released", lambda: is_released(control_plane, namespace), seconds=_RELEASE_SECONDS)


def silent() -> list[dict[str, Any]]:
    deployments = old()
    for deployment in deployments:
        del deployment["spec"]["template"]["metadata"]["annotations"]
    return deployments


def test_the_first_commits_that_only_add_annotations_go_through(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout(), *silent()])
    declared = [service("writer", contracts={"writes": [7]}, image="shop:1"), service("reader", contracts={"reads": [7]}, image="shop:1")]
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        wait_for("the silent revisions run", lambda: settled(control_plane, namespace), seconds=60)
        control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=declared)
        # Version 7 is not the base version: only what the annotations say of the templates they replace makes it safe.
        wait_for("both declare", lambda: declares(control_plane, namespace) == {"reader", "writer"}, seconds=_RELEASE_SECONDS)
        wait_for("it is complete", lambda: state(control_plane, namespace) == "Completed", seconds=_RELEASE_SECONDS)


def declares(cluster: RunningCluster, namespace: str) -> set[str]:
    """Return the services all of whose pods declare something."""
    pods = cluster.pods(namespace)
    silent_ones = {pod["metadata"]["labels"]["app"] for pod in pods if _CONTRACTS not in pod["metadata"].get("annotations", {})}
    return {pod["metadata"]["labels"]["app"] for pod in pods} - silent_ones


def test_an_operator_that_is_killed_again_and_again_skips_and_repeats_nothing(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    lives = random.Random(4)
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout(batches=("50%",)), *old()])
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        wait_for("the first revisions run", lambda: settled(control_plane, namespace), seconds=60)
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=new())
    deadline = time.monotonic() + _RELEASE_SECONDS
    released = False
    while not released:
        assert time.monotonic() < deadline, state(control_plane, namespace)
        # The same name takes its own Lease back without waiting.
        with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
            until = time.monotonic() + lives.uniform(0.2, 3.0)
            while time.monotonic() < until and not released:
                released = is_released(control_plane, namespace)
    for name in ("reader", "writer"):
        replica_sets = json.loads(control_plane.kubectl("get", "rs", "-n", namespace, "-l", f"app={name}", "-o", "json"))["items"]
        assert len(replica_sets) == 2, "each revision has one ReplicaSet: nothing was rolled twice"
