"""When pods that keep their names were made, as far as the cluster still shows it: it tells a new process from the old one under the same name."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from saferollout.core.views import WorkloadView

_SEEN_LATE: Final = timedelta(minutes=10)
"""For so long after a pod was made its first counts may be awaited: its image is pulled, it starts, Prometheus finds it."""


@dataclass(frozen=True, slots=True)
class Births:
    """Pods with the moments at which they were made, the oldest first; none of a workload whose pods get other names."""

    in_order: tuple[tuple[datetime, str], ...] = ()

    @classmethod
    def of(cls, views: Iterable[WorkloadView]) -> Self:
        """Return those of the pods that are there now."""
        return cls(tuple(sorted((at, pod) for view in views if view.by_ordinal for one in view.replica_sets for pod, at in one.births)))

    @property
    def by_pod(self) -> Mapping[str, datetime]:
        """Return when each pod was made."""
        return {pod: at for at, pod in self.in_order}

    def between(self, last: datetime, look: datetime) -> tuple[tuple[datetime, str], ...]:
        """Return those that a look may see for the first time, after the last one."""
        first, end = (bisect_right(self.in_order, at, key=lambda one: one[0]) for at in (last - _SEEN_LATE, look))
        return self.in_order[first:end]
