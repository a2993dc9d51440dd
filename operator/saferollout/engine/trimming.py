"""Cut raw objects down to what a decision reads: a copy of a busy namespace must fit into a small pod's memory."""

from collections.abc import Mapping
from typing import Any, Final

from saferollout.engine.resources import WORKLOADS, Kind
from saferollout.workloads.field_ownership import owned_spec_fields

Raw = dict[str, Any]

# A second copy of the whole object, kept by client-side apply.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"

_POD_METADATA: Final = (
    "name", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "labels", "ownerReferences",
)
_POD_STATUS: Final = ("phase", "reason", "message")
_POD_CONDITION: Final = ("type", "status", "reason", "message", "lastTransitionTime")
_CONTAINER_STATUS: Final = ("name", "ready", "restartCount", "state", "lastState")


def trim(kind: Kind, raw: Mapping[str, Any]) -> Raw:
    """Return a smaller object; what is left of it is unchanged. It says its kind, which an item of a list does not."""
    if kind is Kind.POD:
        return _trimmed_pod(raw)
    return {**raw, "kind": kind.value, "metadata": _trimmed_metadata(raw["metadata"], keep_record=kind in WORKLOADS)}


def _trimmed_metadata(metadata: Mapping[str, Any], *, keep_record: bool) -> Raw:
    trimmed = dict(metadata)
    if not (keep_record and owned_spec_fields(metadata)):
        # The record of field managers is as large as the object; it is needed only until what is recorded as ours is let go of.
        trimmed.pop("managedFields", None)
    if "annotations" in trimmed:
        trimmed["annotations"] = {key: value for key, value in trimmed["annotations"].items() if key != _LAST_APPLIED}
    return trimmed


def _trimmed_pod(raw: Mapping[str, Any]) -> Raw:
    status = raw.get("status") or {}
    trimmed = _pick(status, _POD_STATUS)
    trimmed["conditions"] = [_pick(condition, _POD_CONDITION) for condition in status.get("conditions") or ()]
    for field in ("containerStatuses", "initContainerStatuses"):
        if status.get(field):
            trimmed[field] = [_pick(container, _CONTAINER_STATUS) for container in status[field]]
    return {"metadata": _pick(raw["metadata"], _POD_METADATA), "status": trimmed}


def _pick(given: Mapping[str, Any], fields: tuple[str, ...]) -> Raw:
    return {field: given[field] for field in fields if field in given}
