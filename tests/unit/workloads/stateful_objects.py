"""A StatefulSet called billing with its ControllerRevisions and pods, as a real API server shows them."""

from __future__ import annotations

import copy
from typing import Any

from saferollout.core.actions import Action
from saferollout.core.views import WorkloadView
from saferollout.workloads.protocol import MERGE_PATCH, RawWorkload, Verb, Write
from saferollout.workloads.statefulset import StatefulSetKind
from tests.unit.workloads.objects import NOW, RESTARTS, merge, template
from tests.unit.workloads.objects import pod as pod_of_replica_set

OLD, NEW = template("billing:1"), template("billing:2")
HOLD = 2147483647
MANAGED = {"saferollout.io/managed-by": "shop"}
HELD = {**MANAGED, "saferollout.io/held": "true"}
PACED = {**MANAGED, "saferollout.io/paced": "true"}
ORIGINAL = {"saferollout.io/original": '{"partition": 0}'}


def statefulset(pods: dict[str, Any] | None = None, *, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None,
                partition: int | None = 0, current: str = "a", update: str = "a", **spec: Any) -> dict[str, Any]:  # fmt: skip
    rolling = {} if partition is None else {"rollingUpdate": {"partition": partition}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": "billing", "namespace": "shop", "uid": "set-uid", "resourceVersion": "7", "generation": 3,
            "creationTimestamp": "2026-11-24T08:00:00Z", "labels": labels or {}, "annotations": annotations or {},
        },
        "spec": {
            "replicas": 4, "revisionHistoryLimit": 10, "updateStrategy": {"type": "RollingUpdate", **rolling},
            "template": copy.deepcopy(pods or OLD), **spec,
        },
        "status": {"observedGeneration": 3, "currentRevision": f"billing-{current}", "updateRevision": f"billing-{update}"},
    }  # fmt: skip


def held(**changes: Any) -> dict[str, Any]:
    return statefulset(NEW, **{"labels": HELD, "annotations": ORIGINAL, "partition": HOLD, "update": "b", **changes})


def revision(name: str, pods: dict[str, Any], *, number: int, hour: int = 8) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"billing-{name}", "namespace": "shop", "uid": f"{name}-uid", "resourceVersion": "5",
            "creationTimestamp": f"2026-11-24T{hour:02}:00:00Z",
            "ownerReferences": [{"uid": "set-uid", "kind": "StatefulSet", "name": "billing", "controller": True}],
        },
        "revision": number,
        "data": {"spec": {"template": {**copy.deepcopy(pods), "$patch": "replace"}}},
    }  # fmt: skip


def pod(ordinal: int, of: str, **state: Any) -> dict[str, Any]:
    made = pod_of_replica_set(f"billing-{ordinal}", "set", **state)
    made["metadata"] |= {"labels": {"controller-revision-hash": f"billing-{of}"}, "resourceVersion": "9", "uid": f"{ordinal}-uid"}
    return made


A, B = revision("a", OLD, number=1), revision("b", NEW, number=2, hour=9)


def raw(workload: dict[str, Any], *pods: dict[str, Any], revisions: tuple[dict[str, Any], ...] = (A, B)) -> RawWorkload:
    return RawWorkload(workload=workload, revisions=revisions, pods=pods)


def view(workload: dict[str, Any], *pods: dict[str, Any], revisions: tuple[dict[str, Any], ...] = (A, B)) -> WorkloadView:
    return StatefulSetKind().view(raw(workload, *pods, revisions=revisions), restart_annotations=RESTARTS, now=NOW)


def write(action: Action, workload: dict[str, Any], *pods: dict[str, Any]) -> Write:
    return StatefulSetKind().write(action, raw(workload, *pods), now=NOW)


def after(action: Action, workload: dict[str, Any], *pods: dict[str, Any]) -> dict[str, Any]:
    """Carry an action out on the StatefulSet, as the API server would."""
    request = write(action, workload, *pods)
    assert (request.verb, request.content_type) == (Verb.PATCH, MERGE_PATCH)
    assert request.body["metadata"]["resourceVersion"] == workload["metadata"]["resourceVersion"]
    result: dict[str, Any] = merge(workload, request.body)
    return result


def rolling(workload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = workload["spec"]["updateStrategy"].get("rollingUpdate", {})
    return found


def marks(workload: dict[str, Any]) -> set[str]:
    """Return our labels and annotations without the prefix."""
    keys = {*workload["metadata"]["labels"], *workload["metadata"]["annotations"]}
    return {key.removeprefix("saferollout.io/") for key in keys if key.startswith("saferollout.io/")}
