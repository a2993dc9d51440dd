"""Whose pods are whose: what was seen of everybody, split by workload once, so that nobody goes through the pods of all others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


def split_look(look: Look, owners: Owners) -> dict[str, Look]:
    """Return what was seen of each workload's pods."""
    return {workload: Look(at=look.at, subjects=subjects) for workload, subjects in owners.split(look.subjects).items()}


def split_interval(interval: Interval, owners: Owners) -> dict[str, Interval]:
    """Return what each workload's pods did between two looks."""
    remarks = owners.split(interval.remarks) if interval.remarks else {}
    return {
        workload: Interval(start=interval.start, at=interval.at, grown=grown, remarks=remarks.get(workload, {}))
        for workload, grown in owners.split(interval.grown).items()
    }
