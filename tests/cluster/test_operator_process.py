"""The operator as a process on a real API server: it sees, one leads, another takes over, and rest costs nothing."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from localcluster.testing import RunningCluster, wait_for
from tests.cluster.processes import Operator, operator

pytestmark = pytest.mark.long

_REST_SECONDS = 60.0


@pytest.fixture(scope="module", autouse=True)
def _definitions(control_plane: RunningCluster) -> None:
    _define(control_plane)


def _define(cluster: RunningCluster) -> None:
    cluster.define("crds/", resource="saferollouts.saferollout.io")


def safe_rollout(*workloads: str) -> dict[str, Any]:
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "shop"},
        "spec": {"workloads": [{"name": workload} for workload in workloads]},
    }


def deployment(name: str, *, replicas: int = 2) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "shop:1"}]}}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def summary(cluster: RunningCluster, namespace: str) -> dict[str, str]:
    found: dict[str, str] = cluster.get("saferollout", "shop", namespace=namespace).get("status", {}).get("summary", {})
    return found


def wait_for_words(cluster: RunningCluster, namespace: str, words: str) -> None:
    wait_for(f"status says: {words}", lambda: summary(cluster, namespace).get("message") == words, seconds=45)


def leader(*operators: Operator) -> list[Operator]:
    return [running for running in operators if running.metric("saferollout_leader") == 1.0]


def test_a_process_sees_what_is_there_and_what_changes(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout("web", "wbe"), deployment("web")])
    with operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace):
        wait_for_words(control_plane, namespace, "1 workloads, 2 pods, 2 ready, absent: wbe")
        control_plane.kubectl("scale", "-n", namespace, "deployment/web", "--replicas=3")
        wait_for_words(control_plane, namespace, "1 workloads, 3 pods, 3 ready, absent: wbe")
        control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=deployment("wbe", replicas=1))
        wait_for_words(control_plane, namespace, "2 workloads, 4 pods, 4 ready, absent: none")
        control_plane.kubectl("delete", "-n", namespace, "deployment/web")
        wait_for_words(control_plane, namespace, "1 workloads, 1 pods, 1 ready, absent: web")


def test_a_process_that_watches_everything_hears_of_a_new_namespace(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    with operator(control_plane, tmp_path, name="one", namespace=namespace) as running:
        wait_for("it leads", lambda: leader(running) == [running])
        control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[deployment("web"), safe_rollout("web")])
        wait_for_words(control_plane, namespace, "1 workloads, 2 pods, 2 ready, absent: none")


def test_when_the_leader_is_killed_the_other_takes_over(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout("web"), deployment("web", replicas=1)])
    with (
        operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace) as one,
        operator(control_plane, tmp_path, name="two", namespace=namespace, watch=namespace) as two,
    ):
        wait_for("one leads", lambda: len(leader(one, two)) == 1)
        wait_for_words(control_plane, namespace, "1 workloads, 1 pods, 1 ready, absent: none")
        (first,) = leader(one, two)
        second = two if first is one else one
        assert summary(control_plane, namespace)["waitingFor"] == first.name
        assert second.probe("/healthz") == 200
        first.kill()
        control_plane.kubectl("scale", "-n", namespace, "deployment/web", "--replicas=2")
        wait_for_words(control_plane, namespace, "1 workloads, 2 pods, 2 ready, absent: none")
        assert summary(control_plane, namespace)["waitingFor"] == second.name
        assert leader(second) == [second]


def test_a_leader_that_is_asked_to_stop_hands_over_at_once(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    with (
        operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace) as one,
        operator(control_plane, tmp_path, name="two", namespace=namespace, watch=namespace) as two,
    ):
        wait_for("one leads", lambda: len(leader(one, two)) == 1)
        (first,) = leader(one, two)
        second = two if first is one else one
        assert first.stop() == 0
        wait_for("the other leads, sooner than the Lease would have run out", lambda: leader(second) == [second], seconds=6)


def test_a_leader_that_lost_its_lease_ends(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    with operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace) as one:
        wait_for("it leads", lambda: leader(one) == [one])
        control_plane.kubectl("patch", "-n", namespace, "lease/saferollout", "--type=merge", "-p", '{"spec": {"holderIdentity": "usurper"}}')
        assert one.process.wait(10) == 2


def test_rest_costs_no_write(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout("web"), deployment("web")])
    with operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace) as one:
        wait_for_words(control_plane, namespace, "1 workloads, 2 pods, 2 ready, absent: none")
        time.sleep(2)
        before, sent = _as_they_stand(control_plane, namespace), _writes_sent(one)
        time.sleep(_REST_SECONDS)
        assert _as_they_stand(control_plane, namespace) == before
        assert _writes_sent(one) == sent, "not even a write that changes nothing"
        assert one.probe("/healthz") == 200


def test_without_the_definition_it_waits_and_goes_on_when_it_returns(control_plane: RunningCluster, namespace: str, tmp_path: Path) -> None:
    _let_go_of_leftovers(control_plane)
    control_plane.kubectl("delete", "crd/saferollouts.saferollout.io")
    try:
        with operator(control_plane, tmp_path, name="one", namespace=namespace, watch=namespace) as one:
            assert one.probe("/healthz") == 200
            _define(control_plane)
            control_plane.kubectl("apply", "-n", namespace, "-f", "-", manifest=[safe_rollout("web"), deployment("web", replicas=1)])
            wait_for_words(control_plane, namespace, "1 workloads, 1 pods, 1 ready, absent: none")
    finally:
        _define(control_plane)


def _let_go_of_leftovers(cluster: RunningCluster) -> None:
    """Take finalizers off what earlier tests left to operators that were killed: a definition goes only after all its objects."""
    for item in cluster.api.get("/apis/saferollout.io/v1alpha1/saferollouts")["items"]:
        metadata = item["metadata"]
        if metadata.get("finalizers"):
            removal = '{"metadata": {"finalizers": null}}'
            cluster.kubectl("patch", "saferollout", metadata["name"], "-n", metadata["namespace"], "--type=merge", "-p", removal)


def _as_they_stand(cluster: RunningCluster, namespace: str) -> dict[str, str]:
    """Return the resourceVersion of everything that an operator could write to; other namespaces have writers of their own."""
    paths = ("saferollout.io/v1alpha1/saferollouts", "apps/v1/deployments", "apps/v1/replicasets", "events.k8s.io/v1/events")
    found: dict[str, str] = {}
    for path in paths:
        group, _, plural = path.rpartition("/")
        items = cluster.api.get(f"/apis/{group}/namespaces/{namespace}/{plural}")["items"]
        found |= {f"{plural}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items}
    return found


def _writes_sent(running: Operator) -> dict[str, float]:
    """Count the requests that the operator itself sent to write, whatever came of them; its Lease is replaced, by PUT."""
    sent = running.series("saferollout_kube_requests_total")
    return {labels: value for labels, value in sent.items() if re.search(r'verb="(PATCH|POST|DELETE)"', labels)}
