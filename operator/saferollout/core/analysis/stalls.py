"""Which pods of a consumer stand still: partitions that they own grew between two looks, and they took no record.

Each partition of a topic has one owner in a group. A pod that owns none has nothing to do, such as one more than there are partitions while a
Deployment rolls; one whose partitions change between two looks is in the middle of a rebalance. Neither says anything. Who owns what the clients
tell themselves, in one of two ways:

- which ones, by the lag of each: the pod has something to do if one of its own grew;
- how many: it has something to do if it owns more than did not grow, because then at least one of its own did. Of a consumer of several topics the
  number says only that it owns none, or that the group rebalances, since it is of all of them.

Where what came is counted of a whole topic (NATS, or an exporter whose partitions were summed up), it is not known which of them grew, nor how many: then what clients
tell says only that one owns none, or that the group rebalances. Where nobody tells, a pod that has taken records since it began is taken for an
owner. What is seen so is no proof: it may have lost them since.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Final, TypeVar

from saferollout.core.analysis.counts import Counted
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.asking import TOPIC
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.counting import Counts, Interval, Look
from saferollout.core.diagnosis.evidence import Against, Arm, Member, Part, Reading, Role, Shared, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.measurements import LabelSet
from saferollout.core.statistics.windows import PodCounts

_PARTITION: Final = "partition"
T = TypeVar("T")
_OWNS_NONE: Final[frozenset[str]] = frozenset()


def stalls_of(material: Material, member: Member) -> Iterator[Counted]:
    """Yield, for each topic that a workload reads, the looks at its pods that had something to do, and at which of them they took nothing."""
    consumed = material.series_for(SignalName.RECORDS_CONSUMED, workload=member.workload)
    if consumed is None:
        return
    for role in _reads(member):
        inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=role.contract)
        if inflow is None or inflow.subject is not Subject.TOPIC:
            continue
        growth, has_work = _growth(material, member, inflow, role), _has_work(material, member, role)
        intervals = material.intervals(consumed, workload=member.workload)
        yield Counted(Symptom.STALLED, tuple(_standing_still(intervals, _topic(material, role.contract), growth, has_work)), contract=role.contract)


def unseen_stalls(material: Material, member: Member, arm: Arm) -> Iterator[Reading]:
    """Say of which topics stalls can't be seen, where the broker does not tell them apart."""
    for role in _reads(member):
        inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=role.contract)
        if inflow is not None and inflow.subject is not Subject.TOPIC:
            why = f"{inflow.metric} counts what came to all topics and queues together"
            yield Reading(Symptom.STALLED, member.workload, arm, Against.BASELINE, Standing.CANNOT_TELL, contract=role.contract, detail=why)


def weighed(material: Material, members: Iterable[Member], readings: Iterable[Reading]) -> Iterator[Reading]:
    """Say of readings of stalls what they don't show: who stands still, where nobody tells which pods own partitions; that nobody does, where topics are not told apart."""
    readers = {(member.workload, role.contract): (member, role) for member in members for role in _reads(member)}
    for one in readings:
        reader = readers.get((one.workload, one.contract)) if one.symptom is Symptom.STALLED else None
        yield one if reader is None else _weighed(material, *reader, one)


def _weighed(material: Material, member: Member, role: Role, one: Reading) -> Reading:
    name = member.workload
    if one.standing is Standing.WORSE and not _owners_are_known(material, member, role):
        return replace(one, doubt=f"which pods of {name} own partitions is not known: one that owns none stands still by right")
    if one.standing is not Standing.WORSE and not _tells_topics_apart(material, member):
        why = f"{name} reads several topics, and its records are counted of all of them together"
        return replace(one, standing=Standing.CANNOT_TELL, total=0.0, detail=why)
    return one


def _tells_topics_apart(material: Material, member: Member) -> bool:
    """Tell whether it is known of which topic a workload's pods took records, or there is only one that it could be."""
    series = material.series_for(SignalName.RECORDS_CONSUMED, workload=member.workload)
    looks = material.looks(series, workload=member.workload) if series is not None else ()
    last = looks[-1].subjects if looks else {}
    named = any(dict(key).get(TOPIC) for processes in last.values() for keys in processes.values() for key in keys)
    return named or _reads_one_topic(material, member)


def _reads(member: Member) -> tuple[Role, ...]:
    return tuple(role for role in member.roles if role.kind is Shared.TOPIC and Part.READS in role.parts)


def _topic(material: Material, contract: str) -> str:
    return next((one.topic.name for one in material.snapshot.spec.contracts if one.name == contract and one.topic is not None), "")


def _reads_one_topic(material: Material, member: Member) -> bool:
    return len({_topic(material, role.contract) for role in _reads(member)}) == 1


@dataclass(frozen=True, slots=True)
class _Grown:
    """Which partitions of a topic grew in a time, and how many did not."""

    partitions: frozenset[str]
    quiet: int


@dataclass(frozen=True, slots=True)
class _Came:
    """How many records came to each partition of a topic between two looks."""

    start: datetime
    at: datetime
    records: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Growth:
    """What came to a topic, look by look, in their order; `every`: all of its partitions that were ever seen."""

    came: Sequence[_Came]
    every: frozenset[str]

    @property
    def tells_partitions_apart(self) -> bool:
        """Whether what came is counted by partition, not of the whole topic."""
        return "" not in self.every

    def within(self, start: datetime, end: datetime) -> _Grown:
        """Return what grew at each look of a time; where nothing is known of it, nothing did."""
        first = bisect_left(self.came, start, key=lambda one: one.start)
        looks = [one.records for one in takewhile(lambda one: one.at <= end, islice(self.came, first, None))]
        grown = frozenset(partition for partition in self.every if looks and all(records.get(partition, 0.0) > 0 for records in looks))
        return _Grown(partitions=grown, quiet=len(self.every) - len(grown))


_HasWork = Callable[[str, Interval, _Grown], bool]
"""Whether a pod had records to take in a time."""


@dataclass(frozen=True, slots=True)
class _Owners:
    """Who owns partitions at each look: of this topic by their names, and how many; `alone`: of this topic only."""

    names: Mapping[datetime, Mapping[str, frozenset[str]]]
    numbers: Mapping[datetime, Mapping[str, float]]
    alone: bool

    def has_work(self, pod: str, interval: Interval, grown: _Grown) -> bool:
        """Tell it of a pod whose partitions were the same at both ends, and of which it is known that one of them grew."""
        names, number = self._names(pod, interval.at), self._number(pod, interval.at)
        return self.may_have_work(pod, interval) and (bool(names & grown.partitions) or (self.alone and number is not None and number > grown.quiet))

    def may_have_work(self, pod: str, interval: Interval) -> bool:
        """Tell it of a pod unless it owns none, or its partitions were not the same at both ends."""
        number = self._number(pod, interval.at)
        same = self._names(pod, interval.at) == self._names(pod, interval.start) and number == self._number(pod, interval.start)
        return same and number != 0

    def _names(self, pod: str, at: datetime) -> frozenset[str]:
        return self.names.get(at, {}).get(pod, _OWNS_NONE)

    def _number(self, pod: str, at: datetime) -> float | None:
        return self.numbers.get(at, {}).get(pod)


@dataclass(frozen=True, slots=True)
class _Takers:
    """Who has taken records since it began, look by look; `owners`: what is told of who owns partitions, though not which of them grew."""

    pods: Mapping[datetime, frozenset[str]]
    owners: _Owners

    def has_work(self, pod: str, interval: Interval, grown: _Grown) -> bool:
        """Tell it of a pod that took records before, and is not known to own no partition."""
        return bool(grown.partitions) and pod in self.pods.get(interval.start, frozenset()) and self.owners.may_have_work(pod, interval)


def _standing_still(intervals: Iterable[Interval], topic: str, growth: _Growth, has_work: _HasWork) -> Iterator[PodCounts]:
    for one in intervals:
        grown = growth.within(one.start, one.at)
        if grown.partitions:
            # No key means that nothing could be counted, which is not the same as that nothing was taken.
            pods = {pod: (float(_records(keys, topic) == 0), 1.0) for pod, keys in one.grown.items() if keys and has_work(pod, one, grown)}
            yield PodCounts(at=one.at, pods=pods)


def _records(counts: Counts, topic: str) -> float:
    """Return the records of a topic among those taken; all of them where the client does not say of which topic."""
    named = [(label, count) for key, count in counts.items() if (label := dict(key).get(TOPIC, ""))]
    return sum(count for label, count in named if is_topic(label, topic)) if named else sum(counts.values())


def _growth(material: Material, member: Member, inflow: Series, role: Role) -> _Growth:
    return material.once(("growth", inflow, role.contract, member.workload), lambda: _growth_of(material, member, inflow, role))


def _growth_of(material: Material, member: Member, inflow: Series, role: Role) -> _Growth:
    topic = _topic(material, role.contract)
    came = material.of_each(("came", inflow, topic), material.intervals(inflow), _came_to(topic), workload=member.workload)
    return _Growth(came=came, every=frozenset(partition for one in came for partition in one.records))


def _owners_are_known(material: Material, member: Member, role: Role) -> bool:
    """Tell whether it can be known of a pod that a partition of its own grew."""
    inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=role.contract)
    if inflow is None or not _growth(material, member, inflow, role).tells_partitions_apart:
        return False
    by_name = material.series_for(SignalName.OWNED_PARTITIONS, workload=member.workload, contract=role.contract)
    by_number = material.series_for(SignalName.ASSIGNED_PARTITIONS, workload=member.workload, contract=role.contract)
    return by_name is not None or (by_number is not None and _reads_one_topic(material, member))


def _has_work(material: Material, member: Member, role: Role) -> _HasWork:
    topic = _topic(material, role.contract)
    owners = _Owners(
        names=_by_look(material, SignalName.OWNED_PARTITIONS, member, ("names", topic), lambda look: _names(look, topic)),
        numbers=_by_look(material, SignalName.ASSIGNED_PARTITIONS, member, ("numbers",), _numbers),
        alone=_reads_one_topic(material, member),
    )
    if _owners_are_known(material, member, role):
        return owners.has_work
    took = _by_look(material, SignalName.RECORDS_CONSUMED, member, ("took", topic), lambda look: _took(look, topic))
    return _Takers(pods=took, owners=owners).has_work


def _by_look(material: Material, signal: SignalName, member: Member, key: Hashable, read: Callable[[Look], T]) -> dict[datetime, T]:
    series = material.series_for(signal, workload=member.workload)
    if series is None:
        return {}
    looks = material.looks(series, workload=member.workload)
    return {look.at: made for look, made in zip(looks, material.of_each((key, series), looks, read, workload=member.workload), strict=True)}


def _names(look: Look, topic: str) -> dict[str, frozenset[str]]:
    """Return the partitions of a topic that each pod owns: a client that lost one says NaN for a while."""
    return {
        pod: frozenset(_partition(key) for keys in processes.values() for key, lag in keys.items() if is_topic(dict(key).get(TOPIC, ""), topic) and lag >= 0)
        for pod, processes in look.subjects.items()
    }


def _numbers(look: Look) -> dict[str, float]:
    return {pod: sum(sum(keys.values()) for keys in processes.values()) for pod, processes in look.subjects.items()}


def _took(look: Look, topic: str) -> frozenset[str]:
    return frozenset(pod for pod, processes in look.subjects.items() if any(_records(keys, topic) > 0 for keys in processes.values()))


def is_topic(label: str, topic: str) -> bool:
    """Tell whether a client's label names a topic; before version 4 Kafka's clients write underscores for dots."""
    return label in (topic, topic.replace(".", "_"))


def _came_to(topic: str) -> Callable[[Interval], _Came]:
    return lambda one: _Came(one.start, one.at, {_partition(key): count for key, count in one.grown.get(topic, {}).items()})


def _partition(key: LabelSet) -> str:
    return dict(key).get(_PARTITION, "")
