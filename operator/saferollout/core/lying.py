"""Keep book of the versions that may lie in a contract: who still writes them, since when nobody does, and what is proved gone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from saferollout.api.status import ContractStatus, Drain
from saferollout.core.contracts import in_order, still_written, stored_after_roll, stored_now
from saferollout.core.draft import Draft
from saferollout.core.intake import known_channels

NOBODY: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


def recorded(draft: Draft) -> dict[str, frozenset[str]]:
    """Return what status recorded and what people announced since, by channel."""
    stored = {name: frozenset(status.stored_versions) for name, status in draft.contracts.items()}
    for contract in draft.snapshot.spec.contracts:
        if contract.api is not None:
            continue
        before = draft.contracts.get(contract.name)
        announced = frozenset(contract.stored_versions) - frozenset(before.announced_versions if before else ())
        stored[contract.name] = stored.get(contract.name, frozenset()) | announced
    return stored


def retained(draft: Draft) -> dict[str, tuple[str | None, ...]]:
    """Return the declarations of retained ReplicaSets where no status tells what was written before."""
    if draft.contracts:
        return {}
    return {name: tuple(rs.contracts for rs in view.replica_sets) for name, view in draft.snapshot.world.workloads.items()}


def write_down(draft: Draft) -> None:
    """Record what may lie in each contract now, and since when a version has no live writer."""
    _record(draft, stored_now(draft.outlook.world))


def write_ahead(draft: Draft, workload: str) -> None:
    """Record what the roll of a workload may store, before its first new pod exists."""
    world = draft.outlook.world
    party = world.party(workload)
    coming = party.goal.uses if party is not None and party.goal is not None else {}
    _record(draft, stored_after_roll(world, workload), coming={channel: use.writes for channel, use in coming.items()})


def proved(draft: Draft, channel: str, version: str) -> None:
    """Take a version that was proved gone off the books."""
    status = draft.contracts.get(channel)
    if status is None:
        return
    left = [known for known in status.stored_versions if known != version]
    drains = [drain for drain in status.drains if drain.version != version]
    draft.contracts[channel] = status.model_copy(update={"stored_versions": left, "drains": drains})


def _record(draft: Draft, stored: Mapping[str, frozenset[str]], *, coming: Mapping[str, frozenset[str]] = NOBODY) -> None:
    """Write the books; `coming` is what will be written from now on, so it has no drain although nobody writes it yet."""
    announced = {contract.name: list(contract.stored_versions) for contract in draft.snapshot.spec.contracts}
    known = known_channels(draft.snapshot.spec.contracts)
    for channel in known:
        versions = stored.get(channel, frozenset())
        before = draft.contracts.get(channel)
        if not known[channel].stores or not (versions or announced.get(channel) or before):
            continue
        since = {drain.version: drain.since for drain in before.drains} if before else {}
        drains = [
            Drain(version=version, since=since.get(version, draft.now))
            for version in in_order(versions)
            if version not in coming.get(channel, frozenset()) and not still_written(draft.outlook.world, channel, version)
        ]
        draft.contracts[channel] = ContractStatus(
            name=channel,
            stored_versions=list(in_order(versions)),
            announced_versions=announced.get(channel, []),
            drains=drains,
            undeclared_groups=before.undeclared_groups if before else [],
        )
    for gone in set(draft.contracts) - set(known):
        del draft.contracts[gone]
