"""Every action on a Deployment as one guarded write.

Each action is a small function that changes a copy of the Deployment; the patch is the difference. `strategy.type` is never touched,
and everything an action needs to be undone later is written in the same patch.
"""

import copy
from collections.abc import Callable
from datetime import datetime
from functools import singledispatch
from typing import Any

from saferollout.api import names
from saferollout.core import actions
from saferollout.core.views import Pace
from saferollout.workloads.deployment_view import owned_but_returned
from saferollout.workloads.field_ownership import without_fields
from saferollout.workloads.marks import drop_annotations, drop_labels, forget_pin, label, restore_waiting
from saferollout.workloads.merge_patch import guarded_patch
from saferollout.workloads.originals import OriginalsLost, give_back_pace, is_paced, put_pace
from saferollout.workloads.pods import owned_by
from saferollout.workloads.protocol import MERGE_PATCH, CannotWrite, RawObject, RawWorkload, Verb, Write
from saferollout.workloads.standing_pace import keep_surge_in_use, standing_pace, strategy_type, take_surge_back
from saferollout.workloads.template_hash import RESTARTED_AT, bare_template
from saferollout.workloads.used_bypasses import use_up
from saferollout.workloads.waiting_template import put_aside

Deployment = dict[str, Any]


def write_deployment(action: actions.Action, raw: RawWorkload, *, now: datetime) -> Write:
    """Return the one write that carries out an action; raises CannotWrite where it does not fit the objects."""
    try:
        return _write(action, raw, now)
    except OriginalsLost as lost:
        raise CannotWrite(f"Deployment {raw.workload['metadata']['name']}: {lost}") from lost


@singledispatch
def _write(action: actions.Action, raw: RawWorkload, now: datetime) -> Write:
    raise CannotWrite(f"a Deployment knows no action {type(action).__name__}")


@_write.register
def _add_label(action: actions.AddLabel, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        label(deployment, names.LABEL_MANAGED_BY, action.managed_by)
        deployment["metadata"].setdefault("annotations", {})[names.ANNOTATION_LABELLED_BY] = names.LABELLED_BY_OPERATOR

    return _change(raw, change)


@_write.register
def _hold(action: actions.Hold, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        if take_surge_back(deployment):
            put_pace(deployment, standing_pace(raw))  # at its owner's own value the surge would add pods at once
        _pause_and_hold(deployment)

    return _change(raw, change)


@_write.register(actions.LetThrough)
@_write.register(actions.Finish)
def _let_through(action: actions.Action, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        give_back_pace(deployment)
        _let_go(deployment)
        forget_pin(deployment)  # a bypass leaves what was put aside behind

    return _change(raw, change)


@_write.register
def _set_pace(action: actions.SetPace, raw: RawWorkload, now: datetime) -> Write:
    if strategy_type(raw.workload) != "RollingUpdate":
        raise CannotWrite(f"Deployment {raw.workload['metadata']['name']} has strategy {strategy_type(raw.workload)}: no batches")
    pace = action.pace
    if not isinstance(pace, Pace):
        raise CannotWrite("a Deployment knows no partition")

    def change(deployment: Deployment) -> None:
        take_surge_back(deployment)
        put_pace(deployment, pace)
        _let_go(deployment)

    return _change(raw, change)


@_write.register
def _freeze(action: actions.Freeze, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        if strategy_type(deployment) == "RollingUpdate":
            take_surge_back(deployment)
            put_pace(deployment, standing_pace(raw))
        _pause_and_hold(deployment)

    return _change(raw, change)


@_write.register
def _give_back_held(action: actions.GiveBackHeld, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        give_back_pace(deployment)
        _pause_and_hold(deployment)

    return _change(raw, change)


@_write.register
def _empty_replica_set(action: actions.EmptyReplicaSet, raw: RawWorkload, now: datetime) -> Write:
    if not raw.workload["spec"].get("paused"):
        raise CannotWrite(f"Deployment {raw.workload['metadata']['name']} is not paused: it would fill the ReplicaSet again")
    replica_set = _find(raw, action.uid)
    emptied = copy.deepcopy(dict(replica_set))
    emptied["spec"]["replicas"] = 0
    return _patch("replicasets", replica_set, emptied)


@_write.register
def _delete_replica_set(action: actions.DeleteReplicaSet, raw: RawWorkload, now: datetime) -> Write:
    replica_set = _find(raw, action.uid)
    metadata = replica_set["metadata"]
    if not raw.workload["spec"].get("paused") and action.with_pods:
        raise CannotWrite(f"Deployment {raw.workload['metadata']['name']} is not paused: it would create ReplicaSet {metadata['name']} again")
    if not action.with_pods and (replica_set["spec"].get("replicas", 1) > 0 or (replica_set.get("status") or {}).get("replicas", 0) > 0):
        raise CannotWrite(f"ReplicaSet {metadata['name']} still has pods")
    preconditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions, "propagationPolicy": "Background"}
    return Write(
        verb=Verb.DELETE, group="apps", version="v1", plural="replicasets", namespace=metadata["namespace"], name=metadata["name"], body=body
    )  # fmt: skip


@_write.register
def _pin_back(action: actions.PinBack, raw: RawWorkload, now: datetime) -> Write:
    old_template = bare_template(_find(raw, action.uid)["spec"]["template"])
    if action.restarted_at:
        old_template["metadata"].setdefault("annotations", {})[RESTARTED_AT] = action.restarted_at

    def change(deployment: Deployment) -> None:
        give_back_pace(deployment)
        if action.overwritten or names.LABEL_PINNED not in (deployment["metadata"].get("labels") or {}):
            put_aside(deployment, deployment["spec"]["template"])
        deployment["spec"]["template"] = old_template
        _let_go(deployment)
        label(deployment, names.LABEL_PINNED, "true")

    return _change(raw, change)


@_write.register
def _restart(action: actions.Restart, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        metadata = deployment["spec"]["template"].setdefault("metadata", {})
        metadata.setdefault("annotations", {})[RESTARTED_AT] = action.restarted_at

    return _change(raw, change)


@_write.register
def _unpin(action: actions.Unpin, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        restore_waiting(deployment)
        _pause_and_hold(deployment)

    return _change(raw, change)


@_write.register
def _clear_bypass(action: actions.ClearBypass, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        labels = deployment["metadata"].get("labels") or {}
        # The bypass policy takes the labels off and leaves what was put aside. A bypass that did not count left the labels on.
        if names.LABEL_PACED not in labels:
            give_back_pace(deployment)
        if names.LABEL_PINNED not in labels:
            forget_pin(deployment)
        use_up(deployment)

    return _change(raw, change)


@_write.register
def _give_back(action: actions.GiveBack, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        if action.drop_managed_by:
            drop_labels(deployment, names.LABEL_MANAGED_BY)
        drop_annotations(deployment, names.ANNOTATION_BYPASSED, names.ANNOTATION_LABELLED_BY)
        if not (_is_borrowed(raw.workload) or action.rolls_loose):
            return  # a pause there is its owner's, and so is a roll under way
        give_back_pace(deployment)
        if action.leave_paused:
            restore_waiting(deployment)
            deployment["spec"]["paused"] = True
            kept = keep_surge_in_use(deployment, raw)
            reason = _why_left_paused(deployment["metadata"], now) + kept
            deployment["metadata"].setdefault("annotations", {})[names.ANNOTATION_LEFT_PAUSED] = reason
        else:
            _let_go(deployment)
        forget_pin(deployment)
        drop_labels(deployment, names.LABEL_HELD)

    return _change(raw, change)


@_write.register
def _disown(action: actions.Disown, raw: RawWorkload, now: datetime) -> Write:
    def change(deployment: Deployment) -> None:
        metadata = deployment["metadata"]
        metadata["managedFields"] = without_fields(metadata.get("managedFields") or (), owned_but_returned(raw.workload))

    return _change(raw, change)


def _is_borrowed(deployment: RawObject) -> bool:
    ours = {names.LABEL_HELD, names.LABEL_PINNED, names.LABEL_TEMPLATE_CAME} & set(deployment["metadata"].get("labels") or {})
    return bool(ours) or is_paced(deployment)


def _pause_and_hold(deployment: Deployment) -> None:
    take_surge_back(deployment)
    deployment["spec"]["paused"] = True
    label(deployment, names.LABEL_HELD, "true")
    drop_annotations(deployment, names.ANNOTATION_LEFT_PAUSED, names.ANNOTATION_LEFT_STRATEGY)


def _let_go(deployment: Deployment) -> None:
    take_surge_back(deployment)
    deployment["spec"].pop("paused", None)
    drop_labels(deployment, names.LABEL_HELD)
    drop_annotations(deployment, names.ANNOTATION_LEFT_PAUSED, names.ANNOTATION_LEFT_STRATEGY)


def _why_left_paused(metadata: dict[str, Any], now: datetime) -> str:
    name, namespace = metadata["name"], metadata["namespace"]
    return (
        f"SafeRollout gave this Deployment back at {now:%Y-%m-%dT%H:%M:%SZ}. What runs is not what spec.template says, so it stays paused: "
        f"'kubectl -n {namespace} rollout resume deployment/{name}' releases spec.template. To keep what runs, first put its template back."
    )


def _find(raw: RawWorkload, uid: str) -> RawObject:
    for replica_set in owned_by(raw.workload["metadata"]["uid"], raw.revisions):
        if replica_set["metadata"]["uid"] == uid:
            return replica_set
    raise CannotWrite(f"Deployment {raw.workload['metadata']['name']} has no ReplicaSet with uid {uid} any more")


def _change(raw: RawWorkload, change: Callable[[Deployment], None]) -> Write:
    changed = copy.deepcopy(dict(raw.workload))
    change(changed)
    return _patch("deployments", raw.workload, changed)


def _patch(plural: str, before: RawObject, after: RawObject) -> Write:
    metadata = before["metadata"]
    return Write(
        verb=Verb.PATCH, group="apps", version="v1", plural=plural, namespace=metadata["namespace"], name=metadata["name"],
        body=guarded_patch(before, after), content_type=MERGE_PATCH,
    )  # fmt: skip
