"""What each pod of a workload did in each interval between looks, as (bad events, all events), for every symptom that pods can show."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from saferollout.core.analysis.status_classes import CLASS_4XX
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import Interval
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.measurements import LabelSet
from saferollout.core.statistics.windows import PodCounts, TimedCount, Window

Pairs = dict[str, tuple[float, float]]
_Bad = Callable[[LabelSet], bool]

_REJECTED: Final = "400|422"
_DENIED: Final = "401|403|404|429"
# An exporter that tells classes only can't say which 4xx it was: status_classes.py says so.
_OTHER_4XX: Final = f"(?!{_REJECTED}|{_DENIED})4..|{CLASS_4XX}"
_STATUS: Final = {
    Symptom.REJECTED: _REJECTED,
    Symptom.DENIED: _DENIED,
    Symptom.OTHER_4XX: _OTHER_4XX,
    Symptom.SERVER_ERRORS: "5..|5|server_error",
    Symptom.CALLS_REJECTED: _REJECTED,
    Symptom.CALLS_DENIED: _DENIED,
    Symptom.CALLS_OTHER_4XX: _OTHER_4XX,
    # A call without an answer has no status, or one of the client library's own words.
    Symptom.CALLS_FAILED: "5..|5|CLIENT_ERROR|IO_ERROR|UNKNOWN|",
}
_SQLSTATE: Final = {Symptom.DATA_ERRORS: "(22|23|42).*", Symptom.CONNECTION_ERRORS: "(08|53|57).*"}


@dataclass(frozen=True, slots=True)
class Counted:
    """A symptom of a workload's pods in every interval. `proportion`: bad events are a part of all events.

    `tolerates`: so many times as many bad events are no trouble, and `drifts`: against the time before.
    """

    symptom: Symptom
    counts: tuple[PodCounts, ...]
    contract: str = ""
    proportion: bool = True
    tolerates: float = 1.0
    drifts: float = 1.0


@dataclass(frozen=True, slots=True)
class PodSymptom:
    """A symptom that is counted pod by pod, and the signal behind it. `proportion`: bad events are a part of all events."""

    symptom: Symptom
    signal: SignalName
    proportion: bool = True


POD_SYMPTOMS: Final = (
    PodSymptom(Symptom.REJECTED, SignalName.HTTP_SERVER),
    PodSymptom(Symptom.DENIED, SignalName.HTTP_SERVER),
    PodSymptom(Symptom.OTHER_4XX, SignalName.HTTP_SERVER),
    PodSymptom(Symptom.SERVER_ERRORS, SignalName.HTTP_SERVER),
    PodSymptom(Symptom.CALLS_REJECTED, SignalName.HTTP_CLIENT),
    PodSymptom(Symptom.CALLS_DENIED, SignalName.HTTP_CLIENT),
    PodSymptom(Symptom.CALLS_OTHER_4XX, SignalName.HTTP_CLIENT),
    PodSymptom(Symptom.CALLS_FAILED, SignalName.HTTP_CLIENT),
    PodSymptom(Symptom.CONSUMER_FAILURES, SignalName.CONSUMER_FAILURES),
    PodSymptom(Symptom.CACHE_MISSES, SignalName.CACHE_GETS),
    PodSymptom(Symptom.DATA_ERRORS, SignalName.DB_OPERATIONS),
    PodSymptom(Symptom.CONNECTION_ERRORS, SignalName.DB_OPERATIONS),
    PodSymptom(Symptom.RESTARTS, SignalName.RESTARTS, proportion=False),
)


def counting(symptom: Symptom, series: Series, *, is_pod: Callable[[str], bool]) -> Callable[[Interval], PodCounts]:
    """Return what counts one symptom of the pods of a workload between two looks."""
    if symptom is Symptom.RESTARTS:
        return lambda interval: _restarts(interval, is_pod)
    bad = _is_bad(symptom, series)
    return lambda interval: PodCounts(at=interval.at, pods=_pairs(interval, is_pod, bad))


def ratio_of(events: Iterable[Interval], among: Iterable[Interval], *, is_pod: Callable[[str], bool]) -> tuple[PodCounts, ...]:
    """Return counts of one series for each of another, such as puts for each get, where both were counted in the same interval."""
    totals = {interval.at: interval for interval in among}
    found = []
    for interval in events:
        beside = totals.get(interval.at)
        if beside is None or beside.start != interval.start:
            continue
        all_of = {pod: sum(keys.values()) for pod, keys in beside.grown.items() if is_pod(pod)}
        found.append(PodCounts(at=interval.at, pods={pod: (sum(interval.grown.get(pod, {}).values()), total) for pod, total in all_of.items()}))
    return tuple(found)


def in_arms(new: Callable[[str], bool], old: Callable[[str], bool]) -> Callable[[PodCounts], Window]:
    """Return what splits what pods did in two arms."""

    def split(look: PodCounts) -> Window:
        new_events, new_total = _sum(look, new)
        old_events, old_total = _sum(look, old)
        return Window(at=look.at, new_events=new_events, new_total=new_total, old_events=old_events, old_total=old_total)

    return split


def summed(is_in: Callable[[str], bool]) -> Callable[[PodCounts], TimedCount]:
    """Return what adds up pods: bad events, and all events as what they are counted for (`seconds`)."""

    def add(look: PodCounts) -> TimedCount:
        events, total = _sum(look, is_in)
        return TimedCount(at=look.at, events=events, seconds=total)

    return add


def only(is_in: Callable[[str], bool]) -> Callable[[PodCounts], PodCounts]:
    """Return what keeps some of the pods."""
    return lambda look: PodCounts(at=look.at, pods={pod: pair for pod, pair in look.pods.items() if is_in(pod)})


def _is_bad(symptom: Symptom, series: Series) -> _Bad:
    pattern = re.compile(_STATUS.get(symptom) or _SQLSTATE.get(symptom) or series.failed or "[^\\s\\S]")
    key = series.keys[0].name if series.keys else ""
    return cache(lambda labels: pattern.fullmatch(next((value for label, value in labels if label == key), "")) is not None)


def _pairs(interval: Interval, is_pod: Callable[[str], bool], bad: _Bad) -> Pairs:
    return {
        pod: (sum(count for labels, count in keys.items() if bad(labels)), sum(keys.values()))
        for pod, keys in interval.grown.items()
        if is_pod(pod)
    }


def _restarts(interval: Interval, is_pod: Callable[[str], bool]) -> PodCounts:
    return PodCounts(at=interval.at, pods={pod: (sum(keys.values()), 1.0) for pod, keys in interval.grown.items() if is_pod(pod)})


def _sum(look: PodCounts, is_in: Callable[[str], bool]) -> tuple[float, float]:
    pairs: Mapping[str, tuple[float, float]] = look.pods
    chosen = [pair for pod, pair in pairs.items() if is_in(pod)]
    return sum(events for events, _ in chosen), sum(total for _, total in chosen)
