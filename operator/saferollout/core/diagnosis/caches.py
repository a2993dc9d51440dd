"""Caches: two formats under the same keys (mode 4), and what only looks like it.

Each pool overwrites what the other can't read, so both miss more and both write more, most at a half and half mix. A new pod that is merely cold misses
only by itself; old pods go on as before. The server's own hit ratio says nothing: the key is found, it is the client that can't read it.
"""

from collections.abc import Iterator

from saferollout.core.diagnosis.cases import Case, blame, doubts_of_life
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom

_PUTS = (Arm.OLD, Arm.NEIGHBOUR, Arm.OUTSIDE, Arm.ALL, Arm.NEW)
_RELATED = (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS)


def mode_4(scene: Scene) -> Iterator[Case]:
    """Yield, per cache, the writer whose new format the other pods can't read."""
    for contract in scene.contracts(Shared.CACHE):
        users = tuple(one for one in scene.evidence.members if scene.has_part(one.workload, contract))
        missing = next((one for user in users if (one := _misses(scene, user, contract)) is not None), None)
        if missing is None:
            missing = next((one for user in users if (one := _swings(scene, user, contract)) is not None), None)
        writer, doubts = blame(scene.with_part(contract, Part.WRITES), missing) if missing is not None else (None, ())
        if missing is not None and writer is not None and scene.outside_worse(_RELATED, contract=contract) is None:
            yield _two_formats(scene, contract, writer, missing, users, doubts)


def is_cold(scene: Scene, workload: str) -> bool:
    """Tell whether only new pods miss more than before: they are cold, which passes."""
    return _worse_than_before(scene, Symptom.CACHE_MISSES, workload, Arm.OLD) is None and any(
        one.standing is Standing.CLEAR and one.arm is Arm.OLD and one.against is Against.BASELINE
        for one in scene.readings(Symptom.CACHE_MISSES, workload)
    )


def _misses(scene: Scene, user: Member, contract: str) -> Reading | None:
    """Return the misses of pods that are not new; those of all pods together where nobody can tell, unless new ones are merely cold."""
    for arm in (Arm.OLD, Arm.NEIGHBOUR, Arm.OUTSIDE):
        found = _worse_than_before(scene, Symptom.CACHE_MISSES, user.workload, arm, contract)
        if found is not None:
            return found
    return None if is_cold(scene, user.workload) else _worse_than_before(scene, Symptom.CACHE_MISSES, user.workload, Arm.ALL, contract)


def _swings(scene: Scene, user: Member, contract: str) -> Reading | None:
    """Return a swinging latency where the misses themselves are not known."""
    if not scene.is_blind(Symptom.CACHE_MISSES, user.workload, contract=contract):
        return None
    return next((one for one in scene.readings(Symptom.LATENCY_SWINGS, user.workload) if one.standing is Standing.WORSE), None)


def _worse_than_before(scene: Scene, symptom: Symptom, workload: str, arm: Arm, contract: str = "") -> Reading | None:
    known = scene.readings(symptom, workload, contract=contract)
    return next((one for one in known if one.arm is arm and one.against is Against.BASELINE and one.standing is Standing.WORSE), None)


def _two_formats(
    scene: Scene, contract: str, writer: Member, missing: Reading, users: tuple[Member, ...], doubts: tuple[str, ...]
) -> Case:
    known = [one for user in users for one in scene.readings(Symptom.CACHE_PUTS, user.workload, contract=contract)]
    worse = (one for arm in _PUTS for one in known if one.arm is arm and one.standing is Standing.WORSE and one.against is Against.BASELINE)
    puts = next(worse, None)
    return Case(
        cause=Cause.MODE_4,
        sentence=f"new and old pods overwrite each other's entries in {contract}, since new pods of {writer.workload} write another format",
        workload=writer.workload,
        side=Part.WRITES,
        contract=contract,
        victim=missing.workload,
        readings=(missing, *((puts,) if puts is not None else ())),
        doubts=(*_doubts(missing, puts, known), *_too_little_room(scene, contract), *doubts, *doubts_of_life(scene, Dependency.CACHE)),
        not_because=_not_a_cache_in_trouble(scene, contract, missing),
        then=(f"then purge {contract}, or let the next revision write under a new key prefix (keys: Versioned): what was written stays until it expires",),
    )


def _doubts(missing: Reading, puts: Reading | None, known: list[Reading]) -> Iterator[str]:
    if missing.symptom is not Symptom.CACHE_MISSES:
        yield f"cache misses of {missing.workload} are not known: only its latency swings"
    elif missing.arm is Arm.ALL:
        yield f"which pods of {missing.workload} miss is not known: new ones may be cold"
    if puts is None:
        clear = any(one.standing is Standing.CLEAR for one in known)
        yield "cache puts are as before" if clear else "cache puts are not known"


def _too_little_room(scene: Scene, contract: str) -> tuple[str, ...]:
    """Doubt two formats where entries go away by themselves: two formats overwrite each other under the same keys, and take no more room."""
    evicted = scene.worse_topic(Symptom.EVICTIONS, contract) is not None
    return ("entries are evicted too: the cache may have too little room",) if evicted else ()


def _not_a_cache_in_trouble(scene: Scene, contract: str, missing: Reading) -> tuple[str, ...]:
    said = []
    if scene.is_up(Dependency.CACHE):
        said.append("not a cache in trouble: it is up")
    if missing.symptom is Symptom.CACHE_MISSES and missing.arm is not Arm.ALL:
        said.append("not a cold cache: pods that are not new miss more too")
    fine = scene.outside_clear(Symptom.CACHE_MISSES, contract=contract)
    if fine:
        said.append(f"not all caches: {fine}, outside the release, hits as before")
    return tuple(said)
