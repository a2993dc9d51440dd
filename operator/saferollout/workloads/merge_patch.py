"""The difference between two objects as a JSON merge patch (RFC 7396), guarded by the resourceVersion it was computed on.

Guarded, the patch is exact: it gives `after` or a conflict, never a mixture. Lists are replaced whole, which is why a strategic merge
patch is never used: it would merge an old template's containers with the new one's.
"""

from typing import Any

from saferollout.workloads.protocol import RawObject


def guarded_patch(before: RawObject, after: RawObject) -> dict[str, Any]:
    """Return the body of a merge patch that turns exactly `before` into `after`; the server answers 409 if it changed meanwhile."""
    patch = difference(before, after)
    metadata = {**patch.get("metadata", {}), "resourceVersion": before["metadata"]["resourceVersion"], "uid": before["metadata"]["uid"]}
    return {**patch, "metadata": metadata}


def difference(before: RawObject, after: RawObject) -> dict[str, Any]:
    """Return the merge patch from `before` to `after`: null removes a key."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif before[key] != value:
            both_maps = isinstance(before[key], dict) and isinstance(value, dict)
            patch[key] = difference(before[key], value) if both_maps else value
    return patch
