"""JSON merge patch, RFC 7386: what to send so that one document becomes another, and what a server makes of it."""

from collections.abc import Mapping
from typing import Any


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the smallest patch that turns `before` into `after`; empty where they are equal. `after` contains no null."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, wanted in after.items():
        if key in before and before[key] == wanted:
            continue
        present = before.get(key)
        # An object that replaces something else must not inherit keys, which a nested patch would let it.
        patch[key] = merge_patch(present, wanted) if isinstance(present, Mapping) and isinstance(wanted, Mapping) else wanted
    return patch


def apply_merge_patch(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document that a server makes of a patch."""
    patched = dict(document)
    for key, value in patch.items():
        if value is None:
            patched.pop(key, None)
        elif isinstance(value, Mapping):
            present = patched.get(key)
            patched[key] = apply_merge_patch(present if isinstance(present, Mapping) else {}, value)
        else:
            patched[key] = value
    return patched
