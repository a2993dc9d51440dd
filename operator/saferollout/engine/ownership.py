"""Which SafeRollout a workload belongs to. Every SafeRollout must find the same answer by itself."""

from collections.abc import Mapping
from typing import Any

from saferollout.api import names
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place, Store, managed_by


def owner_of(store: Store, kind: Kind, workload: Mapping[str, Any]) -> str | None:
    """Return the SafeRollout that has a workload: the one its label names, else the oldest of those that name it, else the first by name."""
    label = managed_by(workload)
    if label is not None:
        return label
    rivals = [raw for place in store.naming(kind, Place.of(workload)) if (raw := store.get(Kind.SAFE_ROLLOUT, place)) is not None]
    by_age = sorted((raw["metadata"].get("creationTimestamp", ""), raw["metadata"]["name"]) for raw in rivals)
    return by_age[0][1] if by_age else None


def only_we_labelled(workload: Mapping[str, Any]) -> bool:
    """Tell whether the managed-by label was put on by the operator alone: nobody else is on record for it, and the annotation says so.

    Without the policies, which keep the annotation, a tool may have dropped it; then being the only one on record is enough. Needs an
    object with `metadata.managedFields`, so not one from the store.
    """
    managers = {
        entry.get("manager")
        for entry in workload["metadata"].get("managedFields") or ()
        if f"f:{names.LABEL_MANAGED_BY}" in ((entry.get("fieldsV1") or {}).get("f:metadata") or {}).get("f:labels", {})
    }
    if managers - {names.FIELD_MANAGER}:
        return False
    return bool(managers) or names.ANNOTATION_LABELLED_BY in (workload["metadata"].get("annotations") or {})
