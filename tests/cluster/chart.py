"""The chart's CRD, roles and policies on the control plane, as `helm template` renders them; no copy of them lives in the tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from localcluster.helm import CHART, run_helm
from localcluster.testing import Identity, RunningCluster, wait_for

RELEASE = "saferollout"
NAMESPACE = "saferollout-system"
_NOT_HERE = frozenset({"Deployment", "Service", "PodDisruptionBudget", "ConfigMap"})
"""What needs an image: the operator itself is another test's subject."""


@dataclass(frozen=True, slots=True)
class InstalledChart:
    """The chart without the operator; `operator` is the identity that its policies let through."""

    objects: tuple[dict[str, Any], ...]
    operator: Identity


def render(*arguments: str) -> list[dict[str, Any]]:
    """Return the objects of the chart, hooks included."""
    text = run_helm("template", RELEASE, str(CHART), "--namespace", NAMESPACE, *arguments)
    return [document for document in yaml.safe_load_all(text) if document]


@pytest.fixture(scope="session")
def chart(control_plane: RunningCluster) -> InstalledChart:
    """The chart's objects on the session's control plane, with the policies proved active."""
    return install(control_plane)


def install(control_plane: RunningCluster) -> InstalledChart:
    """Apply the chart's objects, and wait until the policies hold."""
    control_plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    rendered = render("--set", "policies.enabled=true", "--set", "statefulSets.enabled=true")
    standing = [item for item in rendered if item["kind"] not in _NOT_HERE and "helm.sh/hook" not in _annotations(item)]
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-", manifest=standing)
    operator = control_plane.service_account(NAMESPACE, RELEASE)
    wait_for("the hold policy is active", policies_hold(control_plane))
    return InstalledChart(objects=tuple(rendered), operator=operator)


def policies_hold(cluster: RunningCluster, namespace: str = "default") -> Callable[[], bool]:
    """Return what tells whether the hold policy works, up to some seconds after it was applied: it asks with a dry run."""

    def active() -> bool:
        name = f"probe-{uuid.uuid4().hex[:6]}"
        labels = {"saferollout.io/managed-by": "probe"}
        pods = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "probe", "image": "probe:1"}]}}
        body = {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": pods},
        }  # fmt: skip
        seen = cluster.api.post(f"/apis/apps/v1/namespaces/{namespace}/deployments?dryRun=All", body)
        return bool(seen["spec"].get("paused"))

    return active


def _annotations(item: dict[str, Any]) -> dict[str, str]:
    return item["metadata"].get("annotations") or {}
