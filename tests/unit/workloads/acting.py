"""Actions carried out on small objects, as the API server would."""

from __future__ import annotations

from typing import Any

from saferollout.core import actions
from saferollout.core.views import Pace
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import MERGE_PATCH, RawWorkload, Verb, Write
from tests.unit.workloads.objects import NOW, deployment, merge, template

OURS = "saferollout.io/"
OLD, NEW = template("billing:1"), template("billing:2")
MANAGED = {"saferollout.io/managed-by": "shop"}
HELD = {**MANAGED, "saferollout.io/held": "true"}
PIN = actions.PinBack("billing", replica_set="billing-a", uid="a-uid")
PACE = Pace(max_unavailable="30%", max_surge="10%")


def write(action: actions.Action, owner: dict[str, Any], *replica_sets: dict[str, Any]) -> Write:
    return DeploymentKind().write(action, RawWorkload(workload=owner, revisions=replica_sets), now=NOW)


def after(action: actions.Action, owner: dict[str, Any], *replica_sets: dict[str, Any]) -> dict[str, Any]:
    """Carry an action out on the object, as the API server would."""
    request = write(action, owner, *replica_sets)
    assert (request.verb, request.content_type) == (Verb.PATCH, MERGE_PATCH)
    assert request.body["metadata"]["resourceVersion"] == owner["metadata"]["resourceVersion"]
    result: dict[str, Any] = merge(owner, request.body)
    return result


def labels(owner: dict[str, Any]) -> set[str]:
    return {key.removeprefix(OURS) for key in owner["metadata"]["labels"] if key.startswith(OURS)}


def annotations(owner: dict[str, Any]) -> set[str]:
    return {key.removeprefix(OURS) for key in owner["metadata"]["annotations"] if key.startswith(OURS)}


def held(**spec: Any) -> dict[str, Any]:
    return deployment(NEW, labels=HELD, paused=True, **spec)
