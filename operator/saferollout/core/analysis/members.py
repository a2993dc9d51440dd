"""Who takes part in a release, with which part in which contract, and how its share of new pods went."""

from collections.abc import Iterator
from datetime import datetime

from saferollout.api.contracts import Contract, ContractKind
from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, parse_declaration
from saferollout.core.analysis.incarnations import new_at
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.diagnosis.evidence import Arm, Member, Part, Role, Share, Shared
from saferollout.core.intake import request, response
from saferollout.core.views import WorkloadView

_KINDS = {ContractKind.TOPIC: Shared.TOPIC, ContractKind.API: Shared.API, ContractKind.TABLE: Shared.TABLE, ContractKind.CACHE: Shared.CACHE}


def members_of(material: Material) -> tuple[Member, ...]:
    """Return every workload of the SafeRollout; those that the release does not change are outside of it."""
    return tuple(_member(material, name) for name in sorted(material.snapshot.world.workloads))


def has_rolled(material: Material, workload: str) -> bool:
    """Tell whether a workload has begun to roll in this release."""
    return any(target.workload == workload and target.rolled for target in material.targets)


def is_under_way(material: Material, workload: str) -> bool:
    """Tell whether a workload has begun to roll in this release, and is not done."""
    return any(target.workload == workload and target.rolled and not target.done for target in material.targets)


def shares_a_contract(members: tuple[Member, ...], workload: str) -> bool:
    """Tell whether a workload has a part in a contract in which one that rolls has a part."""
    rolling = {role.contract for member in members if member.shares for role in member.roles}
    return any(role.contract in rolling for member in members if member.workload == workload for role in member.roles)


def arm_of(material: Material, members: tuple[Member, ...], workload: str) -> Arm:
    """Return as what all pods of a workload stand together: one that rolls, one beside it, or one outside."""
    if has_rolled(material, workload):
        return Arm.ALL
    return Arm.NEIGHBOUR if shares_a_contract(members, workload) else Arm.OUTSIDE


def _member(material: Material, name: str) -> Member:
    in_release = any(target.workload == name for target in material.targets)
    shares = tuple(_shares(material, name)) if has_rolled(material, name) else ()
    ready = next((share.at for share in shares if share.share > 0), None)
    return Member(workload=name, roles=tuple(_roles(material, name)), in_release=in_release, new_ready=ready, shares=shares)


def _shares(material: Material, name: str) -> Iterator[Share]:
    """Go through the looks at the series that knows most of its pods; a share is told once, when it changes."""
    is_new, last = new_at(material, name), 0.0
    seen = pods_seen(material, name)
    if not seen:
        yield from _share_now(material, name)
    for at, pods in sorted(seen.items()):
        share = sum(is_new(pod, at) for pod in pods) / len(pods) if pods else 0.0
        if share != last:
            yield Share(at=at, share=share)
            last = share


def _share_now(material: Material, name: str) -> Iterator[Share]:
    """Tell, where nobody reports the pods, the share that the cluster shows now; it may have been less since the release began to roll."""
    target = next(one for one in material.targets if one.workload == name)
    view = material.snapshot.world.workloads[name]
    pods = sum(one.pods for one in view.replica_sets)
    if pods:
        yield Share(at=material.schedule.began, share=sum(one.pods for one in view.of(target.to_hash)) / pods)


def pods_seen(material: Material, name: str) -> dict[datetime, set[str]]:
    """Return the pods of a workload at each look at which any of its series was answered in full."""
    seen: dict[datetime, set[str]] = {}
    for series in _series_of_pods(material, name):
        for look in material.looks(series, workload=name):
            seen.setdefault(look.at, set()).update(look.subjects)
    return seen


def _series_of_pods(material: Material, name: str) -> set[Series]:
    """Leave out latencies where there are others: they are most of all samples, and whoever reports them reports requests as well."""
    lines = [(line.found.signal, line.found.series) for line in material.lines if line.workload == name]
    of_pods = {series: signal for signal, series in lines if series is not None and series.subject is Subject.POD}
    return {series for series, signal in of_pods.items() if signal is not SignalName.LATENCY} or set(of_pods)


def _roles(material: Material, name: str) -> Iterator[Role]:
    for contract in material.snapshot.spec.contracts:
        sides = material.parties[contract.name]
        reads, writes = name in sides.readers, name in sides.writers
        if not (reads or writes):
            continue
        of_api = contract.api is not None
        parts = {*([Part.SERVES if of_api else Part.READS] if reads else []), *([Part.CALLS if of_api else Part.WRITES] if writes else [])}
        changed, declared = _declared(material, name, contract)
        yield Role(
            contract=contract.name, kind=_KINDS[contract.kind], parts=frozenset(parts), changed=changed, declared=declared,
            shares_dead_letters=_shares_dead_letters(material, contract),
        )  # fmt: skip


def _shares_dead_letters(material: Material, contract: Contract) -> bool:
    """Tell whether another contract has the same dead-letter topic."""
    own = contract.topic.dead_letter_topic if contract.topic is not None else None
    others = (one.topic.dead_letter_topic for one in material.snapshot.spec.contracts if one.topic is not None and one.name != contract.name)
    return own is not None and own in others


def _declared(material: Material, name: str, contract: Contract) -> tuple[bool, bool]:
    """Tell whether the new template declares something else of the contract than the old one, and whether it declares anything."""
    view = material.snapshot.world.workloads[name]
    target = next((one for one in material.targets if one.workload == name), None)
    old = _uses(view, target.from_hash if target is not None else view.template, contract)
    new = _uses(view, target.to_hash if target is not None else view.template, contract)
    return target is not None and old != new, any(use is not None for use in (*old, *new))


def _uses(view: WorkloadView, revision: str, contract: Contract) -> tuple[DeclaredUse | None, ...]:
    text = view.contracts if revision == view.template else next((one.contracts for one in view.of(revision)), None)
    try:
        declared = parse_declaration(text) if text is not None else {}
    except BrokenDeclaration:
        declared = {}
    channels = (request(contract.name), response(contract.name)) if contract.api is not None else (contract.name,)
    return tuple(declared.get(channel) for channel in channels)
