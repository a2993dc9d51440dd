"""Which series stands for a signal: the preferred one that is there, what else is there, or why none is.

    find(SignalName.CACHE_GETS, catalogue=catalogue, there=there, about=about) -> Found
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from saferollout.core.catalogue.asking import About
from saferollout.core.catalogue.catalogue import Catalogue
from saferollout.core.catalogue.discovery import There
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.counting import among
from saferollout.core.measurements import LabelSet


@dataclass(frozen=True, slots=True)
class Found:
    """What there is for a signal.

    `series` is None where nothing can be used; `why` then says what there is instead, or that there is nothing. Where there is a series
    `why` is a remark on it. `others` are series of other exporters for the same thing: they are left out, because counting both would
    count everything twice. `mislabelled`: somebody exports it, and only a label that says of whom or of what is missing.
    """

    signal: SignalName
    series: Series | None = None
    others: tuple[Series, ...] = ()
    why: str = ""
    mislabelled: bool = False


def find(signal: SignalName, *, catalogue: Catalogue, there: There, about: About) -> Found:
    """Choose the series of a signal for these pods, topics and groups."""
    rows = catalogue.of(signal)
    usable = tuple(one for one in rows if _is_among(there.by_row.get(catalogue.row_of(one), frozenset()), one, about))
    if usable:
        return Found(signal=signal, series=usable[0], others=usable[1:])
    mislabelled = next(_without_labels(rows, there, about), None)
    if mislabelled is not None:
        why, is_misfit = mislabelled
        return Found(signal=signal, why=why, mislabelled=is_misfit)
    return Found(signal=signal, why=next(_reasons(rows, there, about)))


def _without_labels(rows: tuple[Series, ...], there: There, about: About) -> Iterator[tuple[str, bool]]:
    """Yield series that are there and lack a label; True where that is a fault, and not one thing of several that a metric counts."""
    for one in rows:
        if _is_among(there.by_metric.get(one.metric, frozenset()), one, about):
            yield f"{one.metric} is there, but no series of it has {_labels(one)}: {_likely(one)}", not one.matchers
    for one in rows:
        if one.per_pod and one.metric in there.without_pod:
            label = about.labels.pod
            yield f"{one.metric} is there, but without the label {label}: it can't tell new pods from old ones (prometheus.labels.pod)", True


def _likely(series: Series) -> str:
    """Say why a label may be missing: what counts several things has a note on the one that is meant."""
    is_one_of_several = series.subject is Subject.SERVER and series.matchers and series.note
    return series.note if is_one_of_several else "this looks like another version, or like a relabelling"


def _reasons(rows: tuple[Series, ...], there: There, about: About) -> Iterator[str]:
    """Yield why a signal has no series, the best explanation first."""
    for one in rows:
        if one.beside and _is_among(there.by_metric.get(one.beside, frozenset()), one, about):
            yield f"{one.exporter} reports {one.beside}, but not {one.metric}: {one.enable}"
    for one in rows:
        if one.subject in (Subject.TOPIC, Subject.GROUP) and one.metric in there.by_metric:
            yield f"{one.exporter} reports {one.metric}, but not of {_names(one, about)}"
    if any(one.per_pod for one in rows) and not about.pods:
        yield "there are no pods to look for"
    exporters = tuple(dict.fromkeys(f"{one.metric} ({one.exporter})" for one in rows))
    yield f"none of these is there: {', '.join(exporters)}"


def _is_among(who: frozenset[LabelSet], series: Series, about: About) -> bool:
    is_asked_for = _asked_for(series, about)
    return any(is_asked_for(dict(labels)) for labels in who)


def _asked_for(series: Series, about: About) -> Callable[[Mapping[str, str]], bool]:
    match series.subject:
        case Subject.POD:
            is_pod = among(about.pods)
            return lambda labels: is_pod(labels.get(about.labels.pod, ""))
        case Subject.TOPIC:
            return lambda labels: labels.get(series.subject_label) in about.topics
        case Subject.GROUP:
            return lambda labels: labels.get(series.subject_label) in about.groups and labels.get(series.topic_label) in about.topics
    return lambda labels: True


def _labels(series: Series) -> str:
    wanted = [*(f"the label {label}" for label in series.required_labels), *(f'{one.label}="{one.value}"' for one in series.matchers)]
    return " and ".join(wanted) or "what is needed"


def _names(series: Series, about: About) -> str:
    kind, names = ("topic", about.topics) if series.subject is Subject.TOPIC else ("consumer group", about.groups)
    return f"{kind} {', '.join(names)}" if names else f"any {kind}, because the contract names none"
