"""The reasons of bypasses that were used, one a line in an annotation: each counts for one update, also where it lies in Git.

The policy `marks` adds a reason in the update in which it counts; the operator adds what it clears, counted or not.
"""

from typing import Any, Final

from saferollout.api import names
from saferollout.workloads.protocol import RawObject

_MOST_CHARACTERS: Final = 4096
"""Every update of a workload with a bypass splits the annotation, within CEL's limits; the newest reason always stays."""


def has_counted(deployment: RawObject) -> bool:
    """Tell whether the API server let the bypass count that lies on the Deployment: then its reason is among the used ones."""
    annotations = deployment["metadata"].get("annotations") or {}
    reason = annotations.get(names.ANNOTATION_BYPASS)
    return reason is not None and _line(reason) in _lines(annotations)


def use_up(deployment: dict[str, Any]) -> None:
    """Take the bypass annotation off and remember its reason; the oldest ones are forgotten."""
    annotations = deployment["metadata"].setdefault("annotations", {})
    reason = annotations.pop(names.ANNOTATION_BYPASS, None)
    if not reason:
        return
    kept = [_line(reason)]
    for line in reversed(_lines(annotations)):
        if line not in kept and sum(map(len, kept)) + len(line) <= _MOST_CHARACTERS:
            kept.insert(0, line)
    annotations[names.ANNOTATION_BYPASSED] = "\n".join(kept)


def _lines(annotations: RawObject) -> list[str]:
    return [line for line in annotations.get(names.ANNOTATION_BYPASSED, "").split("\n") if line]


def _line(reason: str) -> str:
    return reason.replace("\n", " ")
