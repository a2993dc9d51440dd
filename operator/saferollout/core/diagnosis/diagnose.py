"""Weigh the cases that the evidence speaks for, and give one finding.

Order: an outage explains what it hits, so it comes first and nothing goes back for it; a difference between new and old pods of one workload is
what no outage explains, so with one the release holds and is judged anew. One that comes again and again leaves nothing to judge: it is said as it is,
unless what counted before it proves who is to blame. Then the modes, before what only looks like their consequence: two
formats in one cache are slow too, and a database that is busy with their misses is at its limit. A named cause comes before a suspected one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from saferollout.core.diagnosis.apis import mode_1_of_clients, mode_2, mode_3_of_clients
from saferollout.core.diagnosis.blind_spots import blind_spots, sees_anything, silent_dependencies
from saferollout.core.diagnosis.caches import is_cold, mode_4
from saferollout.core.diagnosis.cases import Case
from saferollout.core.diagnosis.commands import commands_for
from saferollout.core.diagnosis.environment import outages, recurring
from saferollout.core.diagnosis.evidence import Arm, Evidence, Part, Reading
from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.onsets import FRESH, began
from saferollout.core.diagnosis.plain import capacity, is_usual, plain_bug
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.diagnosis.tables import mode_5
from saferollout.core.diagnosis.topics import mode_1, mode_3
from saferollout.core.diagnosis.wording import line

_REGRESSIONS: Final[tuple[Callable[[Scene], Iterator[Case]], ...]] = (
    mode_5,
    mode_1,
    mode_3,
    mode_2,
    mode_3_of_clients,
    mode_4,
    plain_bug,
    capacity,
    mode_1_of_clients,
)
_HARMLESS: Final = frozenset(
    {Symptom.MORE_REQUESTS, Symptom.FEWER_REQUESTS, Symptom.SATURATED, Symptom.LATENCY_SWINGS, Symptom.EVICTIONS}
)
"""What is no trouble by itself: it explains another symptom, or there is none. Traffic falls in the evening, too."""
_NOT_NEW: Final = frozenset({Arm.NEIGHBOUR, Arm.OUTSIDE, Arm.OLD})
_JUST_BEGUN: Final = "it has only just begun"
_COLD: Final = frozenset({Symptom.CACHE_MISSES, Symptom.CACHE_PUTS})


def diagnose(evidence: Evidence) -> Finding:
    """Say what broke, from which evidence, and what to do. Same evidence, same finding; nothing of it is remembered."""
    scene = Scene.of(evidence)
    outage = next(outages(scene), None)
    cases = _weighed(scene)
    again = next(recurring(scene), None)
    if again is not None and not (_is_proved(cases) and (outage is None or outage.certainty is Certainty.SUSPECTED)):
        return _finding(scene, again, action=Action.HOLD, also=_sentences(cases))
    if outage is not None and outage.certainty is Certainty.NAMED:
        return _outage(scene, outage, beside=[one for one in cases if one.between_arms])
    if outage is not None and not any(one.certainty is Certainty.NAMED for one in cases):
        return _finding(scene, outage, action=Action.HOLD, also=_sentences(cases))
    if cases:
        return _regression(scene, cases, outage)
    return _unexplained(scene)


def _is_proved(cases: list[Case]) -> bool:
    return bool(cases) and cases[0].action is not Action.HOLD


def _weighed(scene: Scene) -> list[Case]:
    """Return the cases, those that are named first, else in the order in which one explains the next."""
    cases = [_not_too_soon(scene, one) for look in _REGRESSIONS for one in look(scene)]
    return sorted(cases, key=_is_suspected)


def _not_too_soon(scene: Scene, case: Case) -> Case:
    """Doubt what has only just begun: hold at once, name it when the next scrapes have told what else is wrong.

    It began when anything first told of the same trouble: a better comparison that joins later makes it no younger.
    """
    trouble = {(one.symptom, one.workload) for one in case.readings}
    known = (one.worse_at or one.onset for one in scene.worse() if (one.symptom, one.workload) in trouble)
    first = min((one for one in known if one is not None), default=None)
    if first is None or scene.evidence.at - first >= FRESH:
        return case
    return replace(case, doubts=(*case.doubts, _JUST_BEGUN))


def _onset_of(readings: Iterable[Reading]) -> datetime | None:
    return min((one.onset for one in readings if one.onset is not None), default=None)


def _is_suspected(case: Case) -> bool:
    return case.certainty is Certainty.SUSPECTED


def _outage(scene: Scene, outage: Case, *, beside: list[Case]) -> Finding:
    if not beside:
        return _finding(scene, outage, action=Action.RESUME_AFTER_QUIET)
    return _finding(scene, outage, action=Action.HOLD, also=_sentences(beside), then=("when that is over, the rest is judged anew: neither is proved while both are there",))


def _regression(scene: Scene, cases: list[Case], outage: Case | None) -> Finding:
    best = cases[0]
    also = _sentences([one for one in cases[1:] if one.workload != best.workload and one.certainty is Certainty.NAMED])
    shared = scene.outside_worse((one.symptom for one in best.readings), contracts=_contracts(scene, best))
    if outage is not None or shared is not None:
        seen = (f"{shared.workload}, outside the release, suffers too",) if shared is not None else ()
        return _finding(scene, best, action=Action.HOLD, also=(*seen, *_sentences([outage] if outage else []), *also))
    spread_only = any(one.cause is Cause.MODE_5 and one.workload == best.workload for one in cases)
    action = Action.HOLD if _JUST_BEGUN in best.doubts else best.action
    action = Action.STOP_SPREADING if spread_only and action in (Action.ROLL_BACK, Action.HOLD) else action
    return _finding(scene, best, action=action, also=also)


def _contracts(scene: Scene, case: Case) -> tuple[str, ...]:
    """Return the contract of a case; those that it may be about, where that is not known."""
    member = scene.member(case.workload)
    if case.contract or case.side is None or member is None:
        return (case.contract,)
    return tuple(role.contract for role in member.roles if case.side in role.parts)


def _sentences(cases: list[Case]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{one.cause.meaning}: {one.sentence}" for one in cases))


def _finding(
    scene: Scene, case: Case, *, action: Action, also: tuple[str, ...] = (), then: tuple[str, ...] | None = None
) -> Finding:
    member = scene.member(case.workload) if case.workload else None
    onset = _onset_of(case.readings)
    return Finding(
        cause=case.cause,
        certainty=case.certainty,
        action=action,
        sentence=case.sentence,
        workload=case.workload,
        side=case.side,
        contract=case.contract,
        victim=case.victim,
        evidence=(*case.facts, *(line(one) for one in case.readings)),
        began=began(onset, member) if onset is not None else None,
        not_because=tuple(case.not_because),
        doubts=tuple(case.doubts),
        also=also,
        then=then if then is not None else case.then,
        commands=tuple(commands_for(scene.evidence, cause=case.cause, action=action, suspect=case.workload, lasts=case.lasts)),
        lasts=case.lasts,
    )


def _unexplained(scene: Scene) -> Finding:
    worse = [one for one in scene.worse() if _is_trouble(scene, one)]
    outside = sorted({one.workload for one in scene.worse() if one.arm is Arm.OUTSIDE and not _concerns_a_member(scene, one)})
    if worse:
        return _unknown(scene, worse, outside)
    blind = tuple(blind_spots(scene))
    if not sees_anything(scene) and scene.evidence.answered:
        return _plainly(scene, Cause.NOTHING, Certainty.SUSPECTED, Action.GO_ON, "too little happened to tell anything", doubts=blind)
    if not sees_anything(scene):
        return _plainly(scene, Cause.UNKNOWN, Certainty.SUSPECTED, Action.HOLD, "nothing could be measured, so nothing can be told", doubts=blind)
    if outside:
        return _plainly(
            scene, Cause.NOTHING, Certainty.SUSPECTED, Action.GO_ON, "only workloads outside the release suffer",
            doubts=tuple(f"{name}, outside the release, suffers" for name in outside),
        )  # fmt: skip
    sentence = "new pods miss more in their cache, old ones do not: they are cold" if _some_are_cold(scene) else "no signal is worse than it was"
    return _plainly(scene, Cause.NOTHING, Certainty.SUSPECTED if blind else Certainty.NAMED, Action.GO_ON, sentence, doubts=blind)


def _unknown(scene: Scene, worse: list[Reading], outside: list[str]) -> Finding:
    what = ", ".join(dict.fromkeys(f"{one.symptom.meaning} of {one.workload or one.contract}" for one in worse))
    doubts = (*(f"{name}, outside the release, suffers too" for name in outside), *silent_dependencies(scene), *blind_spots(scene))
    onset = _onset_of(worse)
    return Finding(
        cause=Cause.UNKNOWN,
        certainty=Certainty.SUSPECTED,
        action=Action.HOLD,
        sentence=f"no cause fits what is worse: {what}",
        evidence=tuple(line(one) for one in worse[:6]),
        began=began(onset, None) if onset is not None else None,
        doubts=doubts,
        then=("nothing goes back for a cause that nobody knows",),
        commands=tuple(commands_for(scene.evidence, cause=Cause.UNKNOWN, action=Action.HOLD)),
    )


def _plainly(scene: Scene, cause: Cause, certainty: Certainty, action: Action, sentence: str, *, doubts: tuple[str, ...]) -> Finding:
    commands = tuple(commands_for(scene.evidence, cause=cause, action=action))
    return Finding(cause=cause, certainty=certainty, action=action, sentence=sentence, doubts=doubts, commands=commands)


def _is_trouble(scene: Scene, reading: Reading) -> bool:
    if reading.symptom is Symptom.TOPIC_SILENT and not _is_written_by_who_rolls(scene, reading.contract):
        return False  # its writers do what they did before: a nightly run has ended
    if reading.symptom is Symptom.SLOW and reading.arm in _NOT_NEW:
        return False  # pods that start take processor time from everybody beside them
    if reading.symptom in _HARMLESS or is_usual(reading) or (reading.arm is Arm.OUTSIDE and not _concerns_a_member(scene, reading)):
        return False
    return not (reading.symptom in _COLD and is_cold(scene, reading.workload))


def _is_written_by_who_rolls(scene: Scene, contract: str) -> bool:
    return any(role.contract == contract and Part.WRITES in role.parts for member in scene.evidence.members if member.shares for role in member.roles)


def _concerns_a_member(scene: Scene, reading: Reading) -> bool:
    """Tell whether a workload outside of the release shares a contract with it."""
    member = scene.member(reading.workload)
    released = {role.contract for other in scene.evidence.members if other.in_release for role in other.roles}
    return member is not None and any(role.contract in released for role in member.roles)


def _some_are_cold(scene: Scene) -> bool:
    return any(one.symptom in _COLD for one in scene.worse())
