"""What was counted for one contract alone, where a workload has a part in several of one kind and a label of the series tells them apart.

It stands beside what was counted of all of them together, which says that something is wrong; this says in which. A label that has the name of none
of them tells nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.core.analysis.counts import Counted, counting, ratio_of
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import Interval
from saferollout.core.diagnosis.evidence import Member, Part, Shared
from saferollout.core.diagnosis.symptoms import Symptom


@dataclass(frozen=True, slots=True)
class _ToldBy:
    """A symptom, the kind of contract that it can be told of with which parts, and the key of its signal that has the name of the contract, or of its server."""

    symptom: Symptom
    signal: SignalName
    kind: Shared
    parts: frozenset[Part]
    key: str


_TOLD_BY: Final = (
    _ToldBy(Symptom.CONSUMER_FAILURES, SignalName.CONSUMER_FAILURES, Shared.TOPIC, frozenset({Part.READS}), "topic"),
    _ToldBy(Symptom.CACHE_MISSES, SignalName.CACHE_GETS, Shared.CACHE, frozenset({Part.READS, Part.WRITES}), "cache"),
    _ToldBy(Symptom.DATA_ERRORS, SignalName.DB_OPERATIONS, Shared.TABLE, frozenset({Part.READS, Part.WRITES}), "table"),
    _ToldBy(Symptom.CALLS_REJECTED, SignalName.HTTP_CLIENT, Shared.API, frozenset({Part.CALLS}), "server"),
)


def counted_by_contract(material: Material, member: Member) -> Iterator[Counted]:
    """Yield what was counted of a workload's pods for each of several contracts of a kind."""
    for told in _TOLD_BY:
        series = material.series_for(told.signal, workload=member.workload)
        if series is None:
            continue
        for contract, names in _names(material, member, told).items():
            intervals = _kept(material, member, series, told.key, names)
            if not intervals:
                continue
            count = counting(told.symptom, series, is_pod=material.pods_of(member.workload))
            counts = material.of_each((told.symptom, series, names), intervals, count, workload=member.workload)
            yield Counted(told.symptom, counts, contract=contract)
            if told.symptom is Symptom.CACHE_MISSES:
                yield from _puts(material, member, contract, names, among=intervals)


def _puts(material: Material, member: Member, contract: str, names: frozenset[str], *, among: tuple[Interval, ...]) -> Iterator[Counted]:
    series = material.series_for(SignalName.CACHE_PUTS, workload=member.workload)
    intervals = _kept(material, member, series, "cache", names) if series is not None else ()
    if intervals:
        found = ratio_of(intervals, among, is_pod=material.pods_of(member.workload))
        yield Counted(Symptom.CACHE_PUTS, found, contract=contract, proportion=False)


def _names(material: Material, member: Member, told: _ToldBy) -> dict[str, frozenset[str]]:
    """Return what each of several contracts of a workload is called in labels; nothing of one, or where two are called the same."""
    own = {role.contract for role in member.roles if role.kind is told.kind and role.parts & told.parts}
    names = {one.name: _called(material, one) for one in material.snapshot.spec.contracts if one.name in own}
    every = [name for one in names.values() for name in one]
    return {contract: found for contract, found in names.items() if len(names) > 1 and all(every.count(name) == 1 for name in found)}


def _called(material: Material, contract: Contract) -> frozenset[str]:
    if contract.api is not None:
        return frozenset(material.parties[contract.name].readers)
    if contract.topic is not None:
        return frozenset({contract.topic.name})
    if contract.table is not None:
        schema = contract.table.schema_name
        return frozenset({contract.table.name, *([f"{schema}.{contract.table.name}"] if schema else [])})
    return frozenset({contract.name})


def _kept(material: Material, member: Member, series: Series, key: str, names: frozenset[str]) -> tuple[Interval, ...]:
    """Return the intervals with only what was counted under these names; nothing where nobody counts so."""
    every = material.intervals(series, workload=member.workload)
    kept = material.of_each(("kept", series, key, names), every, _only(key, names), workload=member.workload)
    return kept if any(keys for interval in kept for keys in interval.grown.values()) else ()


def _only(key: str, names: frozenset[str]) -> Callable[[Interval], Interval]:
    def keep(interval: Interval) -> Interval:
        grown = {
            pod: {labels: count for labels, count in keys.items() if any(label == key and value in names for label, value in labels)}
            for pod, keys in interval.grown.items()
        }
        return Interval(start=interval.start, at=interval.at, grown=grown, remarks=interval.remarks)

    return keep
