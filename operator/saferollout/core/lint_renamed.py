"""A service renamed in one commit: a GitOps tool prunes the old workload while the new one is held, or, a StatefulSet, starts empty."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from saferollout.core.lint import manages, same_namespace
from saferollout.core.lint_findings import (
    DEPLOYMENT,
    RELEASED_KINDS,
    STATEFUL_SET,
    Code,
    Finding,
    SafeRolloutManifest,
    Speaker,
    WorkloadManifest,
)

_WHAT_HAPPENS: Final[Mapping[str, str]] = {
    DEPLOYMENT: "the new one is held at creation while the old one goes, an outage",
    STATEFUL_SET: "the new one starts at once, whatever its turn, on volumes of its own, which are empty, while the old one goes",
}
_WAY_OUT: Final = "add the new one in one commit and remove the old one in a later one"


def renamed(
    saferollouts: Sequence[SafeRolloutManifest], workloads: Sequence[WorkloadManifest], *, before: Sequence[WorkloadManifest]
) -> Iterator[Finding]:
    """Name workloads that are new where others of the same SafeRollout are gone; `before` is what runs."""
    for saferollout in saferollouts:
        now = [workload for workload in workloads if _belongs(saferollout, workload)]
        then = [workload for workload in before if _belongs(saferollout, workload)]
        gone = ", ".join(sorted(name for _, name in _names(then) - _names(workloads)))
        if not gone:
            continue
        for new in (workload for workload in now if (workload.kind, workload.name) not in _names(before)):
            message = f"is new while {gone} is gone: if this renames a service, {_WHAT_HAPPENS[new.kind]}; {_WAY_OUT}"
            yield Speaker(new.place, f"{new.kind} {new.name}").warning(Code.RENAMED_WORKLOAD, "metadata.name", message)


def _belongs(saferollout: SafeRolloutManifest, workload: WorkloadManifest) -> bool:
    """Say whether a workload is, or by its label was, part of a SafeRollout that may no longer list it."""
    labelled = workload.managed_by == saferollout.name and same_namespace(workload.namespace, saferollout.namespace)
    return workload.kind in RELEASED_KINDS and (labelled or manages(saferollout, workload))


def _names(workloads: Iterable[WorkloadManifest]) -> set[tuple[str, str]]:
    return {(workload.kind, workload.name) for workload in workloads if workload.kind in RELEASED_KINDS}
