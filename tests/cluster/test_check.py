"""`saferollout check` against a real API server: what is installed, what is missing, and what it says of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.binaries import binary
from localcluster.helm import CHART, run_helm
from localcluster.prometheus import Target, standalone_prometheus
from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.chart import RELEASE as RELEASE_AT_WORK
from tests.cluster.processes import Operator
from tests.cluster.test_prometheus import COUNT, Exposed, serving

EXECUTABLE = Path(sys.executable).parent / "saferollout"
RELEASE = "checked"
FULL_NAME = "checked-saferollout"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the command answered as JSON, by what each line is about."""

    code: int
    lines: list[dict[str, Any]]

    def levels(self, check: str) -> list[str]:
        return [line["level"] for line in self.lines if line["check"] == check]

    def said(self, check: str) -> str:
        return " | ".join(line["message"] for line in self.lines if line["check"] == check)

    def ways_out(self, check: str) -> str:
        return " | ".join(f"{out['words']} {out['command']}" for line in self.lines if line["check"] == check for out in line["waysOut"])

    @property
    def failed(self) -> dict[str, str]:
        return {line["check"]: line["message"] for line in self.lines if line["level"] == "failed"}


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster and the namespace in which somebody asks."""

    cluster: RunningCluster
    namespace: str
    operator_namespace: str
    name: str = FULL_NAME

    def check(self, *arguments: str, kubeconfig: Path | None = None) -> Checked:
        done = self.run("-o", "json", "--operator-namespace", self.operator_namespace, *arguments, kubeconfig=kubeconfig)
        assert done.stdout, done.stderr
        parsed = json.loads(done.stdout)
        return Checked(done.returncode, [line for group in parsed["groups"] for line in group["lines"]])

    def run(self, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(EXECUTABLE), "check", *arguments, "-n", self.namespace, "--kubeconfig", str(kubeconfig or self.cluster.kubeconfig)]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", "COLUMNS": "80"}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)

    def apply(self, *objects: dict[str, Any]) -> None:
        self.cluster.kubectl("apply", "-n", self.namespace, "-f", "-", manifest=list(objects))


@pytest.fixture
def place(control_plane: RunningCluster, namespace: str, chart: InstalledChart) -> Iterator[Place]:
    """The chart, whole, installed for one namespace; its pods are pretended, so nobody holds the Lease yet."""
    values = ("--set", f"watchNamespaces={{{namespace}}}", "--set", "crds.install=false", "--set", "policies.enabled=true")
    run_helm("install", RELEASE, str(CHART), "-n", namespace, *values, kubeconfig=control_plane.kubeconfig)
    yield Place(control_plane, namespace, operator_namespace=namespace)
    run_helm("uninstall", RELEASE, "-n", namespace, "--no-hooks", kubeconfig=control_plane.kubeconfig)


@pytest.fixture
def at_work(control_plane: RunningCluster, namespace: str, chart: InstalledChart, operator_at_work: Operator) -> Iterator[Place]:
    """The session's release of the chart with its Deployment, and a real operator that works in place of the pretended pods."""
    parts = [item for item in chart.objects if item["kind"] in ("Deployment", "ConfigMap")]
    control_plane.kubectl("apply", "-n", NAMESPACE, "-f", "-", manifest=parts)
    place = Place(control_plane, namespace, operator_namespace=NAMESPACE, name=RELEASE_AT_WORK)
    wait_for("two operator pods are ready", lambda: ready(place) == 2)
    yield place
    control_plane.kubectl("delete", "-n", NAMESPACE, "-f", "-", "--wait=false", manifest=parts)


def ready(place: Place) -> int:
    return int(place.cluster.get("deployment", place.name, namespace=place.operator_namespace).get("status", {}).get("readyReplicas", 0))


def deployment(name: str, *, label: str = "shop") -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "shop/main:1"}]}}
    labels = {"saferollout.io/managed-by": label} if label else {}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }  # fmt: skip


def safe_rollout(*workloads: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "shop"},
        "spec": {"workloads": [{"name": workload} for workload in workloads], "bakeSeconds": 0, "settleSeconds": 0, **spec},
    }  # fmt: skip


def test_what_is_all_there_passes(at_work: Place) -> None:
    at_work.apply(safe_rollout("web", gating="Disabled"), deployment("web"))
    wait_for("the release is over", lambda: "Completed" in at_work.cluster.kubectl("get", "sro", "shop", "-n", at_work.namespace))
    found = at_work.check()
    assert (found.code, found.failed) == (0, {}), found
    for check in ("server", "policy-api", "definition", "schema", "operator", "version", "lease", "policies", "hold-mode", "hold-probe",
                  "operator-rights", "saferollout"):  # fmt: skip
        assert found.levels(check) == ["ok"], (check, found.said(check))
    assert "held by one" in found.said("lease")
    assert "38 rights" in found.said("operator-rights")
    text = at_work.run("--operator-namespace", NAMESPACE).stdout
    assert "✔ ok: saferollout.io/v1alpha1 is served" in text
    assert all(len(line) <= 80 or line.startswith(("        kubectl", "        helm")) for line in text.splitlines()), text


def test_an_operator_that_is_not_at_work_is_a_failure(place: Place) -> None:
    wait_for("two operator pods are ready", lambda: ready(place) == 2)
    found = place.check()
    assert found.code == 1
    assert set(found.failed) == {"lease"}
    assert "kubectl logs" in found.ways_out("lease")
    place.cluster.kubectl("scale", "-n", place.namespace, f"deployment/{FULL_NAME}", "--replicas=0")
    assert "scaled to 0" in place.check().failed["operator"]
    place.cluster.kubectl("delete", "-n", place.namespace, f"deployment/{FULL_NAME}")
    gone = place.check()
    assert "no Deployment" in gone.failed["operator"]
    assert "helm install" in gone.ways_out("operator")
    assert gone.levels("operator-rights") == ["notChecked"]


def test_a_policy_that_is_gone_is_named_and_without_the_hold_it_is_reactive_mode(place: Place) -> None:
    place.cluster.kubectl("delete", "mutatingadmissionpolicy", f"{FULL_NAME}-pin")
    some = place.check()
    assert f"{FULL_NAME}-pin" in some.failed["policies"]
    assert f"helm upgrade {RELEASE} charts/saferollout -n {place.namespace}" in some.ways_out("policies")
    place.cluster.kubectl("delete", "mutatingadmissionpolicybinding", f"{FULL_NAME}-hold")
    found = place.check()
    assert found.levels("hold-mode") == ["warning"]
    assert "Reactive" in found.said("hold-mode")
    # The session's other release of the chart holds everywhere.
    assert found.levels("hold-probe") == ["ok"]


def test_a_right_that_was_taken_away_is_named_with_the_question_to_ask_again(place: Place) -> None:
    patch = [{"op": "replace", "path": "/rules/2/verbs", "value": ["get", "list", "watch"]}]
    place.cluster.kubectl("patch", "role", FULL_NAME, "-n", place.namespace, "--type=json", "-p", json.dumps(patch))
    wait_for("the authorizer has seen it", lambda: bool(place.check().failed.get("operator-rights")))
    found = place.check()
    account = f"system:serviceaccount:{place.namespace}:{FULL_NAME}"
    assert found.said("operator-rights") == f"{account} may not patch deployments.apps in namespace {place.namespace}"
    question = found.ways_out("operator-rights").split("kubectl ")[1].split()
    assert "no" in run_kubectl(place, *question)


def run_kubectl(place: Place, *arguments: str) -> str:
    command = [binary("kubectl"), f"--kubeconfig={place.cluster.kubeconfig}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def test_who_may_do_little_is_told_what_was_not_checked_and_never_that_it_is_well(at_work: Place) -> None:
    at_work.apply(safe_rollout("web", gating="Disabled"), deployment("web"))
    ada = at_work.cluster.service_account(at_work.namespace, "ada")
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "ada", "namespace": at_work.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "saferollout-view"},
        "subjects": [{"kind": "ServiceAccount", "name": "ada", "namespace": at_work.namespace}],
    }  # fmt: skip
    at_work.cluster.apply(binding)

    def asked() -> Checked:
        return at_work.check(kubeconfig=ada.kubeconfig)

    wait_for("she may read SafeRollouts", lambda: "notChecked" not in asked().levels("saferollout"))
    found = asked()
    assert found.failed == {}
    for check in ("schema", "operator", "lease", "policies", "hold-probe", "operator-rights", "workload"):
        assert set(found.levels(check)) == {"notChecked"}, (check, found.said(check))
    assert found.levels("definition") == ["ok"]
    assert "break the glass" in found.said("your-rights")
    assert "you may not create deployments" in found.said("hold-probe")


def test_workloads_and_labels_that_lead_nowhere_are_named(at_work: Place) -> None:
    at_work.apply(safe_rollout("web", "billing", gating="Disabled"), deployment("web", label=""), deployment("stray", label="shopp"))
    wait_for("the operator has labelled web", lambda: "the operator added the label to Deployment web" in at_work.check().said("label"))
    found = at_work.check()
    assert "no Deployment billing" in found.said("workload")
    assert "did you mean 'shop'?" in found.failed["label"]
    mistyped = at_work.run("shopp")
    assert mistyped.returncode == 2
    assert "did you mean 'shop'?" in mistyped.stderr


GATES = [
    {"name": "ratio", "signal": "ServerErrorRatio", "workload": "web", "max": "0.02", "minimumRequests": 1},
    {"name": "own", "promql": 'sum(things{pod=~"$new"})', "max": "5"},
    {"name": "wrong", "promql": "sum(thinks)", "max": "5"},
    {"name": "many", "promql": "things", "max": "5"},
    {"name": "lag", "signal": "ConsumerLag", "contract": "events", "max": "5"},
]
EVENTS = {"name": "events", "topic": {"name": "events", "consumerGroups": [{"group": "web", "workload": "web"}, {"group": "idle", "workload": "web"}]}}


def pod_name(place: Place) -> str:
    wait_for("a pod", lambda: len(place.cluster.pods(place.namespace, "app=web")) == 1)
    return str(place.cluster.pods(place.namespace, "app=web")[0]["metadata"]["name"])


def test_each_gate_is_asked_at_a_prometheus_that_was_named(at_work: Place, tmp_path: Path) -> None:
    at_work.apply(safe_rollout("web", gates=GATES, contracts=[EVENTS]), deployment("web"))
    # The gates can't be judged, which holds the first creation: bypassed, because here only the series matter.
    annotate = ("annotate", "deployment", "web", "-n", at_work.namespace, "--overwrite", "saferollout.io/bypass=test")
    at_work.cluster.kubectl(*annotate)
    labels = {"namespace": at_work.namespace, "pod": pod_name(at_work)}
    with serving() as pod, serving() as exporter, standalone_prometheus(tmp_path / "prometheus") as prometheus:
        prometheus.set_targets([Target(pod.address, labels), Target(exporter.address, {"namespace": "monitoring", "pod": "exporter"})])
        expose(pod, exporter)

        def gates() -> dict[str, tuple[str, str]]:
            found = at_work.check("--prometheus", prometheus.url)
            lines = [line for line in found.lines if line["check"] == "gate"]
            assert found.levels("prometheus").count("ok") == 1, found.said("prometheus")
            return {line["message"].split(":")[0].removeprefix("gate shop/"): (line["level"], line["message"]) for line in lines}

        wait_for("requests are counted", lambda: gates()["ratio"][0] == "ok")
        found = gates()
        assert found["own"] == ("ok", "gate shop/own: 3 now, limit <= 5")
        assert found["wrong"] == ("failed", "gate shop/wrong: there is no series thinks")
        assert found["many"][0] == "failed" and "several series" in found["many"][1]
        assert found["lag"][0] == "failed" and 'consumergroup="idle"; it has web' in found["lag"][1]
        prometheus.set_targets([Target(pod.address, {"kubernetes_namespace": at_work.namespace, "pod": labels["pod"]})])
        wait_for("the label is another", lambda: "has a label namespace" in gates()["own"][1], seconds=60)
    down = at_work.check("--prometheus", prometheus.url)
    assert down.code == 1
    assert "can't be reached" in down.failed["prometheus"]
    assert "kubectl port-forward" in down.ways_out("prometheus")


def expose(pod: Exposed, exporter: Exposed) -> None:
    pod.set(COUNT, 100, status="200")
    pod.set("things", 1, kind="a")
    pod.set("things", 2, kind="b")
    exporter.set("kafka_topic_partition_current_offset", 40, topic="events", partition="0")
    exporter.set("kafka_consumergroup_lag", 2, topic="events", partition="0", consumergroup="web")


def test_without_a_prometheus_from_here_the_operators_last_word_counts_and_the_way_is_shown(at_work: Place) -> None:
    at_work.apply(safe_rollout("web", gates=GATES[:1]), deployment("web"))
    wait_for("the gate was judged", lambda: "no Prometheus" in at_work.cluster.kubectl("get", "sro", "shop", "-n", at_work.namespace, "-o", "yaml"))
    found = at_work.check()
    assert "every gate holds as inconclusive" in found.failed["prometheus"]
    assert "prometheus.url=" in found.ways_out("prometheus")
    assert found.levels("gate") == ["warning"]
    assert "the operator's last word" in found.said("gate") and "Inconclusive" in found.said("gate")
    assert "--prometheus URL" in found.ways_out("gate")


def test_without_the_definition_and_the_policies_everything_that_is_missing_is_named(
    control_plane_without_mutating_policies: RunningCluster,
) -> None:
    cluster, namespace = control_plane_without_mutating_policies, f"check-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", namespace)
    kept = cluster.kubectl("get", "crd", "saferollouts.saferollout.io", "--ignore-not-found", "-o", "json")
    cluster.kubectl("delete", "crd", "saferollouts.saferollout.io", "--ignore-not-found")
    try:
        found = Place(cluster, namespace, operator_namespace=namespace).check()
    finally:
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
        if kept:
            restore(cluster, json.loads(kept))
    assert found.code == 1
    assert set(found.failed) == {"definition", "operator"}
    assert "crds/saferollout.io_saferollouts.yaml" in found.ways_out("definition")
    assert found.levels("policy-api") == ["warning"]
    assert found.levels("hold-mode") == ["warning"]
    assert found.levels("hold-probe") == ["note"]
    assert found.levels("saferollout") == ["notChecked"]


def restore(cluster: RunningCluster, definition: dict[str, Any]) -> None:
    """Other tests of the session need it."""
    metadata = {key: definition["metadata"][key] for key in ("name", "labels", "annotations") if key in definition["metadata"]}
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", manifest={**definition, "metadata": metadata, "status": None})


def test_a_definition_of_another_version_is_compared_field_by_field(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import saferollout; print(saferollout.__version__)"]
    version = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    assert place.check().said("schema").endswith(f"this command ({version})")
    definition = yaml.safe_load(place.cluster.kubectl("get", "crd", "saferollouts.saferollout.io", "-o", "yaml"))
    properties = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    original = json.loads(json.dumps(properties))
    patch_schema(place.cluster, {**original, "spec": {**original["spec"], "properties": {**original["spec"]["properties"], "later": {"type": "string"}}}})
    try:
        assert "newer than this command" in place.check().said("schema")
    finally:
        patch_schema(place.cluster, original)


def patch_schema(cluster: RunningCluster, properties: dict[str, Any]) -> None:
    patch = [{"op": "replace", "path": "/spec/versions/0/schema/openAPIV3Schema/properties", "value": properties}]
    cluster.kubectl("patch", "crd", "saferollouts.saferollout.io", "--type=json", "-p", json.dumps(patch))
