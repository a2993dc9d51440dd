"""One query for a series: raw values, told apart by who they are about, never one query a pod.

    query_of(series, about=About(namespace="shop", labels=Labels(), pods=arms.all)) -> Query(value='sum by (pod, instance, status) (...)', by=...)
    named(series, measurement.samples, labels=Labels()) -> the same samples with this operator's names of labels

`instance` stands for the process that counts: where it is another one, counters begin anew.
"""

from dataclasses import dataclass
from typing import Final

from saferollout.core.arms import Labels, alternation, escaped
from saferollout.core.catalogue.series import Aggregate, Reading, Series, Subject
from saferollout.core.measurements import Query, Samples
from saferollout.core.promql import age_of_selectors
from saferollout.core.promql_text import matcher, name

POD: Final = "pod"
TOPIC: Final = "topic"
GROUP: Final = "group"
PROCESS: Final = "instance"
_KAFKA_EXPORTER: Final = "kafka_exporter"


@dataclass(frozen=True, slots=True)
class About:
    """Whom to ask about: pods as patterns (RE2, escaped; core/arms.py), topics and groups by their names."""

    namespace: str
    labels: Labels
    pods: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def query_of(series: Series, *, about: About) -> Query:
    """Return the one query that reads a series of all these pods, topics or groups, with the age of its oldest sample."""
    selected = selector(series, about=about)
    by = labels_of(series, labels=about.labels)
    value = f"{selected}{_times(series)}{_unless(series, about)}"
    return Query(value=f"{series.aggregate} by ({', '.join(name(label) for label in by)}) ({value})", age=age_of_selectors((selected,)), by=by)


def selector(series: Series, *, about: About) -> str:
    """Select the series of these pods, topics or groups."""
    # A series without a key that its signal needs would be counted as neither good nor bad, so as good.
    needed = [matcher(key.exported, "!=", "") for key in series.keys if series.per_pod and not key.optional]
    matchers = [*(matcher(one.label, "=", one.value) for one in series.matchers), *needed]
    return f"{series.metric}{{{','.join((*matchers, *_subject(series, about)))}}}"


def labels_of(series: Series, *, labels: Labels) -> tuple[str, ...]:
    """Return the exporter's labels by which samples are told apart, in the order of `names_of`."""
    return (*_labels_of_subject(series, labels), *_process(series), *(key.exported for key in series.keys))


def names_of(series: Series) -> tuple[str, ...]:
    """Return what these labels are called here, whatever the exporter calls them."""
    subject = {Subject.POD: (POD,), Subject.TOPIC: (TOPIC,), Subject.GROUP: (GROUP, TOPIC), Subject.SERVER: ()}[series.subject]
    return (*subject, *_process(series), *(key.name for key in series.keys))


def named(series: Series, samples: Samples) -> Samples:
    """Return samples with the labels called as they are here; the order stays."""
    names = names_of(series)
    renamed = (tuple((own, value) for own, (_, value) in zip(names, labels, strict=True)) for labels in samples.labels)
    return Samples(labels=tuple(renamed), values=samples.values)


def subject_matchers(subject: Subject, *, about: About) -> tuple[str, ...]:
    """Return the matchers that keep to the namespace and its pods."""
    if subject is not Subject.POD:
        return ()
    return matcher(about.labels.namespace, "=", about.namespace), matcher(about.labels.pod, "=~", alternation(about.pods))


def tenant(series: Series, *, about: About) -> tuple[str, ...]:
    """Return the matcher that keeps to one tenant, where somebody labels kafka_exporter's series so."""
    label = about.labels.kafka_namespace
    return (matcher(label, "=", about.namespace),) if label and series.exporter == _KAFKA_EXPORTER else ()


def one_of(label: str, values: tuple[str, ...]) -> str:
    """Return the matcher for a label that has one of these values."""
    return matcher(label, "=~", alternation(tuple(escaped(value) for value in sorted(set(values)))))


def _subject(series: Series, about: About) -> tuple[str, ...]:
    match series.subject:
        case Subject.POD:
            return subject_matchers(Subject.POD, about=about)
        case Subject.TOPIC:
            return one_of(series.subject_label, about.topics), *tenant(series, about=about)
        case Subject.GROUP:
            return one_of(series.subject_label, about.groups), one_of(series.topic_label, about.topics), *tenant(series, about=about)
    return ()


def _times(series: Series) -> str:
    """Multiply by what is known of the thing that each pod stands on; several exporters of it count once."""
    if series.times is None:
        return ""
    matchers = ",".join(matcher(one.label, "=", one.value) for one in series.times.matchers)
    return f" * on ({series.times.on}) group_left () max by ({series.times.on}) ({series.times.metric}{{{matchers}}})"


def _unless(series: Series, about: About) -> str:
    """Leave out the pods that another metric speaks against, in the same query."""
    if not series.unless:
        return ""
    pods = subject_matchers(Subject.POD, about=about)
    others = (f"{one.metric}{{{','.join((*(matcher(own.label, '=', own.value) for own in one.matchers), *pods))}}} > 0" for one in series.unless)
    labels = f"{name(about.labels.namespace)}, {name(about.labels.pod)}"
    return f" unless on ({labels}) ({' or '.join(others)})"


def _labels_of_subject(series: Series, labels: Labels) -> tuple[str, ...]:
    match series.subject:
        case Subject.POD:
            return (labels.pod,)
        case Subject.TOPIC:
            return (series.subject_label,)
        case Subject.GROUP:
            return series.subject_label, series.topic_label
    return ()


def _process(series: Series) -> tuple[str, ...]:
    """Tell processes apart where each has a counter of its own; what is only reported by somebody has no process."""
    counts = series.reading is Reading.COUNTER and series.aggregate is Aggregate.SUM
    return (PROCESS,) if counts or series.subject is Subject.SERVER else ()
