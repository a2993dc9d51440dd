"""Entries that a cache threw out for want of room, against the time before: they make pods miss more, as two formats under the same keys do (mode 4)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.core.analysis.comparisons import WithBefore, with_before
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import Interval
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import TimedCount

_TWICE: Final = 2.0
"""So many times as many are no sign of anything: how much is evicted follows the hour."""


def evictions(material: Material) -> Iterator[WithBefore]:
    """Yield a comparison for each cache of which it is known; whoever wrote them, entries belong to the cache."""
    for contract in material.snapshot.spec.contracts:
        series = material.series_for(SignalName.CACHE_EVICTIONS, contract=contract.name) if contract.cache is not None else None
        if series is None:
            continue
        evicted = _each_look_once(_intervals(material, series, contract))
        yield with_before(material, Symptom.EVICTIONS, evicted, contract=contract.name, tolerates=_TWICE)


def _intervals(material: Material, series: Series, contract: Contract) -> Iterator[Interval]:
    """Go through what the cache's server threw out; or, of caches inside the processes, the pods of those who read it."""
    if not series.per_pod:
        yield from material.intervals(series)
        return
    for reader in material.parties[contract.name].readers:
        yield from material.intervals(series, workload=reader)


def _each_look_once(intervals: Iterable[Interval]) -> tuple[TimedCount, ...]:
    found: dict[datetime, TimedCount] = {}
    for one in intervals:
        events = sum(sum(counts.values()) for counts in one.grown.values())
        events += found[one.at].events if one.at in found else 0.0
        found[one.at] = TimedCount(at=one.at, events=events, seconds=(one.at - one.start).total_seconds())
    return tuple(found[at] for at in sorted(found))
