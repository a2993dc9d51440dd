"""The little cluster with counters: its pods work second by second, and a Prometheus that never lies answers for every past instant."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from saferollout.core.analysis.asking import series_name
from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.arms import Labels
from saferollout.core.catalogue import discovery
from saferollout.core.catalogue.asking import labels_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Aggregate, Series, Subject
from saferollout.core.decide import follow_up, questions
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Measurement, Observations, Outcome, Question, Sample, Samples
from tests.unit.core.little_cluster import LittleCluster

_Labels = tuple[tuple[str, str], ...]
SECONDS_BEFORE = 260


@dataclass
class WatchedCluster(LittleCluster):
    """`works` is called for every second of the world's time and counts what happened in it; `times_out`: a metric that takes Prometheus too long.

    `refusals`: metrics that Prometheus does not answer for from now on, and what it says instead; what is before `forgets_before` it does not know.
    `past`: what was answered once, as the operator remembers it too: the past does not change.
    """

    works: Callable[["WatchedCluster"], None] = lambda cluster: None
    counters: dict[tuple[str, _Labels], float] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    restarts: dict[str, int] = field(default_factory=dict)
    history: dict[datetime, dict[tuple[str, _Labels], float]] = field(default_factory=dict)
    clock: datetime | None = None
    unreachable_from: datetime | None = None
    times_out: str = ""
    rng: random.Random = field(default_factory=random.Random)
    marked: datetime | None = None
    forgets_before: datetime | None = None
    refusals: dict[str, tuple[Outcome, str, datetime]] = field(default_factory=dict)
    past: dict[tuple[str, tuple[str, ...], datetime], Measurement] = field(default_factory=dict, repr=False)

    def count(self, metric: str, amount: float = 1.0, **labels: str) -> None:
        """Count up a series from now on."""
        key = _series(metric, tuple(labels.items()))
        self.counters[key] = self.counters.get(key, 0.0) + amount

    def set(self, metric: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        self.counters[_series(metric, tuple(labels.items()))] = value

    def refuse(self, metric: str, outcome: Outcome, detail: str) -> None:
        """Have Prometheus give no full answer for a metric, for instants after now."""
        self.refusals[metric] = (outcome, detail, self.now)

    def drop(self, metric: str) -> None:
        """Have nobody report a metric any more."""
        self.counters = {key: value for key, value in self.counters.items() if key[0] != metric}

    def pod_names(self, name: str) -> list[tuple[str, str]]:
        """Return (pod, revision) of a workload's pods; none while it is `away`, others after each of its `restarts`."""
        sets = self.views[name].replica_sets if name not in self.away else ()
        first = 100 * self.restarts.get(name, 0)
        return [(f"{rs.name}-{number:05d}", rs.hash) for rs in sets for number in range(first, first + rs.pods)]

    def assessed_after(self, seconds: float) -> Assessment:
        """Let time go by without a decision, and assess the release at its end."""
        self.now += timedelta(seconds=seconds)
        snapshot = self.snapshot()
        found = assess(snapshot, self._answers(snapshot), self.now)
        assert isinstance(found, Assessment), found
        return found

    def catch_up(self) -> None:
        """Have the world work up to now."""
        if self.clock is None:
            self.clock = self.now - timedelta(seconds=SECONDS_BEFORE)
        while self.clock <= self.now:
            self._begin_second(self.clock)
            self.works(self)
            alive = {pod for name in self.views for pod, _ in self.pod_names(name)}
            seen = {key: value for key, value in self.counters.items() if dict(key[1]).get("pod", "") in {"", *alive}}
            self.counters = seen
            self.history[self.clock] = dict(seen)
            self.clock += timedelta(seconds=1)

    def _begin_second(self, now: datetime) -> None:
        """Have controllers do what they do in a second: here they are always done at once."""

    def _answers(self, snapshot: Snapshot) -> Observations:
        self.catch_up()
        first = Observations({one.name: self._answered(one) for one in questions(snapshot, self.now)})
        more = {one.name: self._answered(one) for one in follow_up(snapshot, first, self.now)}
        return Observations({**first.answers, **more})

    def _answered(self, question: Question) -> tuple[Measurement, ...]:
        if not question.name.startswith("analysis/"):
            return tuple(self._measured(question.name, at) for at in question.instants)
        return tuple(self._sampled(question, at) for at in question.instants)

    def _sampled(self, question: Question, at: datetime) -> Measurement:
        if self.unreachable_from is not None and at > self.unreachable_from:
            return Measurement(at, Outcome.UNREACHABLE, detail="Prometheus can't be reached")
        if self.times_out and f"/{self.times_out}" in question.name:
            return Measurement(at, Outcome.UNREACHABLE, detail="query timed out")
        refused = next((one for metric, one in self.refusals.items() if f"/{metric}" in question.name), None)
        if refused is not None and at > refused[2]:
            return Measurement(at, refused[0], detail=refused[1])
        if self.forgets_before is not None and at < self.forgets_before:
            return Measurement(at, Outcome.NO_DATA, detail="no data")
        key = (question.name, question.query.by, at)
        if key not in self.past:
            self.past[key] = self._read(question, at)
        return self.past[key]

    def _read(self, question: Question, at: datetime) -> Measurement:
        there = self.history.get(at, {})
        name = question.name.removeprefix("analysis/there/")
        if name != question.name:
            found = list(_discovered(name, there, question.query.by))
        else:
            found = list(_asked(next(one for one in BUILT_IN.series if series_name(one) == question.name), there))
        if not found:
            return Measurement(at, Outcome.NO_DATA, detail="no data")
        return Measurement(at, Outcome.VALUE, float(len(found)), samples=Samples.of(found))


@lru_cache(maxsize=4096)
def _series(metric: str, labels: _Labels) -> tuple[str, _Labels]:
    """Return what a series is known by; some are counted up many times in each second of a release."""
    told = dict(labels)
    return metric, tuple(sorted({"instance": told.get("pod", metric), **told}.items()))


def _discovered(name: str, there: dict[tuple[str, _Labels], float], by: tuple[str, ...]) -> Iterable[Sample]:
    if name in (discovery.PODS, discovery.SERVERS):
        wanted = {(metric, *(dict(labels).get(label, "") for label in by[1:])) for metric, labels in there}
        yield from (Sample(tuple(zip(by, values, strict=True)), 1.0) for values in wanted)
    if name == discovery.WITHOUT_POD:
        names = {metric for metric, labels in there if not dict(labels).get("pod") and dict(labels).get("namespace")}
        yield from (Sample((("__name__", metric),), 1.0) for metric in names)
    if name in (discovery.PODS_COMPLETE, discovery.SERVERS_COMPLETE):
        rows: set[tuple[str, ...]] = set()
        for index, series in enumerate(BUILT_IN.series):
            if series.per_pod is (name == discovery.PODS_COMPLETE):
                rows.update((str(index), series.metric, *(labels.get(label, "") for label in by[2:])) for labels in _of(series, there))
        yield from (Sample(tuple(zip(by, values, strict=True)), 1.0) for values in rows)


def _of(series: Series, there: dict[tuple[str, _Labels], float]) -> Iterable[dict[str, str]]:
    for metric, labels in there:
        have = dict(labels)
        chosen = metric == series.metric and all(have.get(one.label) == one.value for one in series.matchers)
        if chosen and all(label in have for label in series.required_labels) and ("pod" in have) is (series.subject is Subject.POD):
            yield have


def _asked(series: Series, there: dict[tuple[str, _Labels], float]) -> Iterable[Sample]:
    by = labels_of(series, labels=Labels())
    values: dict[_Labels, list[float]] = {}
    for labels in _of(series, there):
        key = tuple((label, labels.get(label, "")) for label in by)
        if not _is_spoken_against(series, labels, there):
            value = there[(series.metric, tuple(sorted(labels.items())))]
            values.setdefault(key, []).extend(value * factor for factor in _factors(series, labels, there))
    combine: Callable[[list[float]], float] = {Aggregate.SUM: sum, Aggregate.MAX: max, Aggregate.MIN: min}[series.aggregate]
    yield from (Sample(key, combine(found)) for key, found in values.items() if found)


def _factors(series: Series, labels: dict[str, str], there: dict[tuple[str, _Labels], float]) -> list[float]:
    """Return what the value is multiplied by; nothing where the other side of the product has no series."""
    other = series.times
    if other is None:
        return [1.0]
    known = [(dict(have), value) for (metric, have), value in there.items() if metric == other.metric]
    of = [value for have, value in known if have.get(other.on) == labels[other.on] and all(have.get(one.label) == one.value for one in other.matchers)]
    return [max(of)] if of else []


def _is_spoken_against(series: Series, labels: dict[str, str], there: dict[tuple[str, _Labels], float]) -> bool:
    return any(
        value > 0 and metric == other.metric and dict(have).get("pod") == labels["pod"] and all(dict(have).get(one.label) == one.value for one in other.matchers)
        for other in series.unless
        for (metric, have), value in there.items()
    )


def is_new(revision: str) -> bool:
    """Tell new revisions of these tests from old ones: they end in 2."""
    return revision.endswith("2")


Spec = dict[str, Any]
