"""What could not be seen: which failure mode would go unnoticed for want of which signal."""

from collections.abc import Iterator, Mapping
from typing import Final

from saferollout.core.diagnosis.evidence import Dependency, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.wording import DEPENDENCY

_NEEDED: Final[Mapping[tuple[Shared, Part], tuple[tuple[str, Symptom], ...]]] = {
    (Shared.TOPIC, Part.READS): (("mode 1", Symptom.CONSUMER_FAILURES), ("mode 3", Symptom.STALLED)),
    (Shared.API, Part.SERVES): (("mode 2", Symptom.REJECTED), ("a failing revision", Symptom.SERVER_ERRORS), ("a slow revision", Symptom.SLOW)),
    (Shared.CACHE, Part.READS): (("mode 4", Symptom.CACHE_MISSES), ("mode 4", Symptom.CACHE_PUTS)),
    (Shared.TABLE, Part.READS): (("mode 5", Symptom.DATA_ERRORS),),
}
"""Per kind of contract and part: what would hurt there, and the symptom by which it is named."""


def blind_spots(scene: Scene) -> Iterator[str]:
    """Yield what nobody could have seen, for contracts that workloads of this release use."""
    for member in scene.evidence.members:
        if not member.in_release:
            continue
        for role in member.roles:
            for part in sorted(role.parts):
                for what, symptom in _NEEDED.get((role.kind, part), ()):
                    if scene.is_blind(symptom, member.workload, contract=role.contract):
                        why = _why(scene, symptom, member.workload)
                        yield f"{what} on {role.contract} can't be seen: {symptom.meaning} of {member.workload} are not known{why}"
        if member.shares and scene.is_blind(Symptom.RESTARTS, member.workload):
            yield f"a crash of {member.workload} can't be seen: its container restarts are not known"


def _why(scene: Scene, symptom: Symptom, workload: str) -> str:
    """Say why nothing was counted at all, where that is known; what was counted and is too little to tell changes too often to be said."""
    why = next((one.detail for one in scene.readings(symptom, workload) if one.detail and not one.total), "")
    return f": {why}" if why else ""


def silent_dependencies(scene: Scene) -> Iterator[str]:
    """Yield which dependencies nobody can tell the life of."""
    for dependency in Dependency:
        if scene.uses(dependency) and not scene.is_up(dependency):
            yield f"nothing tells whether {DEPENDENCY[dependency]} is up"


def sees_anything(scene: Scene) -> bool:
    """Tell whether at least one symptom of the release could be told."""
    return any(_tells(one) and _is_inside(scene, one) for one in scene.evidence.readings)


def _tells(reading: Reading) -> bool:
    return reading.standing is not Standing.CANNOT_TELL


def _is_inside(scene: Scene, reading: Reading) -> bool:
    member = scene.member(reading.workload)
    return member is None or member.in_release
