"""What is compared with what: for each symptom that can be counted of a workload, new pods with old ones, and everybody with the time before.

A comparison is only laid out here; how many there are decides what each of them may spend of the chance of a false alarm.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saferollout.core.analysis.counts import POD_SYMPTOMS, counted, only, ratio_of, standing_still, together, windows_between
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import has_rolled, shares_a_contract
from saferollout.core.catalogue.series import SignalName
from saferollout.core.counting import Interval
from saferollout.core.diagnosis.evidence import Arm, Member, Shared
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import PodCounts, TimedCount, Window

_TOLD_APART_BY_NAME: Final = "Deployment"
_COMMON: Final = frozenset({Symptom.CACHE_MISSES, Symptom.CACHE_PUTS, Symptom.STALLED})
"""Symptoms that are common while all is well: their rate says nothing by itself, only the comparison does."""


@dataclass(frozen=True, slots=True)
class BetweenArms:
    """New and old pods of a workload that rolls, at the same time. `calm`: a low rate alone shows that all is well."""

    symptom: Symptom
    workload: str
    contract: str
    windows: tuple[Window, ...]
    baseline: tuple[PodCounts, ...]
    old: tuple[PodCounts, ...]
    proportion: bool
    calm: bool


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


Comparison = BetweenArms | WithBefore


def comparisons(material: Material, members: tuple[Member, ...]) -> tuple[Comparison, ...]:
    """Lay out every comparison for which there are counts."""
    of_pods = (one for member in members for one in _of_workload(material, members, member))
    return (*of_pods, *_of_topics(material))


def _of_workload(material: Material, members: tuple[Member, ...], member: Member) -> Iterator[Comparison]:
    for symptom, contract, proportion, counts in _counts_of(material, member):
        if not any(look.pods for look in counts):
            continue
        if has_rolled(material, member.workload):
            yield from _of_rolling(material, member.workload, symptom, contract, counts, proportion=proportion)
            continue
        arm = Arm.NEIGHBOUR if shares_a_contract(members, member.workload) else Arm.OUTSIDE
        yield _with_before(material, member.workload, symptom, contract, counts, arm=arm)


def _of_rolling(
    material: Material, workload: str, symptom: Symptom, contract: str, counts: Sequence[PodCounts], *, proportion: bool
) -> Iterator[Comparison]:
    if material.snapshot.world.workloads[workload].kind != _TOLD_APART_BY_NAME:
        # A pod of a StatefulSet keeps its name when it is replaced, so past looks do not tell which revision it was of.
        yield _with_before(material, workload, symptom, contract, counts, arm=Arm.ALL)
        return
    began = material.schedule.began
    new, old = material.new_pods_of(workload), material.old_pods_of(workload)
    since = [look for look in counts if look.at > began]
    yield BetweenArms(
        symptom=symptom,
        workload=workload,
        contract=contract,
        windows=windows_between(since, new=new, old=old),
        baseline=tuple(look for look in counts if look.at <= began),
        old=only(since, old),
        proportion=proportion,
        calm=symptom not in _COMMON,
    )
    for arm in (Arm.NEW, Arm.OLD, Arm.ALL):
        yield _with_before(material, workload, symptom, contract, counts, arm=arm)


def _with_before(material: Material, workload: str, symptom: Symptom, contract: str, counts: Sequence[PodCounts], *, arm: Arm) -> WithBefore:
    began, everybody = material.schedule.began, material.pods_of(workload)
    chosen = {Arm.NEW: material.new_pods_of(workload), Arm.OLD: material.old_pods_of(workload)}.get(arm, everybody)
    return WithBefore(
        symptom=symptom,
        workload=workload,
        contract=contract,
        arm=arm,
        since=together([look for look in counts if look.at > began], is_in=chosen),
        before=together([look for look in counts if look.at <= began], is_in=everybody),
    )


def _counts_of(material: Material, member: Member) -> Iterator[tuple[Symptom, str, bool, tuple[PodCounts, ...]]]:
    is_pod = material.pods_of(member.workload)
    for one in POD_SYMPTOMS:
        series = material.series_for(one.signal, workload=member.workload)
        if series is not None:
            yield one.symptom, "", one.proportion, counted(one.symptom, series, material.intervals(series), is_pod=is_pod)
    gets = material.series_for(SignalName.CACHE_GETS, workload=member.workload)
    puts = material.series_for(SignalName.CACHE_PUTS, workload=member.workload)
    if gets is not None and puts is not None:
        yield Symptom.CACHE_PUTS, "", False, ratio_of(material.intervals(puts), material.intervals(gets), is_pod=is_pod)
    consumed = material.series_for(SignalName.RECORDS_CONSUMED, workload=member.workload)
    for role in member.roles if consumed is not None else ():
        inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=role.contract)
        if role.kind is Shared.TOPIC and inflow is not None and consumed is not None:
            growth = _Growth.of(material.intervals(inflow), _topic(material, role.contract))
            yield Symptom.STALLED, role.contract, True, standing_still(material.intervals(consumed), is_pod=is_pod, grows=growth.grew)


def _of_topics(material: Material) -> Iterator[Comparison]:
    """Compare the inflow of dead letters with the time before; whoever wrote them, they belong to the topic."""
    began = material.schedule.began
    for contract in material.snapshot.spec.contracts:
        if contract.topic is None or contract.topic.dead_letter_topic is None:
            continue
        series = material.series_for(SignalName.DEAD_LETTERS, contract=contract.name)
        if series is None:
            continue
        grown = [
            TimedCount(
                at=interval.at,
                events=max(0.0, sum(interval.grown.get(contract.topic.dead_letter_topic, {}).values())),
                seconds=(interval.at - interval.start).total_seconds(),
            )
            for interval in material.intervals(series)
        ]
        yield WithBefore(
            symptom=Symptom.DEAD_LETTERS,
            workload="",
            contract=contract.name,
            arm=Arm.ALL,
            since=tuple(one for one in grown if one.at > began),
            before=tuple(one for one in grown if one.at <= began),
            among=tuple(_records(material, contract.name, contract.topic.name)),
        )


def _records(material: Material, contract: str, topic: str) -> Iterator[TimedCount]:
    inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=contract)
    for interval in material.intervals(inflow) if inflow is not None else ():
        came = sum(interval.grown.get(topic, {}).values())
        yield TimedCount(at=interval.at, events=came, seconds=(interval.at - interval.start).total_seconds())


def _topic(material: Material, contract: str) -> str:
    return next((one.topic.name for one in material.snapshot.spec.contracts if one.name == contract and one.topic is not None), "")


@dataclass(frozen=True, slots=True)
class _Growth:
    """When a topic grew: ends of intervals, with the records that came."""

    came: dict[datetime, float]

    @classmethod
    def of(cls, intervals: Sequence[Interval], topic: str) -> "_Growth":
        return cls(came={interval.at: sum(interval.grown.get(topic, {}).values()) for interval in intervals})

    def grew(self, start: datetime, end: datetime) -> bool:
        """Tell whether records came to the topic in each look of the time; where nothing is known of it, nobody stands still."""
        within = [records for at, records in self.came.items() if start < at <= end]
        return bool(within) and all(records > 0 for records in within)
