"""Small Kubernetes objects for tests of the engine, as the API server would send them."""

from typing import Any

from saferollout.api import names

NAMESPACE = "shop"
BORN = "2026-11-24T00:00:00Z"


def safe_rollout(name: str = "shop", *, workloads: tuple[str, ...] = ("billing",), version: int = 1, **metadata: Any) -> dict[str, Any]:
    """Return a SafeRollout that names some Deployments, and that the operator has looked at."""
    return {
        "apiVersion": names.API_VERSION, "kind": names.KIND,
        "metadata": _metadata(name, f"uid-of-{name}", version, metadata) | {"generation": 1},
        "spec": {"workloads": [{"name": workload} for workload in workloads]}, "status": {"observedGeneration": 1},
    }


def deployment(name: str = "billing", *, version: int = 1, image: str = "billing:1", label: str | None = None, **metadata: Any) -> dict[str, Any]:
    """Return a Deployment; `label` is the SafeRollout that its label names."""
    labels = {} if label is None else {names.LABEL_MANAGED_BY: label}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": _metadata(name, f"uid-of-{name}", version, metadata) | {"labels": labels | metadata.get("labels", {})},
        "spec": {"replicas": 1, "paused": False, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
    }


def replica_set(name: str = "billing-1", *, of: str = "billing", version: int = 1, **metadata: Any) -> dict[str, Any]:
    """Return a ReplicaSet of a Deployment."""
    owner = {"kind": "Deployment", "name": of, "uid": f"uid-of-{of}", "controller": True}
    return {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": _metadata(name, f"uid-of-{name}", version, {"ownerReferences": [owner]} | metadata),
        "spec": {"replicas": 1},
    }


def pod(name: str = "billing-1-a", *, of: str = "billing-1", version: int = 1, **metadata: Any) -> dict[str, Any]:
    """Return a pod of a ReplicaSet."""
    owner = {"kind": "ReplicaSet", "name": of, "uid": f"uid-of-{of}", "controller": True}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": _metadata(name, f"uid-of-{name}", version, {"ownerReferences": [owner]} | metadata),
        "spec": {"containers": [{"name": "app", "image": "billing:1"}]},
        "status": {"phase": "Running"},
    }


def _metadata(name: str, uid: str, version: int, more: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "uid": uid, "resourceVersion": str(version), "creationTimestamp": BORN} | more
