"""helm installs the chart on the real API server, in a namespace that enforces the restricted standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from localcluster.helm import CHART, run_helm
from localcluster.testing import RunningCluster, wait_for
from saferollout.core import actions
from tests.cluster.chart import InstalledChart
from tests.cluster.workload_stage import NAME, Stage

RELEASE = "second"
FULL_NAME = "second-saferollout"


@pytest.fixture
def installed(control_plane: RunningCluster, namespace: str, chart: InstalledChart) -> Iterator[str]:
    """A second release beside the first, for one namespace only."""
    control_plane.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    values = ["--set", f"watchNamespaces={{{namespace}}}", "--set", "crds.install=false"]
    run_helm("install", RELEASE, str(CHART), "-n", namespace, *values, kubeconfig=control_plane.kubeconfig)
    yield namespace
    # Fake pods never finish a Job: the hook's own behaviour is tested with the command it runs.
    run_helm("uninstall", RELEASE, "-n", namespace, "--no-hooks", kubeconfig=control_plane.kubeconfig)


def test_two_restricted_pods_start(control_plane: RunningCluster, installed: str) -> None:
    wait_for("two operator pods", lambda: len(control_plane.pods(installed, "app.kubernetes.io/name=saferollout")) == 2)


def test_the_server_is_asked_whether_it_has_the_policies(control_plane: RunningCluster, installed: str) -> None:
    for kind in ("mutatingadmissionpolicy", "mutatingadmissionpolicybinding"):
        for part in ("hold", "pace", "pin", "bypass"):
            assert control_plane.get(kind, f"{FULL_NAME}-{part}", namespace=installed)["metadata"]["name"]


def test_the_policies_type_check(control_plane: RunningCluster, installed: str) -> None:
    def checked(name: str) -> dict[str, Any]:
        status: dict[str, Any] = control_plane.get("validatingadmissionpolicy", name, namespace=installed).get("status", {})
        return status

    for name in (f"{FULL_NAME}-resume", f"{FULL_NAME}-warn"):
        wait_for(f"{name} was checked", lambda name=name: "typeChecking" in checked(name))
        assert not checked(name)["typeChecking"].get("expressionWarnings"), checked(name)


def test_the_operator_may_do_its_work_in_its_namespaces_and_nothing_else(control_plane: RunningCluster, installed: str) -> None:
    user = f"system:serviceaccount:{installed}:{FULL_NAME}"

    def allowed(verb: str, resource: str, *, group: str = "", namespace: str = installed, name: str = "", subresource: str = "") -> bool:
        attributes = {"namespace": namespace, "group": group, "resource": resource, "verb": verb, "name": name, "subresource": subresource}
        review = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes},
        }  # fmt: skip
        return bool(control_plane.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])

    wait_for("the roles are known", lambda: allowed("patch", "deployments", group="apps"))
    policy = f"{FULL_NAME}-hold"
    assert allowed("get", "mutatingadmissionpolicies", group="admissionregistration.k8s.io", namespace="", name=policy)
    assert allowed("patch", "saferollouts", group="saferollout.io", subresource="status")
    assert allowed("delete", "replicasets", group="apps")
    assert allowed("update", "leases", group="coordination.k8s.io", name=FULL_NAME)
    assert not allowed("patch", "deployments", group="apps", namespace="default")
    assert not allowed("delete", "deployments", group="apps")
    assert not allowed("update", "mutatingadmissionpolicies", group="admissionregistration.k8s.io", namespace="", name=policy)
    assert not allowed("get", "secrets")
    assert not allowed("create", "pods", subresource="exec")
    assert not allowed("delete", "pods")
    assert not allowed("update", "leases", group="coordination.k8s.io", name="somebody-elses")


def test_the_give_back_pod_is_restricted_too(control_plane: RunningCluster, installed: str) -> None:
    hooks = run_helm("get", "hooks", RELEASE, "-n", installed, kubeconfig=control_plane.kubeconfig)
    assert "kind: Job" in hooks
    job = control_plane.kubectl("create", "--dry-run=server", "-n", installed, "-f", "-", manifest=hooks)
    assert "job.batch/second-saferollout-give-back created" in job


def test_the_notes_say_what_a_release_looks_after(control_plane: RunningCluster, installed: str) -> None:
    notes = run_helm("get", "notes", RELEASE, "-n", installed, kubeconfig=control_plane.kubeconfig)
    assert f"It looks after {installed}. No other release of this chart may look after these." in notes


def test_where_two_releases_overlap_each_takes_the_others_operator_for_a_stranger(installed: str, stage: Stage) -> None:
    """docs/operations.md says so: the first release looks after all namespaces, and its operator can release nothing in this one."""
    assert stage.create().status == 201
    assert stage.view().held

    def is_kept_held() -> bool:
        stage.act(actions.LetThrough(NAME, revision=stage.view().template))
        if stage.view().held:
            return True
        stage.act(actions.Hold(NAME))
        return False

    wait_for("the policies of the second release are at work", is_kept_held)
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    assert stage.view().held and stage.view().paused


def test_a_server_without_the_policies_gets_none(control_plane_without_mutating_policies: RunningCluster) -> None:
    # Other tests may have left the definition on this server, which helm would not take over.
    arguments = ["install", RELEASE, str(CHART), "--dry-run=server", "-n", "default", "--set=crds.install=false"]
    rendered = run_helm(*arguments, kubeconfig=control_plane_without_mutating_policies.kubeconfig)
    assert "kind: Deployment" in rendered
    assert "AdmissionPolicy" not in rendered.partition("NOTES:")[0]
    assert "That is weaker" in rendered
    assert "It looks after all namespaces" in rendered
