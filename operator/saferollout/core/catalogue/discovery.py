"""Which series of the catalogue are there: five queries at one instant, however many contracts and workloads there are.

    questions = discovery_queries(catalogue, about=about)      # ask each, all at the same instant
    there = read(catalogue, questions, measurements, about=about)  # -> There, or a sentence that says why nothing is known

Asked are only the names that the catalogue has, within the namespace and its pods; servers of the whole cluster by the topics and groups
of the contracts, or by series that have no such label.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from saferollout.core.catalogue.asking import About, one_of, subject_matchers
from saferollout.core.catalogue.catalogue import Catalogue
from saferollout.core.catalogue.series import Series, Subject
from saferollout.core.measurements import LabelSet, Measurement, Outcome, Query
from saferollout.core.promql_text import matcher, name, quoted

PODS: Final = "pods"
PODS_COMPLETE: Final = "pods-with-labels"
WITHOUT_POD: Final = "without-pod"
SERVERS: Final = "servers"
SERVERS_COMPLETE: Final = "servers-with-labels"
_METRIC: Final = "__name__"
_COPIED: Final = "metric"
_ROW: Final = "row"
_KEPT: Final = 16
"""For so many releases the queries of the last look are kept; hundreds of long patterns each."""


@dataclass(frozen=True, slots=True)
class There:
    """What was found. Keys of the maps are metrics and rows (places in `Catalogue.series`); values are the labels that say of whom.

    `by_row` has only what has all labels that its row needs, `by_metric` everything of that name. `without_pod`: metrics of the namespace
    that some series have without saying of which pod.
    """

    by_metric: Mapping[str, frozenset[LabelSet]]
    by_row: Mapping[int, frozenset[LabelSet]]
    without_pod: frozenset[str]

    def with_more(self, other: "There") -> "There":
        """Return what is there in either."""
        metrics, rows = {*self.by_metric, *other.by_metric}, {*self.by_row, *other.by_row}
        nobody: frozenset[LabelSet] = frozenset()
        return There(
            by_metric={metric: self.by_metric.get(metric, nobody) | other.by_metric.get(metric, nobody) for metric in metrics},
            by_row={row: self.by_row.get(row, nobody) | other.by_row.get(row, nobody) for row in rows},
            without_pod=self.without_pod | other.without_pod,
        )


@lru_cache(maxsize=_KEPT)
def discovery_queries(catalogue: Catalogue, *, about: About) -> Mapping[str, Query]:
    """Return the queries by their names; without pods, or without rows of a kind, there is nothing to ask of that kind.

    One look needs them several times, and the next looks mostly the same ones, which are long texts.
    """
    pods = [(index, one) for index, one in enumerate(catalogue.series) if one.per_pod]
    servers = [(index, one) for index, one in enumerate(catalogue.series) if not one.per_pod]
    of_pods = (about.labels.pod,)
    queries: dict[str, Query] = {}
    if pods and about.pods:
        own = subject_matchers(Subject.POD, about=about)
        elsewhere = (matcher(about.labels.namespace, "=", about.namespace), matcher(about.labels.pod, "=", ""))
        queries[PODS] = _present(pods, own, by=of_pods)
        queries[PODS_COMPLETE] = _complete(pods, own, by=of_pods)
        queries[WITHOUT_POD] = _present(pods, elsewhere, by=())
    if servers:
        queries[SERVERS] = _present(servers, _servers_matchers(servers, about), by=_subject_labels(servers))
        queries[SERVERS_COMPLETE] = _complete(servers, _servers_matchers(servers, about), by=_subject_labels(servers))
    return MappingProxyType(queries)


def read(catalogue: Catalogue, measured: Mapping[str, Measurement]) -> There | str:
    """Return what the answers to the queries say; where one of them is no answer, why."""
    failed = next((one for one in measured.values() if one.outcome not in (Outcome.VALUE, Outcome.NO_DATA)), None)
    if failed is not None:
        return failed.detail or str(failed.outcome)
    by_metric: dict[str, set[LabelSet]] = {}
    for question in (PODS, SERVERS):
        for labels in _label_sets(measured, question):
            by_metric.setdefault(labels.pop(_METRIC), set()).add(tuple(labels.items()))
    by_row: dict[int, set[LabelSet]] = {}
    for question in (PODS_COMPLETE, SERVERS_COMPLETE):
        for labels in _label_sets(measured, question):
            rows, metric = labels.pop(_ROW).split(), labels.pop(_COPIED)
            for index in (int(row) for row in rows if catalogue.series[int(row)].metric == metric):
                by_row.setdefault(index, set()).add(tuple(labels.items()))
    return There(
        by_metric={metric: frozenset(who) for metric, who in by_metric.items()},
        by_row={row: frozenset(who) for row, who in by_row.items()},
        without_pod=frozenset(labels[_METRIC] for labels in _label_sets(measured, WITHOUT_POD)),
    )


def _label_sets(measured: Mapping[str, Measurement], question: str) -> Iterator[dict[str, str]]:
    for sample in measured[question].samples if question in measured else ():
        yield dict(sample.labels)


def _present(rows: list[tuple[int, Series]], matchers: tuple[str, ...], *, by: tuple[str, ...]) -> Query:
    metrics = {metric for _, one in rows for metric in (one.metric, one.beside) if metric}
    labels = (_METRIC, *by)
    return Query(value=f"count by ({_written(labels)}) ({_selector(metrics, matchers)})", by=labels)


def _complete(rows: list[tuple[int, Series]], matchers: tuple[str, ...], *, by: tuple[str, ...]) -> Query:
    """Ask for series that have all labels that their rows need, rows with the same needs together.

    `or` drops what has the same labels as something on its left, and takes no account of names: so name and rows become labels.
    """
    needs: dict[tuple[str, ...], list[tuple[int, Series]]] = {}
    for index, one in rows:
        wanted = (*(matcher(label, "!=", "") for label in one.required_labels), *(matcher(own.label, "=", own.value) for own in one.matchers))
        needs.setdefault(wanted, []).append((index, one))
    parts = [_marked(alike, (*wanted, *matchers), by=by) for wanted, alike in needs.items()]
    return Query(value=" or ".join(parts), by=(_ROW, _COPIED, *by))


def _marked(rows: list[tuple[int, Series]], matchers: tuple[str, ...], *, by: tuple[str, ...]) -> str:
    counted = f"count by ({_written((_METRIC, *by))}) ({_selector({one.metric for _, one in rows}, matchers)})"
    copied = f'label_replace({counted}, "{_COPIED}", "$1", "{_METRIC}", "(.+)")'
    return f'label_replace({copied}, "{_ROW}", {quoted(" ".join(str(index) for index, _ in rows))}, "", "")'


def _selector(metrics: set[str], matchers: tuple[str, ...]) -> str:
    # Names have no characters that mean something in a pattern, and Prometheus looks each of them up by itself.
    return f"{{{','.join((matcher(_METRIC, '=~', '|'.join(sorted(metrics))), *matchers))}}}"


def _written(labels: tuple[str, ...]) -> str:
    return ", ".join(name(label) for label in labels)


def _subject_labels(rows: list[tuple[int, Series]]) -> tuple[str, ...]:
    return tuple(sorted({label for _, one in rows for label in (one.subject_label, one.topic_label) if label}))


def _servers_matchers(rows: list[tuple[int, Series]], about: About) -> tuple[str, ...]:
    """Keep to what the contracts name; the empty name lets series through that have no such label."""
    topics = {one.subject_label for _, one in rows if one.subject is Subject.TOPIC} | {one.topic_label for _, one in rows if one.topic_label}
    groups = {one.subject_label for _, one in rows if one.subject is Subject.GROUP}
    tenant = about.labels.kafka_namespace
    return (
        *((one_of(tenant, (about.namespace, "")),) if tenant else ()),
        *(one_of(label, (*about.topics, "")) for label in sorted(topics)),
        *(one_of(label, (*about.groups, "")) for label in sorted(groups - topics)),
    )
