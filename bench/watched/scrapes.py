"""What was scraped, and what the analysis' questions find in it. PromQL is not evaluated: a question is known by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from saferollout.core.analysis.asking import series_name
from saferollout.core.arms import Labels
from saferollout.core.catalogue import discovery
from saferollout.core.catalogue.asking import labels_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Aggregate, Series
from saferollout.core.measurements import LabelSet, Measurement, Observations, Outcome, Question, Samples

THERE: Final = "analysis/there/"
_COMBINE: Final[Mapping[Aggregate, Callable[[Iterable[float]], float]]] = {Aggregate.SUM: sum, Aggregate.MAX: max, Aggregate.MIN: min}
_NO_DATA: Final = "the query finds no data"

Owner = Mapping[str, str]
"""The labels of one series."""


@dataclass
class Scrapes:
    """Values by instant and metric, in the order of the metric's `series`; None where a series was not there at that instant."""

    series: dict[str, list[Owner]] = field(default_factory=dict)
    values: dict[datetime, Mapping[str, Sequence[float | None]]] = field(default_factory=dict)

    def answers(self, questions: tuple[Question, ...], *, to: datetime) -> Observations:
        """Answer every question at each of its instants up to `to`."""
        return Observations({one.name: tuple(self.measured(one, at) for at in one.instants if at <= to) for one in questions})

    def measured(self, question: Question, at: datetime) -> Measurement:
        """Answer one question at one instant."""
        found = list(self.found(question, at))
        if not found:
            return Measurement(at, Outcome.NO_DATA, detail=_NO_DATA)
        labels, values = zip(*found, strict=True)
        return Measurement(at, Outcome.VALUE, float(len(found)), samples=Samples(labels=labels, values=values))

    def found(self, question: Question, at: datetime) -> Iterator[tuple[LabelSet, float]]:
        """Yield the samples that a question finds, ordered by their labels."""
        if question.name.startswith(THERE):
            yield from sorted(self._discovered(question.name.removeprefix(THERE), question.query.by, at))
            return
        series = _BY_NAME[question.name]
        now = self.values.get(at, {}).get(series.metric, ())
        combine = _COMBINE[series.aggregate]
        for labels, places in self._groups[question.name] if now else ():
            there = [value for place in places if (value := now[place]) is not None]
            if there:
                yield labels, float(combine(there))

    @cached_property
    def _groups(self) -> dict[str, list[tuple[LabelSet, list[int]]]]:
        """Return for each row of the catalogue which series of its metric become one sample."""
        return {name: self._grouped(series) for name, series in _BY_NAME.items()}

    def _grouped(self, series: Series) -> list[tuple[LabelSet, list[int]]]:
        by = labels_of(series, labels=Labels())
        groups: dict[LabelSet, list[int]] = {}
        for place, labels in enumerate(self.series.get(series.metric, ())):
            if _is_usable(series, labels):
                groups.setdefault(tuple((label, labels.get(label, "")) for label in by), []).append(place)
        return sorted(groups.items())

    def _discovered(self, name: str, by: tuple[str, ...], at: datetime) -> set[tuple[LabelSet, float]]:
        there = [
            (metric, owner)
            for metric, values in self.values.get(at, {}).items()
            for owner, value in zip(self.series[metric], values, strict=True)
            if value is not None
        ]
        if name in (discovery.PODS, discovery.SERVERS):
            return {(_chosen(by, {"__name__": metric, **owner}), 1.0) for metric, owner in there if ("pod" in owner) is (name == discovery.PODS)}
        if name not in (discovery.PODS_COMPLETE, discovery.SERVERS_COMPLETE):
            return set()
        return {
            (_chosen(by, {"row": str(index), "metric": metric, **owner}), 1.0)
            for metric, owner in there
            for index, row in _ROWS.get(metric, ())
            if row.per_pod is (name == discovery.PODS_COMPLETE) and _is_usable(row, owner)
        }


def _is_usable(series: Series, labels: Owner) -> bool:
    chosen = all(labels.get(one.label) == one.value for one in series.matchers)
    return chosen and all(label in labels for label in series.required_labels) and ("pod" in labels) is series.per_pod


def _chosen(by: tuple[str, ...], labels: Owner) -> LabelSet:
    return tuple((label, labels.get(label, "")) for label in by)


_BY_NAME: Final = {series_name(series): series for series in BUILT_IN.series}
_ROWS: Final[dict[str, list[tuple[int, Series]]]] = {}
for _index, _series in enumerate(BUILT_IN.series):
    _ROWS.setdefault(_series.metric, []).append((_index, _series))
