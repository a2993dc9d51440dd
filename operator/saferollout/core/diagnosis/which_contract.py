"""Which of several contracts of one kind a trouble belongs to, where whoever suffers has a part in more than one.

What pods do is mostly counted for all their topics, caches, tables or callers together. So a contract is named only by evidence of its own: counts of it
alone, dead letters of its topic, refused clients of its API, or somebody else who suffers and has no other. A contract in which nobody moved before the
trouble began can't be the one. Where several are left, that is a doubt, and the blame is sought across all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from saferollout.core.diagnosis.evidence import Member, Part, Reading, Role, Shared, Standing
from saferollout.core.diagnosis.onsets import follows
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom

Group = tuple[str, ...]
"""Contracts that are not told apart; most often one."""

_SUFFERS_BY: Final[Mapping[tuple[Shared, Part], tuple[Part, tuple[Symptom, ...]]]] = {
    (Shared.TOPIC, Part.READS): (Part.WRITES, (Symptom.CONSUMER_FAILURES, Symptom.STALLED)),
    (Shared.API, Part.CALLS): (Part.SERVES, (Symptom.CALLS_FAILED, Symptom.CALLS_REJECTED, Symptom.CALLS_DENIED, Symptom.CALLS_OTHER_4XX)),
    (Shared.TABLE, Part.READS): (Part.WRITES, (Symptom.DATA_ERRORS,)),
    (Shared.CACHE, Part.READS): (Part.WRITES, (Symptom.CACHE_MISSES,)),
}
"""Per kind of contract and part: who on the other side can hurt, and what of the victim is then worse."""


def contracts_of(member: Member, kind: Shared, part: Part) -> Group:
    """Return the contracts of a kind in which a workload has a part."""
    return tuple(role.contract for role in member.roles if role.kind is kind and part in role.parts)


def by_contract(contracts: Iterable[str], look: Callable[[str], Reading | None]) -> dict[str, Reading]:
    """Return what a look finds of each contract; nothing of one of which it finds nothing."""
    return {contract: found for contract in contracts if (found := look(contract)) is not None}


def told_apart(contracts: Group, is_own: Callable[[str], bool]) -> tuple[Group, ...]:
    """Return each contract that has evidence of its own by itself; all of them together where none has.

    Of topics a, b and c, where dead letters of b came: ((b,),). Where none came: ((a, b, c),).
    """
    own = tuple((one,) for one in contracts if is_own(one))
    return own or ((contracts,) if contracts else ())


def told_by_readings(known: Mapping[str, Reading]) -> tuple[Group, ...]:
    """Return the same where evidence of a contract's own is a reading that was counted for it alone."""
    return told_apart(tuple(known), lambda one: known[one].contract == one)


def by_others(groups: Iterable[Group]) -> Callable[[Group], tuple[Group, ...]]:
    """Return what tells a group apart by those who suffer and have only one of its contracts: of (a, b), where somebody suffers who has only b, ((b,),)."""
    alone = {group for group in groups if len(group) == 1}
    return lambda group: tuple((one,) for one in group if (one,) in alone) or (group,)


def with_movers(scene: Scene, group: Group, part: Part, reading: Reading, *, but: tuple[str, ...] = ()) -> Group:
    """Return the contracts in which somebody with this part moved before the trouble; all of them where nobody did."""
    moved = tuple(one for one in group if any(has_moved(member, reading) for member in scene.with_part(one, part) if member.workload not in but))
    return moved or group


def having(scene: Scene, group: Group, part: Part) -> tuple[Member, ...]:
    """Return everybody who has this part in any of the contracts."""
    return once(member for one in group for member in scene.with_part(one, part))


def once(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return each workload once, in the order in which they come."""
    return tuple({member.workload: member for member in members}.values())


def names(members: Iterable[Member], group: Group) -> str:
    """Name workloads that have a part in one contract, or in one of several."""
    return (" and " if len(group) < 2 else " or ").join(one.workload for one in members)


def its_own(group: Group, member: Member, part: Part) -> Group:
    """Return those of the contracts in which a workload has this part."""
    parts = {role.contract: role.parts for role in member.roles}
    return tuple(one for one in group if part in parts.get(one, frozenset()))


def the_one(group: Group) -> str:
    """Return the contract, empty where there are several."""
    return group[0] if len(group) == 1 else ""


def doubt_of(group: Group) -> tuple[str, ...]:
    """Return the doubt that several contracts leave."""
    return (f"which of {', '.join(group)} is not known",) if len(group) > 1 else ()


def others_moved(scene: Scene, victims: tuple[str, ...], kind: Shared, reading: Reading, *, but: Iterable[Member]) -> Iterator[str]:
    """Doubt a blame by onset where somebody on the other side of a contract of another kind moved at that time, and is not known to do no harm."""
    told = {*victims, *(one.workload for one in but)}
    roles = ((name, role) for name in victims if (member := scene.member(name)) is not None for role in member.roles if role.kind is not kind)
    for name, role in roles:
        for other in _across(scene, role, name):
            if other.workload not in told and has_moved(other, reading):
                told.add(other.workload)
                yield f"{other.workload} rolled at that time too"


def has_moved(member: Member, reading: Reading) -> bool:
    """Tell whether a trouble may have followed a step of a workload."""
    return follows(member, reading.onset) if reading.onset is not None else member.new_ready is not None


def _across(scene: Scene, role: Role, victim: str) -> Iterator[Member]:
    for part in sorted(role.parts):
        opposite, symptoms = _SUFFERS_BY.get((role.kind, part), (None, ()))
        if opposite is not None and not all(_is_harmless(scene, one, victim, role.contract) for one in symptoms):
            yield from scene.with_part(role.contract, opposite)


def _is_harmless(scene: Scene, symptom: Symptom, workload: str, contract: str) -> bool:
    """Tell whether a symptom was looked for and is not there: shown to be clear, or counted without any."""
    known = scene.readings(symptom, workload, contract=contract)
    is_seen = any(one.standing is Standing.CLEAR or (one.total > 0 and not one.count) for one in known)
    return is_seen and not any(one.standing is Standing.WORSE for one in known)
