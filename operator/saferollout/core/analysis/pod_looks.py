"""What is looked at of each pod: whether it is ready, whether it is at its limit, whether it began anew. Each look at a pod counts once.

Looks at one pod are not independent: one that is not ready now will mostly not be ready at the next look. So of a spell only the first looks
count, and one pod alone never makes a verdict, however long its spell.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.analysis.counts import Counted
from saferollout.core.analysis.material import IsPod, Material
from saferollout.core.analysis.young_pods import WARM_UP, without_young
from saferollout.core.catalogue.series import Reading, SignalName
from saferollout.core.counting import Counts, Interval, Look
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import PodCounts

_SPELL: Final = 5
"""How many looks of one spell count."""

_THROTTLED: Final = 0.25
"""Share of CPU periods in which a pod had to wait, from which it is at its limit (kubernetes-mixin, alert CPUThrottlingHigh)."""

_PERIODS_PER_SECOND: Final = 10.0
"""The kubelet's CPU period is 100 ms unless somebody changed it (KubeletConfiguration, cpuCFSQuotaPeriod)."""

_SURGES: Final = 2.0
"""So many times as many looks at the limit are no trouble: a new revision may need more of a CPU."""

_Flags = Iterable[tuple[datetime, Mapping[str, bool]]]


def restarted(material: Material, workload: str) -> Counted | None:
    """Count restarts where only the start times of containers are known; two between two looks are one."""
    series = material.series_for(SignalName.RESTARTS, workload=workload)
    if series is None or series.reading is not Reading.START:
        return None
    is_pod, last, found = material.pods_of(workload), dict[str, float](), list[PodCounts]()
    for look in material.looks(series, workload=workload):
        begun = {pod: _highest(processes) for pod, processes in look.subjects.items() if is_pod(pod)}
        counted = {pod: (float(start > last[pod]), 1.0) for pod, start in begun.items() if pod in last}
        last.update(begun)
        if counted:
            found.append(PodCounts(at=look.at, pods=counted))
    return Counted(Symptom.RESTARTS, tuple(found), proportion=False)


def not_ready(material: Material, workload: str) -> Counted | None:
    """Count looks at pods that are not ready any more, or still not after half of the progress deadline."""
    series = material.series_for(SignalName.READINESS, workload=workload)
    if series is None:
        return None
    late = timedelta(seconds=material.snapshot.spec.progress_deadline_seconds / 2)
    flags = _unready(material.looks(series, workload=workload), material.pods_of(workload), late=late)
    return Counted(Symptom.NOT_READY, tuple(_first_of_each_spell(flags)))


def at_their_limit(material: Material, workload: str) -> Counted:
    """Count looks at pods that are throttled, or have threads that wait for a database connection or got none."""
    is_pod = material.pods_of(workload)
    counted = ((SignalName.CPU_THROTTLING, _throttled), (SignalName.POOL_TIMEOUTS, _timed_out))
    known = [dict(_of_intervals(material, workload, signal, is_full)) for signal, is_full in counted]
    pending = material.series_for(SignalName.POOL_PENDING, workload=workload)
    if pending is not None:
        looks = ((look.at, _pods(look, is_pod, lambda value: value >= 1)) for look in material.looks(pending, workload=workload))
        known.append(dict(_after_warm_up(looks)))
    together: dict[datetime, dict[str, bool]] = {}
    for at, pods in (look for one in known for look in one.items()):
        into = together.setdefault(at, {})
        into.update({pod: flag or into.get(pod, False) for pod, flag in pods.items()})
    return Counted(Symptom.SATURATED, tuple(_first_of_each_spell(sorted(together.items()))), tolerates=_SURGES)


def _of_intervals(
    material: Material, workload: str, signal: SignalName, is_full: Callable[[Interval, str], bool]
) -> Iterator[tuple[datetime, Mapping[str, bool]]]:
    series, is_pod = material.series_for(signal, workload=workload), material.pods_of(workload)
    intervals = without_young(material.intervals(series, workload=workload)) if series is not None else ()
    return ((one.at, {pod: is_full(one, pod) for pod in one.grown if is_pod(pod)}) for one in intervals)


def _throttled(interval: Interval, pod: str) -> bool:
    """Tell whether one of a pod's containers was throttled; cAdvisor also reports the pod as a whole, and its pause container."""
    periods = _PERIODS_PER_SECOND * (interval.at - interval.start).total_seconds()
    return max(interval.grown[pod].values(), default=0.0) > _THROTTLED * periods


def _timed_out(interval: Interval, pod: str) -> bool:
    return sum(interval.grown[pod].values()) > 0


def _unready(looks: Sequence[Look], is_pod: IsPod, *, late: timedelta) -> Iterator[tuple[datetime, Mapping[str, bool]]]:
    """Tell who should be ready and is not; a pod that is starting takes no part yet."""
    first_seen, was_ready = dict[str, datetime](), set[str]()
    for look in looks:
        ready = _pods(look, is_pod, lambda value: value > 0)
        for pod in ready:
            first_seen.setdefault(pod, look.at)
        was_ready.update(pod for pod, flag in ready.items() if flag)
        yield look.at, {pod: not flag for pod, flag in ready.items() if pod in was_ready or look.at - first_seen[pod] >= late}


def _after_warm_up(flags: _Flags) -> Iterator[tuple[datetime, Mapping[str, bool]]]:
    first_seen, first = dict[str, datetime](), None
    for at, pods in flags:
        first = first or at
        for pod in pods:
            first_seen.setdefault(pod, at)
        yield at, {pod: flag for pod, flag in pods.items() if first_seen[pod] == first or at - first_seen[pod] >= WARM_UP}


def _first_of_each_spell(flags: _Flags) -> Iterator[PodCounts]:
    """Count the first looks of each spell; from then on the pod says nothing new and takes no part until the spell is over."""
    spell: dict[str, int] = {}
    for at, pods in flags:
        for pod, flag in pods.items():
            spell[pod] = spell.get(pod, 0) + 1 if flag else 0
        yield PodCounts(at=at, pods={pod: (float(flag), 1.0) for pod, flag in pods.items() if spell[pod] <= _SPELL})


def _pods(look: Look, is_pod: IsPod, holds: Callable[[float], bool]) -> dict[str, bool]:
    return {pod: holds(_highest(processes)) for pod, processes in look.subjects.items() if is_pod(pod)}


def _highest(processes: Mapping[str, Counts]) -> float:
    return max((value for keys in processes.values() for value in keys.values()), default=0.0)
