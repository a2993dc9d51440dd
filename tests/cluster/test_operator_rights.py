"""The operator with the chart's rights and policies: enough to work with, and everything given back at the end."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.helm import CHART, run_helm
from localcluster.testing import RunningCluster, wait_for
from saferollout.api.names import RESTART_ANNOTATIONS
from saferollout.core.actions import SetPace
from saferollout.core.views import Pace
from saferollout.engine.errors import Conflict
from saferollout.engine.giving_back import read_workload
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place
from saferollout.shell.cluster import KubernetesCluster
from saferollout.shell.connection import connect, load_configuration
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import RawWorkload
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator

_ROOT = Path(__file__).resolve().parents[2]
_MANAGED_BY = "saferollout.io/managed-by"


def deployment(name: str, *, image: str = "shop:1", label: bool = False) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {_MANAGED_BY: "shop"} if label else {}},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def safe_rollout(*workloads: str, finalizers: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "shop", "finalizers": list(finalizers)},
        "spec": {"workloads": [{"name": workload} for workload in workloads]},
    }


def give_back(chart: InstalledChart, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "saferollout", "give-back", "--all", "--kubeconfig", str(chart.operator.kubeconfig), *arguments]
    environment = os.environ | {"PYTHONPATH": str(_ROOT / "operator"), "POD_NAMESPACE": NAMESPACE}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def running_web(control_plane: RunningCluster, namespace: str) -> RunningCluster:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web"))
    control_plane.kubectl("rollout", "status", "-n", namespace, "deployment/web", "--timeout=30s")
    return control_plane


def test_the_charts_rights_are_enough_and_its_policy_is_found(
    running_web: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=safe_rollout("web"))
    with operator(running_web, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig):
        _wait_for_message(running_web, namespace, "1 workloads, 2 pods, 2 ready, absent: none")
        assert running_web.get("saferollout", "shop", namespace=namespace)["status"]["summary"]["holdMode"] == "Policy"
    found = json.loads(running_web.kubectl("get", "leases", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=saferollout", "-o", "json"))
    assert [lease["metadata"]["name"] for lease in found["items"]] == ["saferollout"]


def test_a_held_workload_without_its_safe_rollout_is_told_so(
    running_web: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    running_web.kubectl("label", "-n", namespace, "deployment/web", f"{_MANAGED_BY}=mistyped")
    running_web.kubectl("set", "image", "-n", namespace, "deployment/web", "main=shop:2")
    with operator(running_web, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig):

        def told() -> str:
            return running_web.kubectl("get", "events", "-n", namespace, "--field-selector=reason=HeldWithoutSafeRollout", "-o", "jsonpath={.items[*].message}")

        wait_for("an event names the missing SafeRollout", lambda: "'mistyped'" in told(), seconds=30)
        described = running_web.kubectl("describe", "-n", namespace, "deployment/web")
        assert "HeldWithoutSafeRollout" in described


async def test_a_paced_workload_without_its_safe_rollout_gets_its_fields_back_and_its_pods_stay(
    running_web: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    running_web.kubectl("label", "-n", namespace, "deployment/web", f"{_MANAGED_BY}=mistyped")
    running_web.kubectl("set", "image", "-n", namespace, "deployment/web", "main=shop:2")
    await _pace_half(chart, namespace)

    def images() -> list[str]:
        return sorted(pod["spec"]["containers"][0]["image"] for pod in running_web.pods(namespace))

    wait_for("one of two pods is new", lambda: images() == ["shop:1", "shop:2"])
    before = {pod["metadata"]["uid"] for pod in running_web.pods(namespace)}
    with operator(running_web, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig):

        def given_back() -> bool:
            annotations = running_web.get("deployment", "web", namespace=namespace)["metadata"]["annotations"]
            return "saferollout.io/original" not in annotations and "saferollout.io/left-paused" in annotations

        wait_for("the fields are back", given_back)
    web = running_web.get("deployment", "web", namespace=namespace)
    # maxSurge alone is held at what is in use: even paused, the native controller would use more of it.
    assert web["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "25%", "maxSurge": 0}
    assert (web["spec"]["paused"], web["spec"].get("minReadySeconds", 0), web["spec"]["progressDeadlineSeconds"]) == (True, 0, 600)
    assert "maxSurge was 25%" in web["metadata"]["annotations"]["saferollout.io/left-paused"]
    await asyncio.sleep(2)
    assert {pod["metadata"]["uid"] for pod in running_web.pods(namespace)} == before


async def _pace_half(chart: InstalledChart, namespace: str) -> None:
    configuration = await load_configuration(kubeconfig=str(chart.operator.kubeconfig))
    async with connect(configuration, count_request=lambda verb, code: None) as cluster:
        for _ in range(20):
            try:
                await _pace_once(cluster, Place(namespace=namespace, name="web"))
            except Conflict:
                await asyncio.sleep(0.1)  # the native controller writes its status
            else:
                return
        pytest.fail("somebody else wrote each time")


async def _pace_once(cluster: KubernetesCluster, place: Place) -> None:
    kind, now = DeploymentKind(), datetime.now(UTC)
    live = await read_workload(cluster, Kind.DEPLOYMENT, place)
    view = kind.view(live, restart_annotations=(), now=now)
    action = SetPace(workload="web", revision=view.template, pace=Pace(max_unavailable="50%", max_surge=0))
    await cluster.patch(Kind.DEPLOYMENT.resource, place, body=kind.write(action, live, now=now).body)


def test_uninstalling_gives_everything_back_and_starts_nothing(running_web: RunningCluster, chart: InstalledChart, namespace: str) -> None:
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=safe_rollout("web", finalizers=("saferollout.io/give-back",)))
    running_web.kubectl("label", "-n", namespace, "deployment/web", f"{_MANAGED_BY}=shop", "--field-manager=saferollout")
    running_web.kubectl("set", "image", "-n", namespace, "deployment/web", "main=shop:2")
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("first", label=True))
    before = {pod["metadata"]["uid"] for pod in running_web.pods(namespace)}

    finished = give_back(chart)

    assert finished.returncode == 0, finished.stderr
    web, first = (running_web.get("deployment", name, namespace=namespace) for name in ("web", "first"))
    assert web["spec"]["paused"] is True
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    assert "saferollout.io/left-paused" in web["metadata"]["annotations"]
    assert not [label for label in web["metadata"].get("labels", {}) if label.startswith("saferollout.io/")]
    assert first["spec"]["paused"] is True
    assert first["metadata"]["labels"] == {_MANAGED_BY: "shop"}
    assert running_web.get("saferollout", "shop", namespace=namespace)["metadata"].get("finalizers", []) == []
    assert {pod["metadata"]["uid"] for pod in running_web.pods(namespace)} == before


@pytest.mark.parametrize("ours", [True, False])
def test_uninstalling_while_the_native_controller_rolls_is_refused_and_by_force_stops_what_is_ours(
    running_web: RunningCluster, chart: InstalledChart, namespace: str, ours: bool
) -> None:
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=safe_rollout("web", finalizers=("saferollout.io/give-back",)))
    never_ready = {"spec": {"template": {"metadata": {"annotations": {"fakelet.saferollout.io/behaviour": "never-ready"}}}}}
    running_web.kubectl("patch", "-n", namespace, "deployment/web", "-p", json.dumps(never_ready))
    wait_for("two revisions run", lambda: len(running_web.pods(namespace)) == 3)
    running_web.kubectl("label", "-n", namespace, "deployment/web", f"{_MANAGED_BY}=shop", "--field-manager=saferollout")
    if ours:
        _put_roll_on_record(running_web, namespace)

    refused = give_back(chart)
    assert refused.returncode == 1 and f"{namespace}/web run two revisions now" in refused.stderr, refused
    assert running_web.get("deployment", "web", namespace=namespace)["metadata"]["labels"][_MANAGED_BY] == "shop"
    before = {pod["metadata"]["uid"] for pod in running_web.pods(namespace)}
    forced = give_back(chart, "--force")

    assert forced.returncode == 0, forced.stderr
    web = running_web.get("deployment", "web", namespace=namespace)
    assert web["spec"].get("paused", False) is ours
    assert ("saferollout.io/left-paused" in web["metadata"]["annotations"]) is ours
    assert not web["metadata"].get("labels")
    assert {pod["metadata"]["uid"] for pod in running_web.pods(namespace)} == before


def _put_roll_on_record(cluster: RunningCluster, namespace: str) -> None:
    """Write what the operator writes before it lets a roll begin."""
    web = RawWorkload(workload=cluster.get("deployment", "web", namespace=namespace))
    now = datetime.now(UTC)
    revision = DeploymentKind().view(web, restart_annotations=RESTART_ANNOTATIONS, now=now).template
    moment = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    roll = {"workload": "web", "hash": revision, "startTime": moment, "batchStartTime": moment}
    release = {"id": "r", "startTime": moment, "changedTime": moment, "rolls": [roll]}
    status = json.dumps({"status": {"release": release}})
    cluster.kubectl("patch", "-n", namespace, "saferollout/shop", "--type=merge", "--subresource=status", "-p", status)


def test_uninstalling_without_a_word_for_everything_is_refused(chart: InstalledChart) -> None:
    command = [sys.executable, "-m", "saferollout", "give-back"]
    finished = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(_ROOT / "operator")}, capture_output=True, text=True, check=False, timeout=60)
    assert finished.returncode == 2
    assert "--all" in finished.stderr


def test_rights_in_the_watched_namespace_alone_are_enough(running_web: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path) -> None:
    """Another release of the chart that watches one namespace and Deployments only; the definition is there already."""
    text = run_helm("template", "narrow", str(CHART), "--namespace", namespace, "--set", f"watchNamespaces={{{namespace}}}", "--set", "crds.install=false")
    rights = [item for item in yaml.safe_load_all(text) if item and item["kind"] in ("Role", "RoleBinding") and "give-back" not in item["metadata"]["name"]]
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=rights)
    (account,) = {subject["name"] for item in rights if item["kind"] == "RoleBinding" for subject in item["subjects"]}
    narrow = running_web.service_account(namespace, account)
    lease = next(item for item in rights if item["kind"] == "Role" and any("leases" in rule["resources"] for rule in item["rules"]))
    lease_name = next(rule["resourceNames"][0] for rule in lease["rules"] if "resourceNames" in rule)
    running_web.kubectl("apply", "-n", namespace, "-f", "-", manifest=safe_rollout("web"))
    with operator(
        running_web, tmp_path, name="one", namespace=namespace, watch=namespace, kubeconfig=narrow.kubeconfig, lease=lease_name,
        stateful_sets=False,
    ):
        _wait_for_message(running_web, namespace, "1 workloads, 2 pods, 2 ready, absent: none")
        running_web.kubectl("scale", "-n", namespace, "deployment/web", "--replicas=1")
        _wait_for_message(running_web, namespace, "1 workloads, 1 pods, 1 ready, absent: none")


def _wait_for_message(cluster: RunningCluster, namespace: str, message: str) -> None:
    def said() -> str:
        status = cluster.get("saferollout", "shop", namespace=namespace).get("status", {})
        return str(status.get("summary", {}).get("message", ""))

    wait_for(f"status says: {message}", lambda: said() == message)
