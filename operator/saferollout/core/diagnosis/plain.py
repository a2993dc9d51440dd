"""What needs no contract: a new revision that fails by itself, and too little capacity for the traffic."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from saferollout.core.diagnosis.cases import Case, doubts_of_life, joined
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Member, Part, Reading, Shared
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene, role_in
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.which_contract import contracts_of

_FAILS: Final = (
    Symptom.SERVER_ERRORS,
    Symptom.RESTARTS,
    Symptom.NOT_READY,
    Symptom.CONSUMER_FAILURES,
    Symptom.SEND_FAILURES,
    Symptom.CALLS_FAILED,
    Symptom.CONNECTION_ERRORS,
    Symptom.DATA_ERRORS,
    Symptom.SLOW,
    Symptom.SATURATED,
)
_USUAL: Final = (Symptom.DENIED, Symptom.OTHER_4XX, Symptom.ANY_4XX, Symptom.CALLS_DENIED, Symptom.CALLS_OTHER_4XX, Symptom.CALLS_ANY_4XX)
"""Answers that services give by right: "it isn't there", "somebody else was faster", "log in first". They alone take nothing back, and only a big difference holds."""
_BIG: Final = 0.1
_TIMES: Final = 3.0
_NO_CODE: Final = {Symptom.ANY_4XX: "mode 2", Symptom.CALLS_ANY_4XX: "mode 3"}
"""Where only the class of a status is told, 400 and 422 may be among them, and what they would be."""
_BY_RIGHT: Final = "services answer so by right, too: whether these answers are right is not known"
_PODS: Final = frozenset({Symptom.RESTARTS, Symptom.NOT_READY})
_SLOW: Final = frozenset({Symptom.SLOW, Symptom.SATURATED})
_NOT_SERVED_YET: Final = frozenset({Symptom.CALLS_DENIED, Symptom.CALLS_OTHER_4XX, Symptom.CALLS_ANY_4XX})
"""404 is a route that is not there yet, 405 a method, 415 a format; a login that failed can't be told from them."""
_SUFFERS: Final = (Symptom.SLOW, Symptom.SERVER_ERRORS, Symptom.CALLS_FAILED, Symptom.NOT_READY, Symptom.LAG)


def plain_bug(scene: Scene) -> Iterator[Case]:
    """Yield each workload whose new pods fail where its old ones, under the same traffic, do not."""
    for member in scene.evidence.members:
        if member.shares:
            sure, usual = _failing(scene, member), _usual(scene, member)
            if sure or usual:
                yield _bug(scene, member, sure, usual)


def is_usual(reading: Reading) -> bool:
    """Tell whether a reading is of answers that are given by right, and is no trouble by itself: not of who rolls, or no big difference."""
    if reading.symptom not in _USUAL:
        return False
    rolls = reading.arm not in (Arm.NEIGHBOUR, Arm.OUTSIDE) and (reading.arm, reading.against) != (Arm.OLD, Against.BASELINE)
    return not rolls or reading.value < max(_BIG, _TIMES * reading.reference)


def _failing(scene: Scene, member: Member) -> tuple[Reading, ...]:
    """Return what shows that new pods fail, whatever they are asked."""
    failing = tuple(one for symptom in _FAILS if (one := scene.worse_than_other_arm(symptom, member.workload, Arm.NEW)) is not None)
    # More of a CPU, or of a pool, is a need of the new revision and no failure, as long as nobody suffers.
    if {one.symptom for one in failing} <= {Symptom.SATURATED} or _is_cold_or_two_formats(scene, member, failing):
        return ()
    return failing


def _usual(scene: Scene, member: Member) -> tuple[Reading, ...]:
    """Return answers that may be right, of which new pods have far more: they prove nothing."""
    found = (scene.worse_than_other_arm(symptom, member.workload, Arm.NEW) for symptom in _USUAL)
    return tuple(replace(one, doubt=_BY_RIGHT) for one in found if one is not None and not is_usual(one))


def capacity(scene: Scene) -> Iterator[Case]:
    """Yield each workload whose pods are at their limit, new and old alike."""
    for member in scene.evidence.members:
        name = member.workload
        suffers = next((one for symptom in _SUFFERS if (one := scene.everybody(symptom, name)) is not None), None)
        full, more = scene.everybody(Symptom.SATURATED, name), scene.everybody(Symptom.MORE_REQUESTS, name)
        unreachable = scene.everybody(Symptom.CONNECTION_ERRORS, name) is not None
        if not member.in_release or suffers is None or (full is None and more is None) or unreachable:
            continue
        doubts: tuple[str, ...] = () if full is not None else (f"whether pods of {name} are at their limit is not known",)
        if full is None and scene.is_clear(Symptom.SATURATED, name):
            continue
        yield Case(
            cause=Cause.CAPACITY,
            sentence=f"pods of {name} can't keep up, new and old alike",
            workload=name,
            victim=name,
            readings=tuple(one for one in (suffers, full, more) if one is not None),
            doubts=(*doubts, *_unseen_cache(scene, member), *doubts_of_life(scene, Dependency.POSTGRES, Dependency.CACHE)),
            not_because=_not_the_new_revision(member, more),
            then=(f"give {name} more pods or more room; the release holds until it keeps up again",),
        )


def _bug(scene: Scene, member: Member, sure: tuple[Reading, ...], usual: tuple[Reading, ...]) -> Case:
    name, first = member.workload, (*sure, *usual)[0].symptom.meaning
    more, fewer = ("fail where its old ones do not:", "do not fail") if sure else ("have far more than its old ones of", "have far fewer")
    return Case(
        cause=Cause.PLAIN_BUG,
        sentence=f"new pods of {name} {more} {first}",
        workload=name,
        victim=name,
        readings=(*sure, *usual),
        between_arms=True,
        doubts=tuple(_doubts(scene, member, sure, usual)),
        not_because=(f"not the environment: old pods of {name} meet the same traffic and {fewer}",),
        then=() if sure else ("if these answers are right, `approve analysis` lets this batch go on",),
    )


def _doubts(scene: Scene, member: Member, sure: tuple[Reading, ...], usual: tuple[Reading, ...]) -> Iterator[str]:
    name, symptoms = member.workload, {one.symptom for one in sure}
    if not sure:
        yield _BY_RIGHT
    for one in usual:
        if one.symptom in _NO_CODE:
            yield f"which 4xx is not told; as in {_NO_CODE[one.symptom]}"
    if scene.worse_than_other_arm(Symptom.REJECTED, name, Arm.NEW) is not None:
        yield "answers 400 or 422 rise too, as in mode 2"
    if scene.worse_than_other_arm(Symptom.STALLED, name, Arm.NEW) is not None:
        yield "its new pods stand still too, as in mode 3"
    if Symptom.DATA_ERRORS in symptoms and _changes(member, Shared.TABLE):
        yield "what fails is the data: it may be ahead of a migration, as in mode 3"
    if Symptom.CONSUMER_FAILURES in symptoms and _changes(member, Shared.TOPIC):
        yield "it may miss a field that nobody writes yet, as in mode 3"
    if {one.symptom for one in usual} & _NOT_SERVED_YET and contracts_of(member, Shared.API, Part.CALLS):
        yield "it may call what its server does not serve yet, as in mode 3"
    if symptoms and symptoms <= _PODS:
        yield from doubts_of_life(scene, Dependency.NODE)
    if symptoms and symptoms <= _SLOW:
        yield from _unseen_cache(scene, member)


def _is_cold_or_two_formats(scene: Scene, member: Member, failing: tuple[Reading, ...]) -> bool:
    """Tell whether new pods are merely slow while they miss more in a cache: that passes, or it is mode 4, which is seen by the old pods."""
    return {one.symptom for one in failing} <= _SLOW and scene.worse_than_other_arm(Symptom.CACHE_MISSES, member.workload, Arm.NEW) is not None


def _changes(member: Member, kind: Shared) -> bool:
    return any(role.changed for role in member.roles if role.kind is kind)


def _unseen_cache(scene: Scene, member: Member) -> Iterator[str]:
    """Two formats in one cache are slow too: without a look at the misses nobody can tell."""
    for contract in scene.contracts(Shared.CACHE):
        if role_in(member, contract) is not None and not scene.is_clear(Symptom.CACHE_MISSES, member.workload, contract=contract):
            yield f"cache misses of {member.workload} are not known to be as before"


def _not_the_new_revision(member: Member, more: Reading | None) -> tuple[str, ...]:
    traffic = "more requests come than before" if more is not None else ""
    alike = "its new and old pods suffer alike" if member.shares else "it has no new pods"
    return (f"not the new revision: {joined(alike, traffic)}",)
