"""Whose a field is, by the record that the API server keeps in metadata.managedFields (Kubernetes, server-side apply).

Whoever changes a field owns it from then on, also when what is written is the owner's own value. So what was borrowed and given back
would still be ours: a server-side apply that wants another value later, such as Helm 4's, would meet a conflict for ever. Giving a value
back and letting go of it can't be one write, because the write itself makes us the owner again.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from saferollout.api import names
from saferollout.workloads.protocol import RawObject

PAUSE: Final = frozenset({"paused"})
PACE: Final = frozenset({"strategy", "minReadySeconds", "progressDeadlineSeconds"})
TEMPLATE: Final = frozenset({"template"})

_SPEC: Final = "f:spec"
_PREFIX: Final = "f:"


def owned_spec_fields(metadata: RawObject) -> frozenset[str]:
    """Return the fields right below spec of which anything is recorded as ours."""
    return frozenset(
        field.removeprefix(_PREFIX)
        for entry in metadata.get("managedFields") or ()
        if _is_ours(entry)
        for field in (entry.get("fieldsV1") or {}).get(_SPEC, {})
        if field.startswith(_PREFIX)
    )


def without_fields(managed: Iterable[RawObject], fields: frozenset[str]) -> list[RawObject]:
    """Return the record with these fields of spec no longer ours; entries of others stay as they are."""
    return [left for entry in managed if (left := _reduced(entry, fields) if _is_ours(entry) else entry)]


def _is_ours(entry: RawObject) -> bool:
    return entry.get("manager") == names.FIELD_MANAGER and not entry.get("subresource")


def _reduced(entry: RawObject, fields: frozenset[str]) -> RawObject:
    """Return an entry without fields of spec; empty where it then says nothing any more."""
    record: Mapping[str, Any] = entry.get("fieldsV1") or {}
    spec = {key: value for key, value in record.get(_SPEC, {}).items() if key.removeprefix(_PREFIX) not in fields}
    rest = {key: value for key, value in record.items() if key != _SPEC} | ({_SPEC: spec} if spec else {})
    return {**entry, "fieldsV1": rest} if rest else {}
