"""What is wrong with the data itself, so that a verdict would rest on what nobody has seen: each a sentence that says what to mend.

A signal that nobody exports is no gap: that is known beforehand, and `saferollout signals` says what it costs. A gap is there where somebody
exports it and it can't be used, or could be used until now. Sentences hold no number that changes from look to look, because they stand in status.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from saferollout.core.analysis.exposure import SHOWN_BY
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import is_under_way
from saferollout.core.catalogue.coverage import Line
from saferollout.core.catalogue.discovery import There
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.counting import Interval, Remark
from saferollout.core.measurements import LabelSet, Outcome

_IN_A_ROW: Final = 2
"""Looks without a full answer: one makes the next window longer, which is no reason to hold."""

_WINDOWS: Final = 10
_TOO_OFTEN: Final = 2
_DOUBTS_ONLY: Final = frozenset({SignalName.CACHE_EVICTIONS})
"""What never makes anybody suspected, only doubted: without it nothing is judged wrongly, so its gaps keep nobody."""

_Key = TypeVar("_Key", int, str)
_ANSWERED: Final = (Outcome.VALUE, Outcome.NO_DATA)


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence, and which readings are not to be trusted for it: those of a signal, of these workloads or, where none is named, of all.

    `signal`: None where no reading rests on it.
    """

    sentence: str
    signal: SignalName | None = None
    workloads: frozenset[str] = frozenset()


def gaps_of(material: Material) -> tuple[Gap, ...]:
    """Return what has to be mended, the most important first; nothing where the data is sound."""
    if isinstance(material.there, str):
        return ()
    used = _used(material)
    found = (*_unanswered(material, used), *_unlabelled(material), *_apart(material, material.there), *_history(material, used), *_backwards(material, used))
    return tuple({gap.sentence: gap for gap in reversed(found)}.values())[::-1]


def unanswered(material: Material) -> Mapping[str, str]:
    """Return, by workload, why nobody can tell how its pods do: the last looks at a series that a batch is shown to be well by had no full answer."""
    details = _details(material)
    found: dict[str, str] = {}
    for line in material.lines:
        series = line.found.series
        if series is not None and series in details and line.workload and line.found.signal in SHOWN_BY:
            found.setdefault(line.workload, f"{series.metric} of {line.workload} was not fully answered: {details[series]}")
    return found


def _used(material: Material) -> Mapping[Series, Line]:
    """Return each series that is there and that a verdict rests on, and the first who wants it."""
    return material.once(("used",), lambda: _first_lines(material))


def _first_lines(material: Material) -> dict[Series, Line]:
    used: dict[Series, Line] = {}
    for line in material.lines:
        if line.found.series is not None and line.found.signal not in _DOUBTS_ONLY:
            used.setdefault(line.found.series, line)
    return used


def _unanswered(material: Material, used: Mapping[Series, Line]) -> Iterator[Gap]:
    """Name series that the last looks could not read: Prometheus slow or away, a part of Thanos missing, too many series, clocks apart."""
    for series, detail in _details(material).items():
        whose = f" of {used[series].workload}" if used[series].workload else ""
        yield Gap(f"{series.metric}{whose} was not fully answered: {detail}", series.signal)


def _details(material: Material) -> Mapping[Series, str]:
    """Return what was said instead of an answer, for each series to which none of the last looks had a full one."""
    return material.once(("unanswered",), lambda: dict(_said_instead(material)))


def _said_instead(material: Material) -> Iterator[tuple[Series, str]]:
    last = material.schedule.since[-_IN_A_ROW:]
    for series in _used(material) if len(last) == _IN_A_ROW else ():
        answers = {answer.at: answer for answer in material.answers(series)}
        of_last = [answers[at] for at in last if at in answers]
        if len(of_last) == _IN_A_ROW and all(answer.outcome not in _ANSWERED for answer in of_last):
            yield series, of_last[-1].detail or of_last[-1].outcome.value


def _unlabelled(material: Material) -> Iterator[Gap]:
    """Name signals that a batch under way would be shown to be well by, whose series are there and can't be used for want of a label.

    A label may be missing for other reasons where the signal is another one: whoever probes a service from outside has no pod to name.
    """
    for line in material.lines:
        if line.found.series is None and line.found.mislabelled and line.found.signal in SHOWN_BY and is_under_way(material, line.workload):
            yield Gap(f"{line.found.signal} of {line.workload} can't be read: {line.found.why}", line.found.signal, frozenset({line.workload}))


def _apart(material: Material, there: There) -> Iterator[Gap]:
    """Name workloads that roll and whose pods do not all report a signal alike, so that new ones can't be compared with old ones."""
    for line in material.lines:
        series = line.found.series
        if series is None or series.subject is not Subject.POD or not is_under_way(material, line.workload):
            continue
        own = _pods(material, line.workload, there.by_row, material.snapshot.catalogue.row_of(series))
        named = _pods(material, line.workload, there.by_metric, series.metric)
        alike = {
            pod
            for index, row in enumerate(material.snapshot.catalogue.series)
            if row.metric == series.metric
            for pod in _pods(material, line.workload, there.by_row, index)
        }
        if named - alike:
            labels = " and ".join(series.required_labels) or "the labels that are needed"
            said = f"some pods of {line.workload} report {series.metric} without {labels}, so they are not counted: another version of its exporter?"
            yield Gap(said, series.signal, frozenset({line.workload}))
            continue
        for other in line.found.others:
            if _pods(material, line.workload, there.by_row, material.snapshot.catalogue.row_of(other)) - own:
                yield Gap(
                    f"pods of {line.workload} report {line.found.signal} by different metrics, some by {series.metric} ({series.exporter}), others only "
                    f"by {other.metric} ({other.exporter}), so new pods can't be compared with old ones: have all of them report one of the two",
                    series.signal,
                    frozenset({line.workload}),
                )
                break


def _pods(material: Material, workload: str, who: Mapping[_Key, frozenset[LabelSet]], key: _Key) -> set[str]:
    is_pod, label = material.pods_of(workload), material.snapshot.labels.pod
    return {pod for labels in who.get(key, ()) if is_pod(pod := dict(labels).get(label, ""))}


def _history(material: Material, used: Mapping[Series, Line]) -> Iterator[Gap]:
    """Say where nothing at all is known of the time before the release, although something ran then and is judged by nothing else.

    Requests are compared with those of old pods all the same; dead letters only with the time before.
    """
    rolling = [target for target in material.targets if target.rolled and target.from_hash]
    if not rolling or not any(series.signal is SignalName.DEAD_LETTERS for series in used):
        return
    began = material.schedule.began
    answered = [answer.at for series in used for answer in material.answers(series) if answer.outcome is Outcome.VALUE and answer.samples]
    if answered and min(answered) > began:
        yield Gap(
            "Prometheus knows nothing of the time before the release, so what is judged by it can't be: it began to scrape only now, or it was "
            "restarted and has lost its data; give it a volume that outlives it"
        )


def _backwards(material: Material, used: Mapping[Series, Line]) -> Iterator[Gap]:
    """Name counters that fall again and again without having begun anew; buckets, which are most of all samples, fall with the count of requests.

    Under a name that was another pod's then, a fall says nothing: that pod may have been made anew as well.
    """
    made = material.births.by_pod
    for series in (one for one in used if one.signal is not SignalName.LATENCY):
        last = [one for one in material.intervals(series) if one.at > material.schedule.began][-_WINDOWS:]
        fell = [subject for one in last for subject, remark in one.remarks.items() if remark is Remark.WENT_BACKWARDS and not _is_since(one, made.get(subject))]
        if any(fell.count(subject) >= _TOO_OFTEN for subject in set(fell)):
            yield Gap(
                f"{series.metric} goes backwards again and again without a restart, so it is not counted then: two sources under one name, such as two "
                "replicas of Prometheus that are not deduplicated, or two processes that report the same labels",
                series.signal,
            )


def _is_since(interval: Interval, made: datetime | None) -> bool:
    """Tell whether a pod that keeps its name was made only after an interval had begun."""
    return made is not None and made > interval.start
