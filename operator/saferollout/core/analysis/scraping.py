"""Looks that lie closer together than Prometheus scrapes: then two looks in a row see one sample, and what was counted between them is nothing.

Told from the counts before the first roll, so that it stays the same from look to look: a busy pod of which nothing is counted at some looks,
and a lot at the ones between, always as many looks apart. One whose traffic really stops and comes is not so regular, and one that does little
says nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import SignalName, Subject
from saferollout.core.counting import Interval

INTERVAL_FIELD: Final = "analysis.intervalSeconds"

_LEAST_GAPS: Final = 3
_LEAST_A_LOOK: Final = 10.0
"""Events of a pod at a look, on average, at which not one is no chance: below 1 in 20000 where they come one by one (Poisson, e^-10)."""

_LEAST_APART: Final = 1.25
"""Looks between two samples from which it is told; below, a look without a new sample is rare, and two in a row there are never."""


def scraped_too_seldom(material: Material) -> str | None:
    """Say which interval would see a new sample at every look, where the one in force does not; None where it does, or nobody can tell."""
    apart = material.once(("looks between samples",), lambda: dict(_of_workloads(material)))
    if not apart:
        return None
    interval = material.snapshot.spec.analysis.interval_seconds
    workload = max(apart, key=lambda name: (apart[name], name))
    wanted = interval * ceil(apart[workload] - 0.1)
    return (
        f"{INTERVAL_FIELD} ({interval}) is shorter than what Prometheus scrapes {workload} at, so looks in a row see the same sample: a stop of its traffic "
        f"is told late or not at all, and one odd scrape can look like an outage; set it to {wanted}, or scrape more often"
    )


def _of_workloads(material: Material) -> Iterator[tuple[str, float]]:
    """Yield by workload how many looks lie between two samples, where all of its busy pods agree that it is more than one."""
    for workload in sorted(material.snapshot.world.workloads):
        found = [gaps for gaps in _of_series(material, workload) if gaps is not None]
        if found and min(found) >= _LEAST_APART:
            yield workload, min(found)


def _of_series(material: Material, workload: str) -> Iterator[float | None]:
    """Yield the same by series. Buckets, which are most of all samples, tell no more than requests."""
    lines = (line for line in material.lines if line.workload == workload and line.found.signal is not SignalName.LATENCY)
    for series in dict.fromkeys(line.found.series for line in lines):
        if series is not None and series.subject is Subject.POD:
            before = [one for one in material.intervals(series, workload=workload) if one.at <= material.schedule.began]
            yield material.of_all(("looks between samples", series), before, _fewest_between, workload=workload)


def _fewest_between(intervals: Sequence[Interval]) -> float | None:
    of_pods: dict[str, list[float]] = {}
    for interval in intervals:
        for pod, counts in interval.grown.items():
            of_pods.setdefault(pod, []).append(sum(counts.values()))
    return min((gaps for counts in of_pods.values() if (gaps := _looks_between(counts)) is not None), default=None)


def _looks_between(counts: Sequence[float]) -> float | None:
    """Return how many looks lie between two samples of a pod, 1 where each has one; None where it does too little, or is not so regular."""
    if sum(counts) < _LEAST_A_LOOK * len(counts):
        return None
    changes = [number for number, count in enumerate(counts) if count]
    gaps = [after - before for before, after in pairwise(changes)]
    if len(gaps) < _LEAST_GAPS or max(gaps) - min(gaps) > 1:
        return None
    return sum(gaps) / len(gaps)
