"""Which pods a query is about: the new ones, the old ones, all of them; as pieces of a regular expression on pod names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from saferollout.api.status import Release
from saferollout.core.views import WorkloadView

# No pod can have this name, so it selects nothing; an empty pattern would select every series without a pod label.
NO_POD: Final = "<none>"

# The API server cuts a generated name to 63 characters, five of them random (k8s.io/apiserver pkg/storage/names).
_LONGEST_GENERATED_BASE: Final = 58


@dataclass(frozen=True, slots=True)
class Labels:
    """What this Prometheus calls the namespace and the pod of a series.

    `kafka_namespace`: label of kafka_exporter's series that holds the tenant's namespace; empty where topics belong to the whole
    cluster, as they do unless somebody relabels them.
    """

    namespace: str = "namespace"
    pod: str = "pod"
    kafka_namespace: str = ""


@dataclass(frozen=True, slots=True)
class Arms:
    """Pod-name patterns (RE2, already escaped) of one or more workloads."""

    new: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    all: tuple[str, ...] = ()

    def measured(self) -> "Arms":
        """Return the arms that a gate measures: where nothing is new yet, every pod stands for both sides."""
        if self.new:
            return self
        return Arms(new=self.all, old=self.all, all=self.all)


def arms_of(view: WorkloadView, *, revision: str | None) -> Arms:
    """Return the arms of a workload while it rolls to `revision` (None: it does not roll).

    Every retained ReplicaSet counts, with or without pods: the text of a query must not change while pods come and go, because
    the same question is asked again about past instants. A StatefulSet's pods keep their names: these patterns say which
    are new now, analysis/incarnations.py which were at a look.
    """
    if view.by_ordinal:
        return _arms_by_name(view, revision=revision)
    new = tuple(pods_of(rs.name) for rs in view.replica_sets if rs.hash == revision)
    old = tuple(pods_of(rs.name) for rs in view.replica_sets if rs.hash != revision)
    return Arms(new=_sorted(new), old=_sorted(old), all=_sorted((*new, *old)))


def _arms_by_name(view: WorkloadView, *, revision: str | None) -> Arms:
    new = tuple(escaped(pod) for rs in view.replica_sets if rs.hash == revision for pod in rs.pod_names)
    old = tuple(escaped(pod) for rs in view.replica_sets if rs.hash != revision for pod in rs.pod_names)
    return Arms(new=_sorted(new), old=_sorted(old), all=(escaped(f"{view.name}-") + "[0-9]+",))


def arms_in(release: Release | None, views: Mapping[str, WorkloadView]) -> dict[str, Arms]:
    """Return which pods of each workload are new and which old in a release; after its end, and without one, none is new."""
    targets = release.targets if release is not None and release.end_time is None else []
    new = {target.workload: target.to_hash for target in targets}
    return {name: arms_of(view, revision=new.get(name)) for name, view in views.items()}


def together(arms: Iterable[Arms]) -> Arms:
    """Return the arms of several workloads as one; the new pods are those of the workloads that have any."""
    listed = tuple(arms)
    return Arms(
        new=_sorted(piece for one in listed for piece in one.new),
        old=_sorted(piece for one in listed for piece in one.old),
        all=_sorted(piece for one in listed for piece in one.all),
    )


def pods_of(replica_set: str) -> str:
    """Return the pattern of the names of a ReplicaSet's pods."""
    return escaped(f"{replica_set}-"[:_LONGEST_GENERATED_BASE]) + "[a-z0-9]{5}"


def alternation(pieces: tuple[str, ...]) -> str:
    """Return one pattern that matches what any of the pieces matches, and nothing where there are none."""
    return "|".join(pieces) if pieces else NO_POD


def escaped(literal: str) -> str:
    """Escape a literal for RE2, which refuses escapes of characters that have no meaning."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", literal)


def _sorted(pieces: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(pieces)))
