"""What a release's answers amount to before anything is judged: series counted between looks, and whose pods are whose."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar, cast

from saferollout.api.status import Target
from saferollout.core.analysis.asking import answers_to, coverage, parties, what_is_there
from saferollout.core.analysis.births import Births
from saferollout.core.analysis.memory import Memory
from saferollout.core.analysis.owners import Owners, split_interval, split_look
from saferollout.core.analysis.schedule import Schedule, schedule_of
from saferollout.core.analysis.young_pods import NOBODY, without_young
from saferollout.core.arms import Arms, arms_in
from saferollout.core.catalogue.coverage import Line
from saferollout.core.catalogue.discovery import There
from saferollout.core.catalogue.parties import Parties
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import COUNTED, NOTHING_SEEN, Interval, Look, among, counting_of, full_answers, sorted_out
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Measurement, Observations

IsPod = Callable[[str], bool]
S = TypeVar("S")
T = TypeVar("T")
State = TypeVar("State")


@dataclass(frozen=True)
class Material:
    """Everything that was answered, by who wants it. `now` is the instant of the decision."""

    snapshot: Snapshot
    observations: Observations
    schedule: Schedule
    now: datetime
    memory: Memory = field(default_factory=Memory)

    @cached_property
    def there(self) -> There | str:
        """Return which series are there; a sentence where it is not known."""
        return what_is_there(self.snapshot, self.observations)

    @cached_property
    def parties(self) -> Mapping[str, Parties]:
        """Return who stands on either side of each contract."""
        return parties(self.snapshot)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Return what is there for each contract and workload; nothing where that is not known."""
        return () if isinstance(self.there, str) else coverage(self.snapshot, self.there, parties=self.parties)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return what the release is about."""
        release = self.snapshot.status.release
        return tuple(release.targets) if release is not None else ()

    @cached_property
    def arms(self) -> Mapping[str, Arms]:
        """Return the pods of each workload, new and old, as patterns."""
        return arms_in(self.snapshot.status.release, self.snapshot.world.workloads)

    def series_for(self, signal: SignalName, *, workload: str = "", contract: str = "", group: str = "") -> Series | None:
        """Return the series that stands for a signal of a workload, of a contract, or of one of its consumer groups."""
        found = (
            line.found.series
            for line in self.lines
            if line.found.signal is signal and (not workload or line.workload == workload) and (not contract or line.contract == contract) and (not group or line.group == group)
        )
        return next((series for series in found if series is not None), None)

    def answers(self, series: Series) -> tuple[Measurement, ...]:
        """Return what was answered for a series."""
        return answers_to(series, self.observations)

    def looks(self, series: Series, *, workload: str = "") -> tuple[Look, ...]:
        """Return the full answers for a series, sorted out; of one workload's pods only, where it is named."""
        every = self.once(("looks", series), lambda: self._sorted_out(series))
        if not workload:
            return every
        split = self.once(("split looks", series), lambda: self.memory.each(("split looks", series, self._all_pods), every, self._split_look))
        return tuple(look[workload] for look in split if workload in look)

    def intervals(self, series: Series, *, workload: str = "") -> tuple[Interval, ...]:
        """Return what was counted of a series between looks; of one workload's pods only, where it is named. Nothing of one that counts nothing."""
        if series.reading not in COUNTED:
            return ()
        every = self.once(("intervals", series), lambda: self._counted(("intervals", series), series, self.looks(series)))
        if not workload:
            return every
        split = self.once(("split intervals", series), lambda: self.memory.each(("split intervals", series, self._all_pods), every, self._split_interval))
        return tuple(interval[workload] for interval in split if workload in interval)

    def with_births(self, key: Hashable, looks: Sequence[Look]) -> tuple[Look, ...]:
        """Say at each look which pods under an old name it may see for the first time; looks without any stay what they are."""
        if not self.births.in_order:
            return tuple(looks)
        return tuple(self._with_births(key, look, last) for last, look in zip((*looks[:1], *looks), looks, strict=False))

    def grown_up(self, series: Series, *, workload: str) -> tuple[Interval, ...]:
        """Return the intervals of one workload's pods, without what they did in their first minutes."""
        return self.by_steps(("grown up", series), self.intervals(series, workload=workload), without_young, first=NOBODY, workload=workload)

    def of_each(self, key: Hashable, items: Iterable[S], work: Callable[[S], T], *, workload: str) -> tuple[T, ...]:
        """Return what some work makes of each item of a workload's; it may depend on the key and on whose pods are whose, and on nothing else."""
        return self.memory.each((key, workload, self.arms.get(workload)), items, work)

    def pods_of(self, workload: str) -> IsPod:
        """Tell pods of a workload."""
        return self.once(("pods", workload), lambda: among(self.arms[workload].all if workload in self.arms else ()))

    def new_pods_of(self, workload: str) -> IsPod:
        """Tell new pods of a workload."""
        return self.once(("new pods", workload), lambda: among(self.arms[workload].new if workload in self.arms else ()))

    def old_pods_of(self, workload: str) -> IsPod:
        """Tell old pods of a workload."""
        return self.once(("old pods", workload), lambda: among(self.arms[workload].old if workload in self.arms else ()))

    def births_of(self, workload: str) -> Births:
        """Return when a workload's pods were made; nothing where names tell one from the next."""
        return self.once(("births", workload), lambda: Births.of([self.snapshot.world.workloads[workload]]))

    def once(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        """Return what some work amounts to, which is done once for this look; the key says which work."""
        if key not in self._done:
            self._done[key] = work()
        return cast(T, self._done[key])

    def by_steps(
        self, key: Hashable, items: Iterable[S], work: Callable[[State, S], tuple[T, State]], *, first: State, workload: str
    ) -> tuple[T, ...]:
        """Return the same of work that depends on a state, too, which the items before left."""
        return self.memory.steps((key, workload, self.arms.get(workload)), items, work, first=first)

    def of_all(self, key: Hashable, items: Sequence[S], work: Callable[[Sequence[S]], T], *, workload: str) -> T:
        """Return the same of work on all items together."""
        return self.memory.all((key, workload, self.arms.get(workload)), items, work)

    def _counted(self, key: Hashable, series: Series, looks: Iterable[Look]) -> tuple[Interval, ...]:
        intervals = self.memory.steps(key, looks, counting_of(series).next, first=NOTHING_SEEN)
        return tuple(interval for interval in intervals if interval is not None)

    def _sorted_out(self, series: Series) -> tuple[Look, ...]:
        looks = self.memory.each(("looks", series), full_answers(self.answers(series)), sorted_out(series))
        return self.with_births(("looks with births", series), looks)

    def _with_births(self, key: Hashable, look: Look, last: Look) -> Look:
        born = self.births.between(last.at, look.at)
        if not born:
            return look
        return self.memory.each((key, born), [look], lambda one: replace(one, made={pod: at for at, pod in born}))[0]

    def _split_look(self, look: Look) -> dict[str, Look]:
        return split_look(look, self._owners)

    def _split_interval(self, interval: Interval) -> dict[str, Interval]:
        return split_interval(interval, self._owners)

    @cached_property
    def births(self) -> Births:
        """Return when the pods that keep their names were made."""
        return Births.of(self.snapshot.world.workloads.values())

    @cached_property
    def _all_pods(self) -> Hashable:
        """Return what says whose pods are whose."""
        return tuple((workload, arms.all) for workload, arms in sorted(self.arms.items()))

    @cached_property
    def _owners(self) -> Owners:
        return Owners.of({workload: self.pods_of(workload) for workload in self.arms})

    @cached_property
    def _done(self) -> dict[tuple[object, ...], object]:
        return {}


def material_of(snapshot: Snapshot, observations: Observations, now: datetime, memory: Memory) -> Material | None:
    """Return what there is to judge; None while the release is not watched."""
    schedule = schedule_of(snapshot, now)
    return Material(snapshot, observations, schedule, now, memory) if schedule is not None else None
