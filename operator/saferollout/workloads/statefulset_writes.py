"""Every action on a StatefulSet as one guarded write: patches of the StatefulSet, and the deletion of one pod of a failed revision.

`updateStrategy.type` is never touched, and the user's own partition is put aside in the same patch that borrows it.
"""

import copy
from collections.abc import Callable
from datetime import datetime
from functools import singledispatch
from typing import Any

from saferollout.api import names
from saferollout.core import actions
from saferollout.core.views import Partition
from saferollout.workloads.field_ownership import without_fields
from saferollout.workloads.marks import drop_annotations, drop_labels, forget_pin, label, restore_waiting
from saferollout.workloads.merge_patch import guarded_patch
from saferollout.workloads.originals import OriginalsLost
from saferollout.workloads.partition import (
    HOLD,
    ROLLING,
    give_back_partition,
    is_borrowed,
    own_partition,
    partition_of,
    put_partition,
    render,
    strategy_type,
)
from saferollout.workloads.pods import is_ready, ordinal_of, owned_by, serving
from saferollout.workloads.protocol import MERGE_PATCH, CannotWrite, RawObject, RawWorkload, Verb, Write
from saferollout.workloads.statefulset_view import owned_but_returned, pods_of_revision, template_of
from saferollout.workloads.template_hash import RESTARTED_AT, bare_template
from saferollout.workloads.used_bypasses import use_up
from saferollout.workloads.waiting_template import put_aside

StatefulSet = dict[str, Any]


def write_statefulset(action: actions.Action, raw: RawWorkload, *, now: datetime) -> Write:
    """Return the one write that carries out an action; raises CannotWrite where it does not fit the objects."""
    try:
        return _write(action, raw, now)
    except OriginalsLost as lost:
        raise CannotWrite(f"StatefulSet {_name(raw)}: {lost}") from lost


@singledispatch
def _write(action: actions.Action, raw: RawWorkload, now: datetime) -> Write:
    raise CannotWrite(f"a StatefulSet knows no action {type(action).__name__}")


@_write.register
def _add_label(action: actions.AddLabel, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        label(workload, names.LABEL_MANAGED_BY, action.managed_by)
        workload["metadata"].setdefault("annotations", {})[names.ANNOTATION_LABELLED_BY] = names.LABELLED_BY_OPERATOR

    return _change(raw, change)


@_write.register(actions.Hold)
@_write.register(actions.Freeze)
@_write.register(actions.GiveBackHeld)
def _hold(action: actions.Action, raw: RawWorkload, now: datetime) -> Write:
    _must_roll(raw)
    return _change(raw, _stop_and_hold)


@_write.register(actions.LetThrough)
@_write.register(actions.Finish)
def _let_through(action: actions.Action, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        restore_waiting(workload)  # pinned while it had no pods
        _let_go(workload)

    return _change(raw, change)


@_write.register
def _set_pace(action: actions.SetPace, raw: RawWorkload, now: datetime) -> Write:
    _must_roll(raw)
    pace = action.pace
    if not isinstance(pace, Partition):
        raise CannotWrite("a StatefulSet is paced by a partition only")

    def change(workload: StatefulSet) -> None:
        restore_waiting(workload)  # pinned while it had no pods
        put_partition(workload, pace.first_new)
        label(workload, names.LABEL_PACED, "true")
        drop_labels(workload, names.LABEL_HELD)
        _forget_left_paused(workload)

    return _change(raw, change)


@_write.register
def _replace_pod(action: actions.ReplacePod, raw: RawWorkload, now: datetime) -> Write:
    revision = _find(raw, action.uid)["metadata"]["name"]
    if revision == _revision_of_new_pods(raw):
        raise CannotWrite(f"StatefulSet {_name(raw)} would make its pods of {revision} again")
    pods = [pod for pod in serving(pods_of_revision(raw, revision)) if not (action.broken and is_ready(pod))]
    if not pods:
        raise CannotWrite(f"StatefulSet {_name(raw)} has no such pod of {revision} any more")
    metadata = max(pods, key=lambda pod: (not is_ready(pod), ordinal_of(pod)))["metadata"]
    preconditions = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions, "propagationPolicy": "Background"}
    return Write(
        verb=Verb.DELETE, group="", version="v1", plural="pods", namespace=metadata["namespace"], name=metadata["name"], body=body
    )  # fmt: skip


@_write.register
def _pin_back(action: actions.PinBack, raw: RawWorkload, now: datetime) -> Write:
    old_template = bare_template(template_of(_find(raw, action.uid)))
    if action.restarted_at:
        old_template["metadata"].setdefault("annotations", {})[RESTARTED_AT] = action.restarted_at

    def change(workload: StatefulSet) -> None:
        if action.overwritten or names.LABEL_PINNED not in (workload["metadata"].get("labels") or {}):
            put_aside(workload, workload["spec"]["template"])
        workload["spec"]["template"] = old_template
        _let_go(workload)
        label(workload, names.LABEL_PINNED, "true")

    return _change(raw, change)


@_write.register
def _restart(action: actions.Restart, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        metadata = workload["spec"]["template"].setdefault("metadata", {})
        metadata.setdefault("annotations", {})[RESTARTED_AT] = action.restarted_at

    return _change(raw, change)


@_write.register
def _unpin(action: actions.Unpin, raw: RawWorkload, now: datetime) -> Write:
    _must_roll(raw)

    def change(workload: StatefulSet) -> None:
        restore_waiting(workload)
        _stop_and_hold(workload)

    return _change(raw, change)


@_write.register
def _clear_bypass(action: actions.ClearBypass, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        labels = workload["metadata"].get("labels") or {}
        # The bypass policy takes the labels off and leaves what was put aside. A bypass that did not count left the labels on.
        if not {names.LABEL_PACED, names.LABEL_HELD} & set(labels):
            give_back_partition(workload)
        if names.LABEL_PINNED not in labels:
            forget_pin(workload)
        use_up(workload)

    return _change(raw, change)


@_write.register
def _give_back(action: actions.GiveBack, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        if action.drop_managed_by:
            drop_labels(workload, names.LABEL_MANAGED_BY)
        drop_annotations(workload, names.ANNOTATION_BYPASSED, names.ANNOTATION_LABELLED_BY)
        if not (_has_marks(raw.workload) or action.rolls_loose):
            return  # a partition there is its owner's, and so is a roll under way
        if action.leave_paused:
            _leave_stopped(workload, now)
        else:
            _let_go(workload)
        forget_pin(workload)

    return _change(raw, change)


@_write.register
def _disown(action: actions.Disown, raw: RawWorkload, now: datetime) -> Write:
    def change(workload: StatefulSet) -> None:
        metadata = workload["metadata"]
        metadata["managedFields"] = without_fields(metadata.get("managedFields") or (), owned_but_returned(raw.workload))

    return _change(raw, change)


def _stop_and_hold(workload: StatefulSet) -> None:
    put_partition(workload, HOLD)
    label(workload, names.LABEL_HELD, "true")
    drop_labels(workload, names.LABEL_PACED)
    _forget_left_paused(workload)


def _let_go(workload: StatefulSet) -> None:
    give_back_partition(workload)
    drop_labels(workload, names.LABEL_HELD, names.LABEL_PACED)
    _forget_left_paused(workload)


def _leave_stopped(workload: StatefulSet, now: datetime) -> None:
    """Leave the hold's partition in spec, with its owner's own value and how to put it back in annotations."""
    own = own_partition(workload)
    restore_waiting(workload)
    annotations = workload["metadata"].setdefault("annotations", {})
    annotations.pop(names.ANNOTATION_ORIGINAL, None)
    drop_labels(workload, names.LABEL_HELD, names.LABEL_PACED)
    if strategy_type(workload) != ROLLING:
        return
    strategy = workload["spec"].setdefault("updateStrategy", {})
    strategy["rollingUpdate"] = {**(strategy.get("rollingUpdate") or {}), "partition": HOLD}
    annotations[names.ANNOTATION_LEFT_STRATEGY] = render(own)
    annotations[names.ANNOTATION_LEFT_PAUSED] = _why_left_stopped(workload["metadata"], own or 0, now)


def _why_left_stopped(metadata: dict[str, Any], own: int, now: datetime) -> str:
    name, namespace = metadata["name"], metadata["namespace"]
    patch = f'{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{own}}}}}}}}}'
    return (
        f"SafeRollout gave this StatefulSet back at {now:%Y-%m-%dT%H:%M:%SZ}. What runs is not what spec.template says, so its partition stays "
        f"above all pods: \"kubectl -n {namespace} patch statefulset {name} --type merge -p '{patch}'\" releases spec.template. To keep what "
        "runs, first put its template back."
    )


def _forget_left_paused(workload: StatefulSet) -> None:
    drop_annotations(workload, names.ANNOTATION_LEFT_PAUSED, names.ANNOTATION_LEFT_STRATEGY)


def _has_marks(workload: RawObject) -> bool:
    ours = {names.LABEL_HELD, names.LABEL_PINNED, names.LABEL_TEMPLATE_CAME} & set(workload["metadata"].get("labels") or {})
    return bool(ours) or is_borrowed(workload)


def _must_roll(raw: RawWorkload) -> None:
    if strategy_type(raw.workload) != ROLLING:
        raise CannotWrite(f"StatefulSet {_name(raw)} has updateStrategy {strategy_type(raw.workload)}, which takes no partition")


def _revision_of_new_pods(raw: RawWorkload) -> str:
    status = raw.workload.get("status") or {}
    current = partition_of(raw.workload) == HOLD
    name: str = status.get("currentRevision" if current else "updateRevision", "")
    return name


def _name(raw: RawWorkload) -> str:
    name: str = raw.workload["metadata"]["name"]
    return name


def _find(raw: RawWorkload, uid: str) -> RawObject:
    for revision in owned_by(raw.workload["metadata"]["uid"], raw.revisions):
        if revision["metadata"]["uid"] == uid:
            return revision
    raise CannotWrite(f"StatefulSet {_name(raw)} has no ControllerRevision with uid {uid} any more")


def _change(raw: RawWorkload, change: Callable[[StatefulSet], None]) -> Write:
    changed = copy.deepcopy(dict(raw.workload))
    change(changed)
    metadata = raw.workload["metadata"]
    return Write(
        verb=Verb.PATCH, group="apps", version="v1", plural="statefulsets", namespace=metadata["namespace"], name=metadata["name"],
        body=guarded_patch(raw.workload, changed), content_type=MERGE_PATCH,
    )  # fmt: skip
