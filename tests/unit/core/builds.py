"""Short words for building worlds in tests: contracts as in YAML, workloads by what their templates declare."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from saferollout.api.contracts import Contract
from saferollout.core.contracts import Use, World
from saferollout.core.templates import TemplateFacts, WorkloadTemplates
from saferollout.core.world import BuiltWorld, build_world


def contract(name: str = "events", **fields: Any) -> Contract:
    """Return a contract; a topic unless the fields say otherwise."""
    kind = {} if {"topic", "api", "table", "cache"} & fields.keys() else {"topic": {"name": name, "retentionSeconds": 60}}
    return Contract.model_validate({"name": name, **kind, **fields})


def workload(
    live: str | None = None,
    desired: str | None = None,
    *,
    changes: bool = True,
    created: bool = True,
    same_body: bool = False,
    **fields: Any,
) -> WorkloadTemplates:
    """Return a workload that runs a template declaring `live` and wants one declaring `desired` (None: silent)."""
    old = TemplateFacts("old", live, body="body" if same_body else "old-body")
    new = TemplateFacts("new", desired, body="body" if same_body else "new-body")
    return WorkloadTemplates(alive=(old,) if created else (), desired=new if changes else old, exists=created, **fields)


def unchanged(live: str | None = None) -> WorkloadTemplates:
    """Return a workload that stays as it is."""
    return workload(live, changes=False)


def built(
    contracts: Sequence[Contract],
    workloads: Mapping[str, WorkloadTemplates],
    stored: Mapping[str, Iterable[str]] | None = None,
    **more: Any,
) -> BuiltWorld:
    """Build a world; stored versions are single letters, or a tuple of whole ones."""
    return build_world(contracts=contracts, workloads=workloads, stored={name: frozenset(v) for name, v in (stored or {}).items()}, **more)


def use_of(world: World, name: str, *, channel: str = "events", new: bool = False) -> Use:
    """Return what a workload's old or new revision does with a channel."""
    party = world.party(name)
    assert party is not None
    revision = party.goal if new else party.alive[0]
    assert revision is not None
    return revision.use(channel)
