"""Of which revision a pod was that keeps its name when it is replaced, as a StatefulSet's do: in each interval between two looks new, old, or nobody's.

- Since the pod that is there now was made it is of its own revision.
- The interval in which it was made is nobody's.
- Before that the name was an old pod's for as long as its process is the one that was seen before the first roll: none of its counters fell, and it was
  never missing. After that it is nobody's: an eviction may have replaced a new pod as well. Where there were new pods before the first roll, all is.

All of it follows from the cluster as it is now and from answers that can be asked again, so an operator that was restarted comes to the same.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from saferollout.core.analysis.counts import Counted
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Aggregate, Reading, Series, SignalName
from saferollout.core.counting import Interval, Remark
from saferollout.core.statistics.windows import PodCounts, Window

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_A_SECOND: Final = timedelta(seconds=1)
"""The API server says when a pod was made in whole seconds, cut off."""


@dataclass(frozen=True)
class Incarnations:
    """Pods of one workload: when those that are there now were made, and which of them are new.

    `first_until`: until when the process from before the roll was seen under a name, of those that are not there since then.
    """

    made: Mapping[str, datetime]
    new: frozenset[str]
    first_until: Mapping[str, datetime]

    def is_new(self, pod: str, start: datetime, at: datetime) -> bool | None:
        """Tell whether a name was a new pod's (or an old one's) all the time between two looks; None where it can't be told."""
        made = self.made.get(pod)
        if made is not None and start >= made:
            return pod in self.new
        if made is not None and at > made:
            return None
        return False if at <= self.first_until.get(pod, _LONG_AGO) else None

    @cached_property
    def key(self) -> Hashable:
        """Return what tells these from others."""
        return tuple(sorted(self.made.items())), self.new, tuple(sorted(self.first_until.items()))


@dataclass(frozen=True, slots=True)
class Sides:
    """What new and what old pods did between two looks."""

    new: PodCounts
    old: PodCounts

    @property
    def window(self) -> Window:
        """Add each side up."""
        new, old = ([sum(numbers) for numbers in zip(*side.pods.values(), strict=True)] or [0.0, 0.0] for side in (self.new, self.old))
        return Window(at=self.new.at, new_events=new[0], new_total=new[1], old_events=old[0], old_total=old[1])


def incarnations_of(material: Material, workload: str) -> Incarnations | None:
    """Return those of a workload that rolls; None where names of pods tell their revisions."""
    return material.once(("incarnations", workload), lambda: _incarnations_of(material, workload))


def sides_of(material: Material, workload: str, one: Counted, of: Incarnations) -> tuple[Sides, ...]:
    """Tell new pods from old ones in everything that was counted of a symptom; an interval begins where the one before it ends."""

    def step(start: datetime, look: PodCounts) -> tuple[Sides, datetime]:
        arms: dict[bool | None, dict[str, tuple[float, float]]] = {True: {}, False: {}, None: {}}
        for pod, pair in look.pods.items():
            arms[of.is_new(pod, start, look.at)][pod] = pair
        return Sides(new=PodCounts(at=look.at, pods=arms[True]), old=PodCounts(at=look.at, pods=arms[False])), look.at

    return material.by_steps(("sides", one.symptom, one.contract, of.key), one.counts, step, first=_LONG_AGO, workload=workload)


def new_at(material: Material, workload: str) -> Callable[[str, datetime], bool]:
    """Return what tells whether a pod was new at a look."""
    of, is_new = incarnations_of(material, workload), material.new_pods_of(workload)
    return (lambda pod, at: is_new(pod)) if of is None else (lambda pod, at: of.is_new(pod, at, at) is True)


def _incarnations_of(material: Material, workload: str) -> Incarnations | None:
    view = material.snapshot.world.workloads[workload]
    target = next((one for one in material.targets if one.workload == workload), None)
    if target is None or not view.by_ordinal:
        return None
    made = material.births_of(workload).by_pod
    new = frozenset(pod for one in view.of(target.to_hash) for pod in one.pod_names)
    was_old = all(made[pod] > material.schedule.began - _A_SECOND for pod in new & made.keys())
    return Incarnations(made=made, new=new, first_until=_first_until(material, workload, made) if was_old else {})


def _first_until(material: Material, workload: str, made: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return, for each pod that was seen before the first roll and was replaced, the last look at which it was surely still the same process."""
    began, seen, last, broken = material.schedule.began, set[str](), dict[str, datetime](), dict[str, datetime]()
    for series in _own_counters(material, workload):
        seen.update(*(look.subjects.keys() for look in material.looks(series, workload=workload) if look.at <= began))
        since = [interval for interval in material.intervals(series, workload=workload) if interval.at > began]
        for pod, at in _last_counted(since).items():
            last[pod] = max(last.get(pod, at), at)
        for interval in since:
            for pod, remark in interval.remarks.items():
                if remark is not Remark.BORN:  # a counter that a process shows only now, or a pod that was not seen before
                    broken[pod] = min(broken.get(pod, interval.start), interval.start)
    replaced = (pod for pod in seen & last.keys() if pod not in made or made[pod] > began)
    return {pod: min(at for at in (last[pod], broken.get(pod), made.get(pod)) if at is not None) for pod in replaced}


def _last_counted(since: Sequence[Interval]) -> dict[str, datetime]:
    last: dict[str, datetime] = {}
    for interval in reversed(since):
        last.update(dict.fromkeys(interval.grown.keys() - last.keys(), interval.at))
    return last


def _own_counters(material: Material, workload: str) -> set[Series]:
    """Return the counters of a workload's own processes; without buckets, which are most of all samples, and fall with the others."""
    found = {line.found.series for line in material.lines if line.workload == workload}
    return {
        one
        for one in found
        if one is not None and one.per_pod and one.reading is Reading.COUNTER and one.aggregate is Aggregate.SUM and one.signal is not SignalName.LATENCY
    }
