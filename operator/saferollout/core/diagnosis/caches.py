"""Caches: two formats under the same keys (mode 4), and what only looks like it.

Each pool overwrites what the other can't read, so both miss more and both write more, most at a half and half mix. A new pod that is merely cold misses
only by itself; old pods go on as before. The server's own hit ratio says nothing: the key is found, it is the client that can't read it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from saferollout.core.diagnosis.cases import Case, blame, doubts_of_life
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.which_contract import (
    Group,
    by_contract,
    by_others,
    doubt_of,
    having,
    its_own,
    others_moved,
    the_one,
    told_by_readings,
    with_movers,
)

_PUTS = (Arm.OLD, Arm.NEIGHBOUR, Arm.OUTSIDE, Arm.ALL, Arm.NEW)
_RELATED = (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS)


def mode_4(scene: Scene) -> Iterator[Case]:
    """Yield, per cache, the writer whose new format the other pods can't read."""
    contracts = scene.contracts(Shared.CACHE)
    missing = _by_cache(scene, contracts, _misses)
    swinging = _by_cache(scene, tuple(one for one in contracts if not any(one in group for group in missing)), _swings)
    found = missing | swinging
    for group in sorted(found, key=lambda group: contracts.index(group[0])):
        writers = having(scene, group, Part.WRITES)
        writer, doubts = blame(writers, found[group])
        if writer is not None and scene.outside_worse(_RELATED, contracts=group) is None:
            beside = others_moved(scene, (found[group].workload,), Shared.CACHE, found[group], but=writers)
            yield _two_formats(scene, group, writer, found[group], (*doubts, *doubt_of(group), *beside))


def _by_cache(scene: Scene, contracts: Group, look: Callable[[Scene, Member, str], Reading | None]) -> dict[Group, Reading]:
    """Return what the first who suffers of each cache suffers, each cache by itself where it can be told."""
    found: list[tuple[Group, Reading]] = []
    for user in scene.evidence.members:
        used = (one for one in contracts if scene.has_part(user.workload, one))
        known = by_contract(used, partial(look, scene, user))
        for group in told_by_readings(known):
            moved = with_movers(scene, group, Part.WRITES, known[group[0]])
            found.append((moved, known[moved[0]]))
    tell, by_cache = by_others(group for group, _ in found), dict[Group, Reading]()
    for group, reading in found:
        for told in tell(group):
            by_cache.setdefault(told, reading)
    return by_cache


def is_cold(scene: Scene, workload: str, contract: str = "") -> bool:
    """Tell whether only new pods miss more than before: they are cold, which passes. Where nobody counts misses, what is put after them tells."""
    for symptom in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS):
        readings = scene.readings(symptom, workload, contract=contract)
        of_old = {one.standing for one in readings if one.arm is Arm.OLD and one.against is Against.BASELINE}
        if of_old & {Standing.CLEAR, Standing.WORSE}:
            return Standing.WORSE not in of_old
        if not scene.is_blind(symptom, workload, contract=contract):
            return False
    return False


def _misses(scene: Scene, user: Member, contract: str) -> Reading | None:
    """Return the misses of pods that are not new; those of all pods together where nobody can tell, unless new ones are merely cold."""
    for arm in (Arm.OLD, Arm.NEIGHBOUR, Arm.OUTSIDE):
        found = _worse_than_before(scene, Symptom.CACHE_MISSES, user.workload, arm, contract)
        if found is not None:
            return found
    return None if is_cold(scene, user.workload, contract) else _worse_than_before(scene, Symptom.CACHE_MISSES, user.workload, Arm.ALL, contract)


def _swings(scene: Scene, user: Member, contract: str) -> Reading | None:
    """Return a swinging latency where the misses themselves are not known."""
    if not scene.is_blind(Symptom.CACHE_MISSES, user.workload, contract=contract):
        return None
    return next((one for one in scene.readings(Symptom.LATENCY_SWINGS, user.workload) if one.standing is Standing.WORSE), None)


def _worse_than_before(scene: Scene, symptom: Symptom, workload: str, arm: Arm, contract: str = "") -> Reading | None:
    known = scene.readings(symptom, workload, contract=contract)
    return next((one for one in known if one.arm is arm and one.against is Against.BASELINE and one.standing is Standing.WORSE), None)


def _two_formats(scene: Scene, group: Group, writer: Member, missing: Reading, doubts: tuple[str, ...]) -> Case:
    users = [member for member in scene.evidence.members if any(scene.has_part(member.workload, one) for one in group)]
    of_each = (scene.readings(Symptom.CACHE_PUTS, user.workload, contract=contract) for contract in group for user in users)
    known = list(dict.fromkeys(chain.from_iterable(of_each)))
    written = its_own(group, writer, Part.WRITES)
    what = " or ".join(written)
    worse = (one for arm in _PUTS for one in known if one.arm is arm and one.standing is Standing.WORSE and one.against is Against.BASELINE)
    puts = next(worse, None)
    return Case(
        cause=Cause.MODE_4,
        sentence=f"new and old pods overwrite each other's entries in {what}, since new pods of {writer.workload} write another format",
        workload=writer.workload,
        side=Part.WRITES,
        contract=the_one(written),
        victim=missing.workload,
        readings=(missing, *((puts,) if puts is not None else ())),
        doubts=(*_doubts(missing, puts, known), *_too_little_room(scene, group), *doubts, *doubts_of_life(scene, Dependency.CACHE)),
        not_because=_not_a_cache_in_trouble(scene, group, missing),
        then=(f"then purge {what}, or let the next revision write under a new key prefix (keys: Versioned): what was written stays until it expires",),
    )


def _doubts(missing: Reading, puts: Reading | None, known: list[Reading]) -> Iterator[str]:
    if missing.symptom is not Symptom.CACHE_MISSES:
        yield f"cache misses of {missing.workload} are not known: only its latency swings"
    elif missing.arm is Arm.ALL:
        yield f"which pods of {missing.workload} miss is not known: new ones may be cold"
    if puts is None:
        clear = any(one.standing is Standing.CLEAR for one in known)
        yield "cache puts are as before" if clear else "cache puts are not known"


def _too_little_room(scene: Scene, group: Group) -> tuple[str, ...]:
    """Doubt two formats where entries go away by themselves: two formats overwrite each other under the same keys, and take no more room."""
    evicted = any(scene.worse_topic(Symptom.EVICTIONS, contract) is not None for contract in group)
    return ("entries are evicted too: the cache may have too little room",) if evicted else ()


def _not_a_cache_in_trouble(scene: Scene, group: Group, missing: Reading) -> tuple[str, ...]:
    said = []
    if scene.is_up(Dependency.CACHE):
        said.append("not a cache in trouble: it is up")
    if missing.symptom is Symptom.CACHE_MISSES and missing.arm is not Arm.ALL:
        said.append("not a cold cache: pods that are not new miss more too")
    fine = scene.outside_clear(Symptom.CACHE_MISSES, contracts=group)
    if fine:
        said.append(f"not all caches: {fine}, outside the release, hits as before")
    return tuple(said)
