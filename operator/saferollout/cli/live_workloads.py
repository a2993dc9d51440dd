"""What the cluster itself shows around a SafeRollout: its Deployments with their pods, and the operator's Lease.

A reader may lack the right to look at them; the screen then does without.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from saferollout.api import names
from saferollout.cli.connect import ApiRefused, Cluster, Raw, apps_path, pods_path
from saferollout.cli.picture import Heartbeat
from saferollout.core.views import WorkloadView
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import RawWorkload

_LEASES: Final = "/apis/coordination.k8s.io/v1/leases"
_POLICIES: Final = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
_NOT_FOUND: Final = 404
_OURS: Final = "app.kubernetes.io/name=saferollout"


def deployment_names(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the Deployment behind each workload of a raw SafeRollout, by the name the SafeRollout gives it."""
    entries = raw.get("spec", {}).get("workloads", [])
    references = ((entry.get("name", ""), entry.get("workloadRef") or {}) for entry in entries)
    return {name: reference.get("name", name) for name, reference in references if reference.get("kind", "Deployment") == "Deployment"}


def views_of(cluster: Cluster, raw: Mapping[str, Any]) -> dict[str, WorkloadView]:
    """Read the workloads of a raw SafeRollout by the names it gives them; empty where they may not be read."""
    try:
        objects = [cluster.read(path).get("items", []) for path in _paths(cluster.namespace)]
    except ApiRefused:
        return {}
    deployments, replica_sets, pods = objects
    found = {deployment["metadata"]["name"]: deployment for deployment in deployments}
    return {
        name: view_of(found[deployment], replica_sets=replica_sets, pods=pods)
        for name, deployment in deployment_names(raw).items()
        if deployment in found
    }


def view_of(deployment: Raw, *, replica_sets: list[Raw], pods: list[Raw]) -> WorkloadView:
    """Look at a Deployment as the operator does; ReplicaSets and pods may be those of the whole namespace."""
    raw = RawWorkload(workload=deployment, revisions=tuple(replica_sets), pods=tuple(pods))
    return DeploymentKind().view(raw, restart_annotations=names.RESTART_ANNOTATIONS, now=datetime.now(UTC))


def _paths(namespace: str) -> tuple[str, str, str]:
    return apps_path(namespace, "deployments"), apps_path(namespace, "replicasets"), pods_path(namespace)


def has_policies(cluster: Cluster) -> bool | None:
    """Tell whether the cluster lets a bypass through by policy; None where that may not be read."""
    try:
        policies = cluster.read(_POLICIES, selector=_OURS).get("items", [])
    except ApiRefused as refusal:
        # A server before 1.36 has no such resource.
        return False if refusal.status == _NOT_FOUND else None
    return any(policy["metadata"]["name"].endswith("-bypass") for policy in policies)


def heartbeat_of(cluster: Cluster) -> Heartbeat | None:
    """Read the operator's Lease; None where it may not be read or is not there."""
    try:
        leases = cluster.read(_LEASES, selector=_OURS).get("items", [])
    except ApiRefused:
        return None
    beats = [_heartbeat(lease["spec"]) for lease in leases if lease.get("spec", {}).get("renewTime")]
    return max(beats, key=lambda beat: beat.renewed, default=None)


def _heartbeat(spec: Mapping[str, Any]) -> Heartbeat:
    return Heartbeat(holder=spec.get("holderIdentity") or "", renewed=datetime.fromisoformat(spec["renewTime"]))
