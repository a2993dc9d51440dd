"""Slow answers: those that took longer than nearly all of them did before the release; so a latency becomes a count, and is judged as one.

Where there are buckets, slow is what took longer than the first boundary below which 95 % of the answers of this workload stayed. Without
buckets there are only sums: then each look at a pod counts, and slow is one whose mean is above 95 % of the means before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from math import inf
from typing import Final

from saferollout.core.analysis.counts import Counted
from saferollout.core.analysis.material import IsPod, Material
from saferollout.core.analysis.young_pods import NOBODY, without_young
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import NOTHING_SEEN, Interval, counting_of, full_answers, sorted_out
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.measurements import LabelSet, Measurement, Outcome, Samples
from saferollout.core.statistics.windows import PodCounts

_USUAL: Final = 0.95
_LEAST_SHARE: Final = 0.5
"""What share of the answers must stay below the highest boundary: with less, the buckets do not tell slow from usual."""

TOO_LITTLE: Final = "too little was seen before the release"
_LEAST_ANSWERS: Final = 100.0
_LEAST_MEANS: Final = 40
_LEAST_FOR_A_MEAN: Final = 5.0
_TWICE: Final = 2.0
"""So many times as many slow answers are no trouble: with enough of them a difference can be proved that does not matter."""

_THRICE: Final = 3.0
"""The same against the time before: latency follows load, and load follows the hour."""


def slow_answers(material: Material, workload: str) -> Counted | str:
    """Count slow answers of a workload's pods, or say why that can't be done."""
    return material.once(("slow answers", workload), lambda: _slow_answers(material, workload))


def _slow_answers(material: Material, workload: str) -> Counted | str:
    buckets = material.series_for(SignalName.LATENCY, workload=workload)
    counts = _by_buckets(material, buckets, workload) if buckets is not None else _by_means(material, workload)
    return counts if isinstance(counts, str) else Counted(Symptom.SLOW, counts, tolerates=_TWICE, drifts=_THRICE)


def boundary(material: Material, series: Series, workload: str, *, below: float = _USUAL) -> float | str:
    """Return the first boundary (the value of `le`) under which so large a share of the answers before the release stayed, or why there is none."""
    is_pod = material.pods_of(workload)
    ends = tuple(chain.from_iterable(_stretches(material, series)))
    grown = material.of_all(("grown", series), ends, lambda ends: _grown_in_stretches(ends, is_pod=is_pod), workload=workload)
    total = grown.get(inf, 0.0)
    finite = sorted(edge for edge in grown if edge < inf)
    if total < _LEAST_ANSWERS:
        return TOO_LITTLE
    if not finite or grown[finite[-1]] < _LEAST_SHARE * total:
        return f"the buckets of {series.metric} end below what most answers take: give it higher ones"
    return next((edge for edge in finite if grown[edge] >= below * total), finite[-1])


def _stretches(material: Material, series: Series) -> Iterator[tuple[Measurement, Measurement]]:
    """Return the first and the last answer of each time before the release that counts."""
    found: list[list[Measurement]] = []
    for one in material.answers(series):
        if one.outcome is Outcome.VALUE and one.at <= material.schedule.began:
            if not found or not material.schedule.is_before(one.at):
                found.append([])
            found[-1].append(one)
    return ((stretch[0], stretch[-1]) for stretch in found if len(stretch) > 1)


def _grown_in_stretches(ends: Sequence[Measurement], *, is_pod: IsPod) -> dict[float, float]:
    """Add up by how much each bucket grew in each stretch; of each the first and the last answer."""
    every: dict[float, float] = {}
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        for edge, count in _grown(first.samples, last.samples, is_pod=is_pod).items():
            every[edge] = every.get(edge, 0.0) + count
    return every


def beyond(material: Material, series: Series, workload: str, edge: float) -> tuple[PodCounts, ...]:
    """Count answers beyond a boundary among all; a pod whose buckets have no such boundary takes no part."""
    key, answers = (series, edge), full_answers(material.answers(series))
    narrowed = material.of_each(("narrowed", key), answers, narrowing(material.pods_of(workload), (edge, inf)), workload=workload)
    sorted_looks = material.of_each(("narrow looks", key), narrowed, sorted_out(series), workload=workload)
    looks = material.with_births(("narrow looks with births", key, workload), sorted_looks)
    intervals = material.by_steps(("narrow intervals", key), looks, counting_of(series).next, first=NOTHING_SEEN, workload=workload)
    counted = (interval for interval in intervals if interval is not None)
    old = material.by_steps(("narrow grown up", key), counted, without_young, first=NOBODY, workload=workload)
    return material.of_each(("beyond", key), old, lambda interval: _beyond(interval, edge), workload=workload)


def narrowing(is_pod: IsPod, edges: tuple[float, ...]) -> Callable[[Measurement], Measurement]:
    """Return what keeps a few buckets of some pods: an exporter has up to 70 of them for each pod, and taking all of them apart costs most of a look."""
    labels: tuple[LabelSet, ...] = ()
    places: tuple[int, ...] = ()
    kept: tuple[LabelSet, ...] = ()

    def narrow(one: Measurement) -> Measurement:
        nonlocal labels, places, kept
        if one.samples.labels != labels:
            labels = one.samples.labels
            places = tuple(place for place, own in enumerate(labels) if is_pod(own[0][1]) and _edge(own) in edges)
            kept = tuple(labels[place] for place in places)
        values = one.samples.values
        return Measurement(one.at, Outcome.VALUE, one.value, samples=Samples(labels=kept, values=tuple(values[place] for place in places)))

    return narrow


def _by_buckets(material: Material, series: Series, workload: str) -> tuple[PodCounts, ...] | str:
    edge = boundary(material, series, workload)
    return edge if isinstance(edge, str) else beyond(material, series, workload, edge)


def _grown(first: Samples, last: Samples, *, is_pod: IsPod) -> dict[float, float]:
    """Return by how much each bucket grew in processes that were there at both ends, added up by boundary."""
    before = {one.labels: one.value for one in first if is_pod(one.labels[0][1])}
    added: dict[float, float] = {}
    for one in last:
        if one.value >= before.get(one.labels, inf):
            edge = _edge(one.labels)
            added[edge] = added.get(edge, 0.0) + one.value - before[one.labels]
    return added


def _beyond(interval: Interval, edge: float) -> PodCounts:
    pods = {}
    for pod, keys in interval.grown.items():
        fast = [count for labels, count in keys.items() if _edge(labels) == edge]
        every = sum(count for labels, count in keys.items() if _edge(labels) == inf)
        if fast:
            pods[pod] = (max(0.0, every - sum(fast)), every)
    return PodCounts(at=interval.at, pods=pods)


def _edge(labels: LabelSet) -> float:
    """Return the boundary, which is the last label; one that is no number is none."""
    try:
        return float(labels[-1][1])
    except ValueError:
        return -inf


@dataclass(frozen=True, slots=True)
class _Mean:
    at: datetime
    pod: str
    seconds: float


def _by_means(material: Material, workload: str) -> tuple[PodCounts, ...] | str:
    sums = material.series_for(SignalName.LATENCY_SUM, workload=workload)
    counts = material.series_for(SignalName.HTTP_SERVER, workload=workload)
    if sums is None or counts is None or sums.exporter != counts.exporter:
        return next((line.found.why for line in material.lines if (line.found.signal, line.workload) == (SignalName.LATENCY, workload)), "no series")
    means = tuple(_means(material.intervals(sums, workload=workload), material.grown_up(counts, workload=workload), material.pods_of(workload)))
    before = sorted(one.seconds for one in means if material.schedule.is_before(one.at))
    if len(before) < _LEAST_MEANS:
        return TOO_LITTLE
    usual = before[min(len(before) - 1, int(_USUAL * len(before)))]
    return _looks_above(means, usual)


def _means(sums: Sequence[Interval], counts: Sequence[Interval], is_pod: Callable[[str], bool]) -> Iterator[_Mean]:
    seconds = {one.at: one for one in sums}
    for one in counts:
        beside = seconds.get(one.at)
        for pod, keys in one.grown.items() if beside is not None and beside.start == one.start else ():
            answers = sum(keys.values())
            if beside is not None and pod in beside.grown and answers >= _LEAST_FOR_A_MEAN and is_pod(pod):
                yield _Mean(at=one.at, pod=pod, seconds=sum(beside.grown[pod].values()) / answers)


def _looks_above(means: Iterable[_Mean], usual: float) -> tuple[PodCounts, ...]:
    by_look: dict[datetime, dict[str, tuple[float, float]]] = {}
    for one in means:
        by_look.setdefault(one.at, {})[one.pod] = (float(one.seconds > usual), 1.0)
    return tuple(PodCounts(at=at, pods=pods) for at, pods in sorted(by_look.items()))
