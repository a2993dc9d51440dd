"""Whose pods are whose: what was seen of everybody, split by workload once, so that nobody goes through the pods of all others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Self, TypeVar

from saferollout.core.counting import Interval, Look

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owners:
    """The workloads, and which of them a pod belongs to."""

    workloads: tuple[str, ...]
    of_pod: Callable[[str], tuple[str, ...]]

    @classmethod
    def of(cls, workloads: Mapping[str, Callable[[str], bool]]) -> Self:
        """Ask each workload for each pod once."""
        return cls(workloads=tuple(workloads), of_pod=cache(lambda pod: tuple(name for name, is_pod in workloads.items() if is_pod(pod))))

    def split(self, subjects: Mapping[str, T]) -> dict[str, dict[str, T]]:
        """Return what there is of each workload's pods; also where that is nothing."""
        found: dict[str, dict[str, T]] = {workload: {} for workload in self.workloads}
        for subject, what in subjects.items():
            for workload in self.of_pod(subject):
                found[workload][subject] = what
        return found


def split_looks(looks: Iterable[Look], owners: Owners) -> dict[str, tuple[Look, ...]]:
    """Return the looks at each workload's pods."""
    split: dict[str, list[Look]] = {workload: [] for workload in owners.workloads}
    for look in looks:
        for workload, subjects in owners.split(look.subjects).items():
            split[workload].append(Look(at=look.at, subjects=subjects))
    return {workload: tuple(found) for workload, found in split.items()}


def split_intervals(intervals: Iterable[Interval], owners: Owners) -> dict[str, tuple[Interval, ...]]:
    """Return what each workload's pods did between looks."""
    split: dict[str, list[Interval]] = {workload: [] for workload in owners.workloads}
    for interval in intervals:
        remarks = owners.split(interval.remarks) if interval.remarks else {}
        for workload, grown in owners.split(interval.grown).items():
            split[workload].append(replace(interval, grown=grown, remarks=remarks.get(workload, {})))
    return {workload: tuple(found) for workload, found in split.items()}
