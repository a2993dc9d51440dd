"""Releases frozen at one moment, for the screens to be drawn from. The story is that of the documentation: opencore."""

from datetime import UTC, datetime, timedelta
from typing import Any

from saferollout.cli.picture import Heartbeat, Picture, picture_of
from saferollout.core.views import ReplicaSetView, Strategy, WorkloadView

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def before(seconds: int) -> str:
    """Write a moment before now as status does."""
    return (NOW - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def spec(**changes: Any) -> dict[str, Any]:
    """Return the spec of opencore."""
    return {
        "bakeSeconds": 120,
        "workloads": [
            {"name": "notification-service"},
            {"name": "billing-service", "batches": ["20%", "50%"]},
            {"name": "user-service", "batches": ["10%", "50%"]},
            {"name": "gateway"},
        ],
        "contracts": [{"name": "user-events", "topic": {"name": "user.events", "deadLetterTopic": "user.events.dlt"}}],
        "gates": [
            {"name": "dead-letters", "signal": "DeadLetterDepth", "contract": "user-events", "max": "5"},
            {"name": "gateway-4xx", "signal": "ClientErrorRatio", "workload": "gateway", "max": "0.02"},
        ],
        **changes,
    }


STEPS = [
    {"id": "Roll/notification-service", "kind": "Roll", "workload": "notification-service", "stage": "Expand", "state": "Done"},
    {
        "id": "Roll/billing-service", "kind": "Roll", "workload": "billing-service", "stage": "Expand", "state": "Baking",
        "because": "it reads user-events 2, which user-service starts to write",
    },
    {
        "id": "Roll/user-service", "kind": "Roll", "workload": "user-service", "stage": "Migrate", "state": "Pending",
        "because": "billing-service (old) reads user-events without 2, so it rolls first",
    },
    {
        "id": "Prove/user-events/1", "kind": "Prove", "contract": "user-events", "version": "1", "state": "Pending",
        "because": "gateway stops reading user-events 1",
    },
    {
        "id": "Roll/gateway", "kind": "Roll", "workload": "gateway", "stage": "Contract", "state": "Pending",
        "because": "user-events 1 is gone by then",
    },
]  # fmt: skip

GATES = [
    {"name": "dead-letters", "verdict": "Passing", "value": "0", "limit": "<= 5", "message": "0 records more than at the start", "measuredTime": "2026-03-02T11:59:53Z"},
    {"name": "gateway-4xx", "verdict": "Passing", "value": "0.004", "limit": "<= 0.02"},
]


def release(**changes: Any) -> dict[str, Any]:
    """Return a release in the middle of its second roll."""
    return {
        "id": "r7", "startTime": before(600), "changedTime": before(590),
        "targets": [
            {"workload": "notification-service", "fromHash": "n1", "toHash": "n2", "rolled": True, "done": True},
            {"workload": "billing-service", "fromHash": "b1", "toHash": "b2", "rolled": True},
            {"workload": "user-service", "fromHash": "u1", "toHash": "u2"},
            {"workload": "gateway", "fromHash": "g1", "toHash": "g2"},
        ],
        "rolls": [
            {
                "workload": "billing-service", "hash": "b2", "startTime": before(120), "batch": 0, "batches": 3,
                "batchStartTime": before(120), "readyTime": before(75),
            }
        ],
        "steps": STEPS, "preflightDone": True, **changes,
    }  # fmt: skip


def condition(kind: str, status: str, *, reason: str, seconds: int, message: str = "") -> dict[str, Any]:
    """Return a condition that has stood for so many seconds."""
    return {
        "type": kind, "status": status, "reason": reason, "message": message,
        "observedGeneration": 3, "lastTransitionTime": before(seconds),
    }  # fmt: skip


def workload_states(**states: str) -> list[dict[str, Any]]:
    """Return the status of every workload; Stable where nothing else is said (`_` stands for `-`)."""
    given = {name.replace("_", "-"): state for name, state in states.items()}
    names = ("notification-service", "billing-service", "user-service", "gateway")
    return [{"name": name, "stableHash": f"{name[0]}1", "state": given.get(name, "Stable")} for name in names]


def status(state: str, **changes: Any) -> dict[str, Any]:
    """Return a status with a summary in this state."""
    summary = {"state": state, "holdMode": "Policy", **changes.pop("summary", {})}
    return {
        "observedGeneration": 3,
        "summary": summary,
        "conditions": [condition("Ready", "False", reason=state, seconds=60)],
        "workloads": workload_states(),
        **changes,
    }


def raw(state: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """Return a raw SafeRollout as the API server gives it."""
    metadata = {
        "name": "opencore",
        "namespace": "opencore",
        "generation": 3,
        "uid": "1",
        "resourceVersion": "7",
        **changes.pop("metadata", {}),
    }
    document = {"apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": metadata, "spec": spec(**changes)}
    return document if state is None else {**document, "status": state}


def replica_set(revision: str, pods: int, *, available: int | None = None, contracts: str | None = None) -> ReplicaSetView:
    """Return a ReplicaSet of a revision; all its pods are available unless said otherwise."""
    up = pods if available is None else available
    return ReplicaSetView(
        name=f"rs-{revision}", uid=revision, resource_version="1", hash=revision, pod_hash=revision, contracts=contracts, created=NOW,
        replicas=pods, pods=pods, ready=up, available=up, steady=up,
    )  # fmt: skip


def view(name: str, *replica_sets: ReplicaSetView, template: str, **changes: Any) -> WorkloadView:
    """Return a Deployment with these ReplicaSets, newest first."""
    fields: dict[str, Any] = {
        "contracts": None, "replicas": sum(entry.replicas for entry in replica_sets), "paused": False, "held": False, "paced": None,
        "pinned": False, "strategy": Strategy("RollingUpdate", "25%", "25%", 0, 10), "managed_by": "opencore", **changes,
    }  # fmt: skip
    return WorkloadView(
        name=name, kind="Deployment", uid=name, resource_version="1", template=template, template_restarted_at="", settled=True,
        replica_sets=replica_sets, **fields,
    )  # fmt: skip


VIEWS = {
    "notification-service": view("notification-service", replica_set("n2", 3), template="n2"),
    "billing-service": view("billing-service", replica_set("b2", 1), replica_set("b1", 4), template="b2"),
    "user-service": view("user-service", replica_set("u1", 10), template="u2", held=True, paused=True),
    "gateway": view("gateway", replica_set("g1", 2), template="g2", held=True, paused=True),
}

ALIVE = Heartbeat(holder="saferollout-0", renewed=NOW - timedelta(seconds=3))


def picture(document: dict[str, Any], *, views: dict[str, WorkloadView] | None = None, heartbeat: Heartbeat | None = ALIVE) -> Picture:
    """Read a raw SafeRollout at the fixed moment."""
    return picture_of(document, now=NOW, views=VIEWS if views is None else views, heartbeat=heartbeat)
