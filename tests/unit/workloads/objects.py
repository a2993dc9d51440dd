"""Objects as a real API server shows them, small enough to read."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RESTARTS = ("kubectl.kubernetes.io/restartedAt", "reloader.stakater.com/last-reloaded-from")


def template(image: str = "billing:1", *, annotations: dict[str, str] | None = None, labels: dict[str, str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": {"app": "billing", **(labels or {})}}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": {"containers": [{"name": "billing", "image": image}]}}


def deployment(pods: dict[str, Any] | None = None, *, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None,
               **spec: Any) -> dict[str, Any]:  # fmt: skip
    defaults = {
        "replicas": 10, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}},
        "selector": {"matchLabels": {"app": "billing"}},
        "template": pods or template(),
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "billing", "namespace": "shop", "uid": "deployment-uid", "resourceVersion": "7", "generation": 3,
            "creationTimestamp": "2026-11-24T08:00:00Z", "labels": labels or {}, "annotations": annotations or {},
        },
        "spec": {**defaults, **spec},
        "status": {"observedGeneration": 3},
    }  # fmt: skip


def replica_set(name: str, pods: dict[str, Any], *, replicas: int, hour: int = 8, owner: str = "deployment-uid", **status: Any):
    labelled = copy.deepcopy(pods)
    labelled["metadata"]["labels"]["pod-template-hash"] = name
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"billing-{name}", "namespace": "shop", "uid": f"{name}-uid", "resourceVersion": "5",
            "creationTimestamp": f"2026-11-24T{hour:02}:00:00Z", "labels": {"app": "billing", "pod-template-hash": name},
            "annotations": {"deployment.kubernetes.io/revision": str(hour)},
            "ownerReferences": [{"uid": owner, "kind": "Deployment", "name": "billing", "controller": True}],
        },
        "spec": {"replicas": replicas, "template": labelled},
        "status": {"replicas": replicas, **status},
    }  # fmt: skip


def pod(name: str, owner: str, *, ready_for: float | None = 3600, restarts: int = 0, phase: str = "Running", terminating: bool = False,
        waiting: tuple[str, str] | None = None, unschedulable: bool = False) -> dict[str, Any]:  # fmt: skip
    ready = {"type": "Ready", "status": "False" if ready_for is None else "True"}
    ready["lastTransitionTime"] = (NOW - timedelta(seconds=ready_for or 0)).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [ready]
    if unschedulable:
        conditions.append({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node has room"})
    container: dict[str, Any] = {"name": "billing", "restartCount": restarts, "state": {"running": {}}}
    if waiting:
        container["state"] = {"waiting": {"reason": waiting[0], "message": waiting[1]}}
    metadata: dict[str, Any] = {
        "name": name, "namespace": "shop", "uid": name, "creationTimestamp": "2026-11-24T08:00:00Z",
        "ownerReferences": [{"uid": f"{owner}-uid", "kind": "ReplicaSet", "controller": True}],
    }  # fmt: skip
    if terminating:
        metadata["deletionTimestamp"] = "2026-11-24T11:59:00Z"
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "conditions": conditions, "containerStatuses": [container]}}


def merge(target: Any, patch: Any) -> Any:
    """Apply a merge patch the way RFC 7396 says, apart from our own code."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged
