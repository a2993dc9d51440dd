"""Series that pods reported and do not report any more, although they are there: counters do not go while their process lives.

Without it a batch would wait for requests that may well be answered, and nobody would know where to look. It holds nothing by itself: it is said
where a batch waits to be shown to be well (heeding.py).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from saferollout.core.analysis.exposure import SHOWN_BY
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import is_under_way
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.measurements import Outcome

_IN_A_ROW: Final = 2
_TOLD_BY_OTHERS: Final = frozenset({SignalName.READINESS, SignalName.RESTARTS, SignalName.NODE_READY, SignalName.CPU_THROTTLING})
"""What the cluster tells of pods: it goes on where nobody scrapes the pods themselves."""

Wanted = tuple[str, SignalName]


def vanished(material: Material) -> Mapping[Wanted, str]:
    """Return, by workload and signal that a batch under way is shown to be well by, what its pods do not report any more."""
    last = material.schedule.since[-_IN_A_ROW:]
    return dict(_vanished(material, last)) if len(last) == _IN_A_ROW else {}


def _vanished(material: Material, last: tuple[datetime, ...]) -> Iterator[tuple[Wanted, str]]:
    for line in material.lines:
        series, name = line.found.series, line.workload
        if series is None or line.found.signal not in SHOWN_BY or not is_under_way(material, name):
            continue
        told = {answer.at for answer in material.answers(series) if answer.outcome in (Outcome.VALUE, Outcome.NO_DATA)}
        if not told.issuperset(last):
            continue
        reported = {look.at: look.subjects.keys() for look in material.looks(series, workload=name)}
        once, still = set().union(*reported.values()), set().union(*(reported.get(at, ()) for at in last))
        if (once - still) & _there(material, name, last, but=series):
            yield (name, line.found.signal), _sentence(series, name)


def _sentence(series: Series, workload: str) -> str:
    return (
        f"{series.metric} of {workload} to be reported again: pods that reported it do not any more, though others of their series are there; "
        "see whether the metric was renamed, switched off or dropped, or they began anew and were asked nothing since"
    )


def _there(material: Material, name: str, last: tuple[datetime, ...], *, but: Series) -> set[str]:
    """Return the pods of which Prometheus gets other samples at all of the last looks."""
    found = [set[str]() for _ in last]
    for series, signal in _others(material, name):
        if series.metric == but.metric:
            continue
        looks = {look.at: look for look in material.looks(series, workload=name) if look.at in last}
        for pods, at in zip(found, last, strict=True):
            subjects = looks[at].subjects if at in looks else {}
            pods.update(pod for pod, processes in subjects.items() if signal is not SignalName.SCRAPED or any(any(one.values()) for one in processes.values()))
    return set.intersection(*found)


def _others(material: Material, name: str) -> Iterator[tuple[Series, SignalName]]:
    for line in material.lines:
        if line.workload == name and line.found.series is not None and line.found.series.subject is Subject.POD and line.found.signal not in _TOLD_BY_OTHERS:
            yield line.found.series, line.found.signal
