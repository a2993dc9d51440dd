"""What is compared with what: for each symptom that can be counted of a workload, new pods with old ones, and everybody with the time before.

A comparison is only laid out here; how many there are decides what each of them may spend of the chance of a false alarm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from saferollout.core.analysis.counted_symptoms import counted_symptoms
from saferollout.core.analysis.counts import Counted, in_arms, only, summed
from saferollout.core.analysis.incarnations import incarnations_of, sides_of
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import arm_of
from saferollout.core.analysis.swings import swings_of
from saferollout.core.analysis.topic_counts import came_to
from saferollout.core.catalogue.series import SignalName, Subject
from saferollout.core.diagnosis.evidence import Arm, Member, Part, Shared
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import PodCounts, TimedCount, Window

_COMMON: Final = frozenset({Symptom.CACHE_MISSES, Symptom.CACHE_PUTS, Symptom.STALLED, Symptom.SLOW})
"""Symptoms that are common while all is well: their rate says nothing by itself, only the comparison does."""


@dataclass(frozen=True, slots=True)
class BetweenArms:
    """New and old pods of a workload that rolls, at the same time. `calm`: a low rate alone shows that all is well. `tolerates`: core/statistics/judge.py."""

    symptom: Symptom
    workload: str
    contract: str
    windows: tuple[Window, ...]
    baseline: tuple[PodCounts, ...]
    old: tuple[PodCounts, ...]
    proportion: bool
    calm: bool
    tolerates: float = 1.0


@dataclass(frozen=True, slots=True)
class WithBefore:
    """Some pods of a workload since the first roll, with all of them before it; `seconds` counts what the events are judged by.

    `among`: what people count them among, where that is something else: dead letters are judged by time, and told among the topic's records.
    """

    symptom: Symptom
    workload: str
    contract: str
    arm: Arm
    since: tuple[TimedCount, ...]
    before: tuple[TimedCount, ...]
    among: tuple[TimedCount, ...] = ()
    tolerates: float = 1.0


Comparison = BetweenArms | WithBefore


def comparisons(material: Material, members: tuple[Member, ...]) -> tuple[Comparison, ...]:
    """Lay out every comparison for which there are counts."""
    of_pods = (one for member in members for one in _of_workload(material, members, member))
    return (*of_pods, *_of_swings(material, members), *_of_topics(material))


def _of_workload(material: Material, members: tuple[Member, ...], member: Member) -> Iterator[Comparison]:
    for one in counted_symptoms(material, member):
        if not any(look.pods for look in one.counts):
            continue
        arm = arm_of(material, members, member.workload)
        if arm is Arm.ALL:
            yield from _of_rolling(material, member.workload, one)
            continue
        yield _with_before(material, member.workload, one, arm=arm)


def _of_rolling(material: Material, workload: str, one: Counted) -> Iterator[Comparison]:
    key = one.symptom, one.contract
    windows, old = _arms(material, workload, one)
    yield BetweenArms(
        symptom=one.symptom,
        workload=workload,
        contract=one.contract,
        windows=windows,
        baseline=tuple(look for look in one.counts if material.schedule.is_before(look.at)),
        old=old,
        proportion=one.proportion,
        calm=one.symptom not in _COMMON,
        tolerates=one.tolerates,
    )
    everybody = _with_before(material, workload, one, arm=Arm.ALL)
    yield replace(everybody, arm=Arm.NEW, since=material.of_each(("new", key), windows, _new, workload=workload))
    yield replace(everybody, arm=Arm.OLD, since=material.of_each(("old by time", key), windows, _old, workload=workload))
    yield everybody


def _arms(material: Material, workload: str, one: Counted) -> tuple[tuple[Window, ...], tuple[PodCounts, ...]]:
    """Return what new and old pods did since the first roll, added up, and of the old ones one by one."""
    key, began, of = (one.symptom, one.contract), material.schedule.began, incarnations_of(material, workload)
    if of is None:
        new, old, since = material.new_pods_of(workload), material.old_pods_of(workload), [look for look in one.counts if look.at > began]
        return (
            material.of_each(("windows", key), since, in_arms(new, old), workload=workload),
            material.of_each(("old", key), since, only(old), workload=workload),
        )
    sides = [side for side in sides_of(material, workload, one, of) if side.new.at > began]
    windows = material.of_each(("windows of sides", key), sides, lambda side: side.window, workload=workload)
    return windows, tuple(side.old for side in sides)


def _new(window: Window) -> TimedCount:
    return TimedCount(at=window.at, events=window.new_events, seconds=window.new_total)


def _old(window: Window) -> TimedCount:
    return TimedCount(at=window.at, events=window.old_events, seconds=window.old_total)


def with_before(
    material: Material,
    symptom: Symptom,
    counts: Sequence[TimedCount],
    *,
    workload: str = "",
    contract: str = "",
    arm: Arm = Arm.ALL,
    among: tuple[TimedCount, ...] = (),
    tolerates: float = 1.0,
) -> WithBefore:
    """Lay out what was counted since the first roll beside what was counted before it; of no workload: of the contract, whoever caused it."""
    began = material.schedule.began
    return WithBefore(
        symptom=symptom,
        workload=workload,
        contract=contract,
        arm=arm,
        since=tuple(one for one in counts if one.at > began),
        before=tuple(one for one in counts if material.schedule.is_before(one.at)),
        among=among,
        tolerates=tolerates,
    )


def _with_before(material: Material, workload: str, one: Counted, *, arm: Arm) -> WithBefore:
    every = material.of_each(("everybody", one.symptom, one.contract), one.counts, summed(material.pods_of(workload)), workload=workload)
    return with_before(material, one.symptom, every, workload=workload, contract=one.contract, arm=arm, tolerates=max(one.tolerates, one.drifts))


def _of_swings(material: Material, members: tuple[Member, ...]) -> Iterator[Comparison]:
    """Compare how often the latency of who reads a cache swings with the time before."""
    for member in members:
        looks = swings_of(material, member.workload) if any(role.kind is Shared.CACHE and Part.READS in role.parts for role in member.roles) else ()
        if looks:
            arm = arm_of(material, members, member.workload)
            yield with_before(material, Symptom.LATENCY_SWINGS, looks, workload=member.workload, arm=arm)


def _of_topics(material: Material) -> Iterator[Comparison]:
    """Compare the inflow of dead letters with the time before; whoever wrote them, they belong to the topic."""
    for contract in material.snapshot.spec.contracts:
        if contract.topic is None or contract.topic.dead_letter_topic is None:
            continue
        series = material.series_for(SignalName.DEAD_LETTERS, contract=contract.name)
        if series is None:
            continue
        grown, among = tuple(came_to(material, series, contract.topic.dead_letter_topic)), tuple(_records(material, contract.name, contract.topic.name))
        yield with_before(material, Symptom.DEAD_LETTERS, grown, contract=contract.name, among=among)


def _records(material: Material, contract: str, topic: str) -> Iterator[TimedCount]:
    inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=contract)
    # Records of other topics are not what dead letters of this one are among.
    if inflow is not None and inflow.subject is Subject.TOPIC:
        yield from came_to(material, inflow, topic)
