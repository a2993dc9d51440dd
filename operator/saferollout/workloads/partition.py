"""A StatefulSet's own partition, put aside in an annotation while it is held or paced, and given back by value.

spec.updateStrategy.rollingUpdate.partition is both hold and pace: pods from it on, counted from the first, get the template in spec, those
below stay as they are and come back as they were. A hold is above every number of replicas, so scaling up adds pods of what runs.

The annotation is JSON with the one key partition; null says "its owner had it unset". The chart's policy writes the same text.
"""

import json
from typing import Any, Final

from saferollout.api import names
from saferollout.workloads.originals import OriginalsLost
from saferollout.workloads.protocol import RawObject

HOLD: Final = 2147483647
"""The largest partition that the API takes."""

ROLLING: Final = "RollingUpdate"


def strategy_type(workload: RawObject) -> str:
    """Return the update strategy's type, by default RollingUpdate."""
    chosen: str = (workload["spec"].get("updateStrategy") or {}).get("type", ROLLING)
    return chosen


def partition_of(workload: RawObject) -> int | None:
    """Return the partition that stands in spec; None where none does."""
    partition: int | None = _rolling(workload).get("partition")
    return partition


def is_stopped(workload: RawObject) -> bool:
    """Tell whether no pod gets the template in spec: by the partition of a hold, or because pods are replaced by hand only."""
    return partition_of(workload) == HOLD or strategy_type(workload) != ROLLING


def is_left_paused(workload: RawObject) -> bool:
    """Tell whether it was given back with the hold's partition in spec."""
    metadata = workload["metadata"]
    left = names.ANNOTATION_LEFT_PAUSED in (metadata.get("annotations") or {})
    return left and partition_of(workload) == HOLD and names.LABEL_HELD not in (metadata.get("labels") or {})


def is_borrowed(workload: RawObject) -> bool:
    """Tell whether the partition is ours, or its owner's own one is still put aside."""
    metadata = workload["metadata"]
    annotations = metadata.get("annotations") or {}
    return names.ANNOTATION_ORIGINAL in annotations or names.LABEL_PACED in (metadata.get("labels") or {}) or is_left_paused(workload)


def own_partition(workload: RawObject) -> int | None:
    """Return its owner's own partition: what was put aside, else what stands in spec. Raises OriginalsLost."""
    metadata = workload["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    if names.ANNOTATION_ORIGINAL in annotations:
        return _parse(annotations[names.ANNOTATION_ORIGINAL], annotation=names.ANNOTATION_ORIGINAL)
    if is_left_paused(workload):
        return _parse(annotations.get(names.ANNOTATION_LEFT_STRATEGY), annotation=names.ANNOTATION_LEFT_STRATEGY)
    ours = names.LABEL_PACED in labels or (names.LABEL_HELD in labels and partition_of(workload) == HOLD)
    if ours:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} is missing")
    return partition_of(workload)


def put_partition(workload: dict[str, Any], partition: int) -> None:
    """Set a partition of ours, and put its owner's own one aside in the same object if that has not been done."""
    own = own_partition(workload)
    workload["metadata"].setdefault("annotations", {})[names.ANNOTATION_ORIGINAL] = render(own)
    strategy = workload["spec"].setdefault("updateStrategy", {})
    strategy["rollingUpdate"] = {**(strategy.get("rollingUpdate") or {}), "partition": partition}


def give_back_partition(workload: dict[str, Any]) -> None:
    """Give its owner's own partition back by value, an unset one unset; nothing happens where nothing was borrowed."""
    if not is_borrowed(workload):
        return
    own = own_partition(workload)
    workload["metadata"].get("annotations", {}).pop(names.ANNOTATION_ORIGINAL, None)
    strategy = workload["spec"].setdefault("updateStrategy", {})
    if strategy_type(workload) != ROLLING:
        return  # its owner chose another one meanwhile, which takes no such field
    rolling = {key: value for key, value in (strategy.get("rollingUpdate") or {}).items() if key != "partition"}
    strategy["rollingUpdate"] = rolling if own is None else {**rolling, "partition": own}
    if not strategy["rollingUpdate"]:
        del strategy["rollingUpdate"]


def render(partition: int | None) -> str:
    """Return the text that stands in an annotation."""
    return json.dumps({"partition": partition})


def _rolling(workload: RawObject) -> RawObject:
    rolling: RawObject = (workload["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return rolling


def _parse(text: str | None, *, annotation: str) -> int | None:
    try:
        fields = json.loads(text or "")
    except ValueError:
        raise OriginalsLost(f"the annotation {annotation} is missing or not JSON") from None
    if not isinstance(fields, dict) or fields.keys() != {"partition"}:
        raise OriginalsLost(f"the annotation {annotation} does not have exactly the key partition")
    own = fields["partition"]
    if own is None or (isinstance(own, int) and not isinstance(own, bool) and 0 <= own <= HOLD):
        return own
    raise OriginalsLost(f"the annotation {annotation} has the partition {own!r}, which is no number of pods")
