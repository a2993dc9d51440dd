"""What the cluster itself shows around a SafeRollout: its workloads with their pods, and the operator's Lease.

A reader may lack the right to look at them; the screen then does without.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from saferollout.api import names
from saferollout.cli.connect import ApiRefused, Cluster, Raw, apps_path, pods_path
from saferollout.cli.picture import Heartbeat
from saferollout.core.views import WorkloadView
from saferollout.workloads.kinds import all_kinds
from saferollout.workloads.protocol import RawWorkload

_LEASES: Final = "/apis/coordination.k8s.io/v1/leases"
_POLICIES: Final = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies"
_NOT_FOUND: Final = 404
_OURS: Final = "app.kubernetes.io/name=saferollout"


PLURALS: Final = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
"""The kinds of workload that are released."""

_REVISIONS: Final = {"Deployment": "replicasets", "StatefulSet": "controllerrevisions"}


@dataclass(frozen=True, slots=True)
class Reference:
    """The object behind a workload."""

    kind: str
    name: str


def references_of(raw: Mapping[str, Any]) -> dict[str, Reference]:
    """Return the object behind each workload of a raw SafeRollout that can be released, by the name the SafeRollout gives it."""
    entries = raw.get("spec", {}).get("workloads", [])
    references = ((entry.get("name", ""), entry.get("workloadRef") or {}) for entry in entries)
    found = {name: Reference(reference.get("kind", "Deployment"), reference.get("name", name)) for name, reference in references}
    return {name: reference for name, reference in found.items() if reference.kind in PLURALS}


def views_of(cluster: Cluster, raw: Mapping[str, Any]) -> dict[str, WorkloadView]:
    """Read the workloads of a raw SafeRollout by the names it gives them; empty where they may not be read."""
    references = references_of(raw)
    try:
        pods = cluster.read(pods_path(cluster.namespace)).get("items", [])
        of_kinds = {kind: _objects(cluster, kind) for kind in {reference.kind for reference in references.values()}}
    except ApiRefused:
        return {}
    return {
        name: view_of(workload, kind=reference.kind, revisions=of_kinds[reference.kind].revisions, pods=pods)
        for name, reference in references.items()
        if (workload := of_kinds[reference.kind].workloads.get(reference.name)) is not None
    }


def view_of(workload: Raw, *, kind: str, revisions: list[Raw], pods: list[Raw]) -> WorkloadView:
    """Look at a workload as the operator does; revisions and pods may be those of the whole namespace."""
    raw = RawWorkload(workload={**workload, "kind": kind}, revisions=tuple(revisions), pods=tuple(pods))
    return all_kinds().view(raw, restart_annotations=names.RESTART_ANNOTATIONS, now=datetime.now(UTC))


def revisions_path(namespace: str, kind: str) -> str:
    """Return the API path of what keeps the templates of a kind of workload."""
    return apps_path(namespace, _REVISIONS[kind])


@dataclass(frozen=True, slots=True)
class _Objects:
    workloads: dict[str, Raw]
    revisions: list[Raw]


def _objects(cluster: Cluster, kind: str) -> _Objects:
    workloads = cluster.read(apps_path(cluster.namespace, PLURALS[kind])).get("items", [])
    revisions = cluster.read(revisions_path(cluster.namespace, kind)).get("items", [])
    return _Objects(workloads={raw["metadata"]["name"]: raw for raw in workloads}, revisions=revisions)


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
