"""What is down or was restarted: its own liveness says so, and workloads that no release touched suffer as well."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from saferollout.core.diagnosis.cases import Case, joined
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Life, Liveness, Reading, Recurrence, Standing
from saferollout.core.diagnosis.finding import CAUSE_OF
from saferollout.core.diagnosis.onsets import SOON, last_movers
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.wording import DEPENDENCY, clock, line

SIGNS: Final[Mapping[Dependency, frozenset[Symptom]]] = {
    Dependency.KAFKA: frozenset(
        {Symptom.TOPIC_SILENT, Symptom.SEND_FAILURES, Symptom.CONSUMER_FAILURES, Symptom.LAG, Symptom.STALLED, Symptom.SERVER_ERRORS, Symptom.SLOW}
    ),
    Dependency.POSTGRES: frozenset(
        {Symptom.CONNECTION_ERRORS, Symptom.SERVER_ERRORS, Symptom.CONSUMER_FAILURES, Symptom.DEAD_LETTERS, Symptom.SLOW, Symptom.NOT_READY}
        | {Symptom.CALLS_FAILED, Symptom.TOPIC_SILENT, Symptom.STALLED, Symptom.SATURATED, Symptom.RESTARTS}
    ),
    Dependency.CACHE: frozenset({Symptom.CACHE_MISSES, Symptom.CACHE_PUTS, Symptom.LATENCY_SWINGS, Symptom.SLOW, Symptom.SERVER_ERRORS}),
    Dependency.GATEWAY: frozenset({Symptom.FEWER_REQUESTS, Symptom.CALLS_FAILED, Symptom.SERVER_ERRORS, Symptom.RESTARTS, Symptom.TOPIC_SILENT}),
    Dependency.NODE: frozenset({Symptom.RESTARTS, Symptom.NOT_READY, Symptom.SERVER_ERRORS, Symptom.CALLS_FAILED, Symptom.SLOW, Symptom.STALLED}),
    Dependency.SCRAPE: frozenset(),
}
"""What suffers when a dependency is gone for a while."""

_OWN: Final[Mapping[Dependency, frozenset[Symptom]]] = {
    Dependency.KAFKA: frozenset({Symptom.TOPIC_SILENT, Symptom.SEND_FAILURES}),
    Dependency.POSTGRES: frozenset({Symptom.CONNECTION_ERRORS}),
    Dependency.CACHE: frozenset({Symptom.CACHE_MISSES}),
    Dependency.GATEWAY: frozenset({Symptom.FEWER_REQUESTS}),
}
"""What speaks for a dependency where its liveness is not known; only where workloads outside of the release show it too."""


def outages(scene: Scene) -> Iterator[Case]:
    """Yield what is down, then what was restarted as trouble began, then what may be down."""
    suspected = []
    for dependency in Dependency:
        known = scene.alive(dependency)
        if _is_released_itself(scene, known):
            continue
        if known.life is Life.DOWN and (not _is_a_workload(scene, known) or _suffering(scene, dependency)):
            yield _named(scene, known, _suffering(scene, dependency))
        elif known.life is Life.RESTARTED and (hit := _hit_by_restart(scene, known)):
            yield _named(scene, known, hit)
        elif known.life is Life.UNKNOWN and (own := _own_signs(scene, dependency)):
            suspected.append(_suspected(dependency, own))
    yield from suspected


def recurring(scene: Scene) -> Iterator[Case]:
    """Yield what is away again and again, so that nothing counts: no outage that happens to come by. The step before it may be the cause.

    An outage hits new and old pods alike, so nothing that came in one proves anything, and nothing goes back by itself.
    """
    for one in scene.evidence.recurring:
        if _is_released_itself(scene, one):
            continue
        movers = () if one.before else last_movers(scene.evidence.members, one.times[0])
        first = movers[0].workload if movers else ""
        yield Case(
            cause=CAUSE_OF[one.dependency],
            sentence=f"{_called(one)} {_again_and_again(one, first)}",
            readings=(),
            workload=first,
            lasts=True,
            facts=(*_how_often(one), *(f"in those outages, which proves nothing: {line(reading)}" for reading in scene.evidence.meanwhile)),
            doubts=(
                "whatever came in an outage proves nothing, and no other time is left",
                *(f"{other.workload} rolled at that time too" for other in movers[1:]),
            ),
            then=("nothing goes back for it by itself: that is for a person to say",),
        )


def _again_and_again(one: Recurrence, suspect: str) -> str:
    what = "gets no samples again and again" if one.dependency is Dependency.SCRAPE else "is down or restarted again and again"
    if one.before:
        return f"{what}, and was so before the release"
    return f"{what} since new pods of {suspect} came: they may be the cause" if suspect else f"{what} since the release began"


def _how_often(one: Recurrence) -> tuple[str, ...]:
    how_often = f"{_called(one)} was back at least {len(one.times)} times, first at {clock(one.times[0])}, last at {clock(one.times[-1])}"
    return how_often, f"nothing counts since {clock(one.since)}: the quiet time after each outage reaches to the next one"


def _called(one: Liveness | Recurrence) -> str:
    return f"{DEPENDENCY[one.dependency]} ({one.name})" if one.name else DEPENDENCY[one.dependency]


def _is_released_itself(scene: Scene, known: Liveness | Recurrence) -> bool:
    """Tell whether the dependency is a workload that rolls: then its restarts are this release's own doing."""
    member = scene.member(known.name) if known.name else None
    return member is not None and bool(member.shares)


def _is_a_workload(scene: Scene, known: Liveness) -> bool:
    """Tell whether it is one of the SafeRollout's workloads: one that nobody misses may be scaled to nothing."""
    return bool(known.name) and scene.member(known.name) is not None


def _suffering(scene: Scene, dependency: Dependency) -> tuple[Reading, ...]:
    return tuple(one for one in scene.worse() if one.symptom in SIGNS[dependency])


def _hit_by_restart(scene: Scene, known: Liveness) -> tuple[Reading, ...]:
    """Return what began to suffer about when it was restarted; a restart that hurt nobody is no trouble."""
    return tuple(one for one in _suffering(scene, known.dependency) if _about(one.onset, known.since) and _is_shared(scene, known, one))


def _is_shared(scene: Scene, known: Liveness, reading: Reading) -> bool:
    """Tell whether not only new pods suffer: a cold cache of theirs, or a bug, is not the dependency's. Of a node only they may be the victims."""
    if known.dependency is Dependency.NODE:
        return True
    old = [one for one in scene.readings(reading.symptom, reading.workload) if (one.arm, one.against) == (Arm.OLD, Against.BASELINE)]
    only_new = any(one.standing is Standing.CLEAR for one in old)
    return reading.arm is not Arm.NEW and not (reading.arm is Arm.ALL and only_new)


def _about(onset: datetime | None, since: datetime | None) -> bool:
    return onset is None or since is None or abs(onset - since) <= SOON


def _own_signs(scene: Scene, dependency: Dependency) -> tuple[Reading, ...]:
    own = tuple(one for one in scene.worse() if one.symptom in _OWN.get(dependency, frozenset()))
    return own if any(one.arm is Arm.OUTSIDE for one in own) else ()


def _named(scene: Scene, known: Liveness, readings: tuple[Reading, ...]) -> Case:
    who, state = _called(known), _state(known)
    when = f"{'since' if known.life is Life.DOWN else 'until' if known.in_part else 'at'} {clock(known.since)}" if known.since is not None else ""
    return Case(
        cause=CAUSE_OF[known.dependency],
        sentence=f"{who} {state}",
        victim=" and ".join(dict.fromkeys(one.workload for one in readings if one.workload)),
        readings=_spoken_for(readings),
        facts=(f"{who} {state} {when}".rstrip(), *(("fewer servers are, or were, there than as the release began",) if known.in_part else ())),
        not_because=_not_this_release(scene, readings),
        then=_what_happens(),
    )


def _state(known: Liveness) -> str:
    if known.life is not Life.DOWN:
        return "was down in part" if known.in_part else "was restarted"
    if known.dependency is Dependency.SCRAPE:
        return "gets no samples"
    return "is down in part" if known.in_part else "is down"


def _suspected(dependency: Dependency, readings: tuple[Reading, ...]) -> Case:
    return Case(
        cause=CAUSE_OF[dependency],
        sentence=f"{DEPENDENCY[dependency]} may be in trouble: workloads outside the release suffer too",
        readings=_spoken_for(readings),
        doubts=(f"nothing tells whether {DEPENDENCY[dependency]} is up",),
        then=_what_happens(),
    )


def _spoken_for(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Choose a few that say most: one outside of the release first."""
    told = {(one.symptom, one.workload): one for one in sorted(readings, key=_says_least)}
    return tuple(sorted(told.values(), key=_is_inside))[:4]


def _says_least(reading: Reading) -> bool:
    """Sort what speaks of all pods behind the rest, where it is the one that is kept."""
    return reading.arm is Arm.ALL


def _is_inside(reading: Reading) -> bool:
    return reading.arm is not Arm.OUTSIDE


def _not_this_release(scene: Scene, readings: tuple[Reading, ...]) -> tuple[str, ...]:
    outside = next((one.workload for one in readings if one.arm is Arm.OUTSIDE), "")
    alike = next((one for one in readings if _is_alike(scene, one)), None)
    said = joined(
        f"{outside}, outside the release, suffers too" if outside else "", f"new and old pods of {alike.workload} suffer alike" if alike else ""
    )
    return (f"not this release: {said}",) if said else ()


def _is_alike(scene: Scene, reading: Reading) -> bool:
    """Tell whether new and old pods were compared, and differ in neither direction."""
    standings = [scene.between(reading.symptom, reading.workload, arm) for arm in (Arm.NEW, Arm.OLD)]
    return Standing.CLEAR in standings and Standing.WORSE not in standings


def _what_happens() -> tuple[str, ...]:
    return ("nothing goes back for it, and what was measured in that time is discarded",)


