"""What is looked at of each pod: whether it is ready, whether it is at its limit, whether it began anew. Each look at a pod counts once.

Looks at one pod are not independent: one that is not ready now will mostly not be ready at the next look. So of a spell only the first looks
count, and one pod alone never makes a verdict, however long its spell.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.analysis.counts import Counted
from saferollout.core.analysis.material import IsPod, Material
from saferollout.core.analysis.young_pods import WARM_UP
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

_NO_SPELLS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class _Flags:
    """Whether something holds of each pod at one look."""

    at: datetime
    pods: Mapping[str, bool]


def restarted(material: Material, workload: str) -> Counted | None:
    """Count restarts where only the start times of containers are known; two between two looks are one. A pod that was replaced has not restarted."""
    series = material.series_for(SignalName.RESTARTS, workload=workload)
    if series is None or series.reading is not Reading.START:
        return None
    is_pod, last, found = material.pods_of(workload), dict[str, float](), list[PodCounts]()
    made = {pod: at.timestamp() for at, pod in material.births_of(workload).in_order}
    for look in material.looks(series, workload=workload):
        begun = {pod: _highest(processes) for pod, processes in look.subjects.items() if is_pod(pod)}
        counted = {pod: (float(start > last[pod]), 1.0) for pod, start in begun.items() if pod in last and not last[pod] < made.get(pod, 0) <= start}
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
    births = material.births_of(workload)
    key, looks, step = (series, late), material.looks(series, workload=workload), _unready(material.pods_of(workload), late=late, made=births.by_pod)
    flags = material.by_steps(("unready", key, births), looks, step, first=_Ages(), workload=workload)
    return Counted(Symptom.NOT_READY, material.by_steps(("unready spells", key), flags, _first_of_each_spell, first=_NO_SPELLS, workload=workload))


def at_their_limit(material: Material, workload: str) -> Counted:
    """Count looks at pods that are throttled, or have threads that wait for a database connection or got none."""
    known = [
        *_of_intervals(material, workload, SignalName.CPU_THROTTLING, _throttled),
        *_of_intervals(material, workload, SignalName.POOL_TIMEOUTS, _timed_out),
        *_of_pending(material, workload),
    ]
    by_instant: dict[datetime, list[_Flags]] = {}
    for flags in known:
        by_instant.setdefault(flags.at, []).append(flags)
    together = tuple(material.of_all(("together", at), beside, _together, workload=workload) for at, beside in sorted(by_instant.items()))
    return Counted(
        Symptom.SATURATED,
        material.by_steps(("limit spells",), together, _first_of_each_spell, first=_NO_SPELLS, workload=workload),
        tolerates=_SURGES,
    )


def _of_intervals(material: Material, workload: str, signal: SignalName, is_full: Callable[[Interval, str], bool]) -> tuple[_Flags, ...]:
    series, is_pod = material.series_for(signal, workload=workload), material.pods_of(workload)
    if series is None:
        return ()

    def flags(one: Interval) -> _Flags:
        return _Flags(one.at, {pod: is_full(one, pod) for pod in one.grown if is_pod(pod)})

    return material.of_each(("full", series), material.grown_up(series, workload=workload), flags, workload=workload)


def _of_pending(material: Material, workload: str) -> tuple[_Flags, ...]:
    series, is_pod = material.series_for(SignalName.POOL_PENDING, workload=workload), material.pods_of(workload)
    if series is None:
        return ()
    looks = material.of_each(
        ("pending", series), material.looks(series, workload=workload), lambda look: _Flags(look.at, _pods(look, is_pod, lambda value: value >= 1)), workload=workload
    )
    births = material.births_of(workload)
    return material.by_steps(("pending grown up", series, births), looks, _after_warm_up(births.by_pod), first=_Ages(), workload=workload)


def _together(beside: Sequence[_Flags]) -> _Flags:
    """Return who is at any limit."""
    pods: dict[str, bool] = {}
    for flags in beside:
        pods.update({pod: flag or pods.get(pod, False) for pod, flag in flags.pods.items()})
    return _Flags(beside[0].at, pods)


def _throttled(interval: Interval, pod: str) -> bool:
    """Tell whether one of a pod's containers was throttled; cAdvisor also reports the pod as a whole, and its pause container."""
    periods = _PERIODS_PER_SECOND * (interval.at - interval.start).total_seconds()
    return max(interval.grown[pod].values(), default=0.0) > _THROTTLED * periods


def _timed_out(interval: Interval, pod: str) -> bool:
    return sum(interval.grown[pod].values()) > 0


@dataclass(frozen=True, slots=True)
class _Ages:
    """Who is known to be old enough, and since when everybody else is seen; `begun`: whether there was a look before.

    `renewed`: when those pods were made that took the place of another one of the same name, and have begun anew here.
    """

    old: frozenset[str] = frozenset()
    young: Mapping[str, datetime] = field(default_factory=dict)
    begun: bool = False
    renewed: frozenset[tuple[str, datetime]] = frozenset()


def _unready(is_pod: IsPod, *, late: timedelta, made: Mapping[str, datetime]) -> Callable[[_Ages, Look], tuple[_Flags, _Ages]]:
    """Return what tells who should be ready and is not; a pod that is starting takes no part yet."""

    def step(ages: _Ages, look: Look) -> tuple[_Flags, _Ages]:
        ready = _pods(look, is_pod, lambda value: value > 0)
        known = _renewed(ages, look.at, ready, made)
        now = _aged(known, look.at, ready, is_old=lambda pod, since: ready[pod] or look.at - since >= late)
        return _Flags(look.at, {pod: not flag for pod, flag in ready.items() if pod in now.old}), now

    return step


def _after_warm_up(made: Mapping[str, datetime]) -> Callable[[_Ages, _Flags], tuple[_Flags, _Ages]]:
    """Return what leaves out pods in their first minutes."""

    def step(ages: _Ages, flags: _Flags) -> tuple[_Flags, _Ages]:
        known = _renewed(ages, flags.at, flags.pods, made)
        now = _aged(known, flags.at, flags.pods, is_old=lambda _, since: not ages.begun or flags.at - since >= WARM_UP)
        return _Flags(flags.at, {pod: flag for pod, flag in flags.pods.items() if pod in now.old}), now

    return step


def _renewed(ages: _Ages, at: datetime, pods: Iterable[str], made: Mapping[str, datetime]) -> _Ages:
    """Have pods begin anew that were made since the look before."""
    born = {(pod, made[pod]) for pod in pods if pod in made and made[pod] <= at} if made else set[tuple[str, datetime]]()
    if born <= ages.renewed:
        return ages
    anew = {pod for pod, _ in born - ages.renewed}
    young = {pod: since for pod, since in ages.young.items() if pod not in anew}
    return replace(ages, old=ages.old - anew, young=young, renewed=ages.renewed | born)


def _aged(ages: _Ages, at: datetime, pods: Iterable[str], *, is_old: Callable[[str, datetime], bool]) -> _Ages:
    """Take in a look; who is old enough stays so."""
    young = [pod for pod in pods if pod not in ages.old]
    if not young and ages.begun:
        return ages
    since = {**dict.fromkeys(young, at), **ages.young}
    old = ages.old | {pod for pod in young if is_old(pod, since[pod])}
    return replace(ages, old=old, young={pod: when for pod, when in since.items() if pod not in old}, begun=True)


def _first_of_each_spell(spells: Mapping[str, int], flags: _Flags) -> tuple[PodCounts, Mapping[str, int]]:
    """Count the first looks of each spell; from then on the pod says nothing new and takes no part until the spell is over."""
    spells = {**spells, **{pod: spells.get(pod, 0) + 1 if flag else 0 for pod, flag in flags.pods.items()}}
    return PodCounts(at=flags.at, pods={pod: (float(flag), 1.0) for pod, flag in flags.pods.items() if spells[pod] <= _SPELL}), spells


def _pods(look: Look, is_pod: IsPod, holds: Callable[[float], bool]) -> dict[str, bool]:
    return {pod: holds(_highest(processes)) for pod, processes in look.subjects.items() if is_pod(pod)}


def _highest(processes: Mapping[str, Counts]) -> float:
    return max((value for keys in processes.values() for value in keys.values()), default=0.0)
