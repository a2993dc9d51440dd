"""The local control plane with its fake node behaves as a cluster does."""

from __future__ import annotations

from typing import Any

from localcluster.testing import RunningCluster, wait_for

BEHAVIOUR = "fakelet.saferollout.io/behaviour"


def deployment(name: str, *, behaviour: str = "ready", replicas: int = 3, image: str = "shop:1") -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {BEHAVIOUR: behaviour}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


def container(pod: dict[str, Any]) -> dict[str, Any]:
    statuses: list[dict[str, Any]] = pod.get("status", {}).get("containerStatuses") or [{}]
    return statuses[0]


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = {condition["type"]: condition["status"] for condition in pod.get("status", {}).get("conditions", [])}
    return conditions.get("Ready") == "True"


def test_a_deployment_of_three_rolls_to_a_new_image(control_plane: RunningCluster, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web"))
    control_plane.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s")

    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web", image="shop:2"))
    control_plane.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=30s")

    wait_for("the old pods are gone", lambda: len(control_plane.pods(namespace)) == 3)
    pods = control_plane.pods(namespace)
    assert {container(pod)["image"] for pod in pods} == {"shop:2"}
    assert all(is_ready(pod) for pod in pods)
    assert len({pod["status"]["podIP"] for pod in pods}) == 3


def test_a_crash_loop_shows_as_the_kubelet_shows_it(control_plane: RunningCluster, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web", behaviour="crash-loop", replicas=1))

    def looping() -> bool:
        statuses = [container(pod) for pod in control_plane.pods(namespace)]
        return any(
            status.get("restartCount", 0) >= 2 and status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
            for status in statuses
        )

    wait_for("two restarts and CrashLoopBackOff", looping)
    assert container(control_plane.pods(namespace)[0])["lastState"]["terminated"]["exitCode"] == 1


def test_an_image_that_cannot_be_pulled_leaves_the_pod_pending(control_plane: RunningCluster, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web", behaviour="image-pull-error", replicas=1))

    def backing_off() -> bool:
        return any(
            container(pod).get("state", {}).get("waiting", {}).get("reason") == "ImagePullBackOff" for pod in control_plane.pods(namespace)
        )

    wait_for("ImagePullBackOff", backing_off)
    pod = control_plane.pods(namespace)[0]
    assert pod["status"]["phase"] == "Pending"
    assert not is_ready(pod)


def test_a_pod_that_is_never_ready_becomes_ready_when_its_annotation_changes(control_plane: RunningCluster, namespace: str) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("web", behaviour="never-ready", replicas=1))
    wait_for("the pod runs", lambda: any("running" in container(pod).get("state", {}) for pod in control_plane.pods(namespace)))
    assert not is_ready(control_plane.pods(namespace)[0])

    control_plane.kubectl("annotate", "pods", "--all", "--overwrite", "-n", namespace, f"{BEHAVIOUR}=ready")

    wait_for("the pod is ready", lambda: is_ready(control_plane.pods(namespace)[0]))


def test_a_service_account_may_do_what_its_role_says_and_nothing_else(control_plane: RunningCluster, namespace: str) -> None:
    identity = control_plane.service_account(namespace, "reader")
    control_plane.kubectl("create", "role", "reader", "-n", namespace, "--verb=list", "--resource=pods")
    control_plane.kubectl("create", "rolebinding", "reader", "-n", namespace, "--role=reader", f"--serviceaccount={namespace}:reader")

    def allowed(verb: str) -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": identity.user, "resourceAttributes": {"namespace": namespace, "verb": verb, "resource": "pods"}},
        }
        return bool(control_plane.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])

    wait_for("the role is known to the authoriser", lambda: allowed("list"))
    assert not allowed("delete")


def test_the_server_knows_mutating_admission_policies(control_plane: RunningCluster) -> None:
    resources = control_plane.api.get("/apis/admissionregistration.k8s.io/v1")["resources"]
    assert "mutatingadmissionpolicies" in {resource["name"] for resource in resources}


def test_an_older_server_without_mutating_admission_policies_can_be_had(
    control_plane_without_mutating_policies: RunningCluster,
) -> None:
    resources = control_plane_without_mutating_policies.api.get("/apis/admissionregistration.k8s.io/v1")["resources"]
    names = {resource["name"] for resource in resources}
    assert "validatingadmissionpolicies" in names
    assert "mutatingadmissionpolicies" not in names
