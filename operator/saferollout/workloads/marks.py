"""Our labels and annotations on a workload of any kind, and what they say is put aside."""

from typing import Any

from saferollout.api import names
from saferollout.workloads.protocol import RawObject
from saferollout.workloads.template_hash import RESTARTED_AT
from saferollout.workloads.waiting_template import waiting_template

Workload = dict[str, Any]


def restore_waiting(workload: Workload) -> None:
    """Put Git's template back in spec; where it was too large to keep, the pinned one stays until somebody applies again."""
    waiting = waiting_template(workload)
    if waiting is not None and not _only_restarted(waiting, workload["spec"]["template"]):
        workload["spec"]["template"] = waiting
    forget_pin(workload)


def _only_restarted(waiting: RawObject, pinned: RawObject) -> bool:
    """Tell whether the pinned template is the waiting one, restarted: put back without the restart, its pods would roll once more."""
    return _without_restart(waiting) == _without_restart(pinned)


def _without_restart(template: RawObject) -> RawObject:
    metadata = dict(template.get("metadata") or {})
    annotations = {key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key != RESTARTED_AT}
    return {**template, "metadata": {**metadata, "annotations": annotations}}


def forget_pin(workload: Workload) -> None:
    """Take off what says that an older template is pinned, and the one that was put aside."""
    drop_labels(workload, names.LABEL_PINNED, names.LABEL_TEMPLATE_CAME)
    drop_annotations(workload, names.ANNOTATION_WAITING_TEMPLATE, names.ANNOTATION_WAITING_FINGERPRINT)


def label(workload: Workload, key: str, value: str) -> None:
    """Put a label on."""
    workload["metadata"].setdefault("labels", {})[key] = value


def drop_labels(workload: Workload, *keys: str) -> None:
    """Take labels off, as far as they are there."""
    for key in keys:
        workload["metadata"].get("labels", {}).pop(key, None)


def drop_annotations(workload: Workload, *keys: str) -> None:
    """Take annotations off, as far as they are there."""
    for key in keys:
        workload["metadata"].get("annotations", {}).pop(key, None)
