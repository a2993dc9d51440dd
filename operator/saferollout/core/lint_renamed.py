"""A service renamed in one commit: the new workload is held at creation while a GitOps tool prunes the old one."""

from collections.abc import Iterable, Iterator, Sequence

from saferollout.core.lint import manages, same_namespace
from saferollout.core.lint_findings import DEPLOYMENT, Code, Finding, SafeRolloutManifest, Speaker, WorkloadManifest


def renamed(
    saferollouts: Sequence[SafeRolloutManifest], workloads: Sequence[WorkloadManifest], *, before: Sequence[WorkloadManifest]
) -> Iterator[Finding]:
    """Name workloads that are new where others of the same SafeRollout are gone; `before` is what runs."""
    for saferollout in saferollouts:
        now = [workload for workload in workloads if _belongs(saferollout, workload)]
        then = [workload for workload in before if _belongs(saferollout, workload)]
        gone = ", ".join(sorted(_names(then) - _names(workloads)))
        if not gone:
            continue
        for new in (workload for workload in now if workload.name not in _names(before)):
            message = (
                f"is new while {gone} is gone: if this renames a service, the new one is held at creation while the old one goes, "
                "an outage; add the new one in one commit and remove the old one in a later one"
            )
            yield Speaker(new.place, f"{new.kind} {new.name}").warning(Code.RENAMED_WORKLOAD, "metadata.name", message)


def _belongs(saferollout: SafeRolloutManifest, workload: WorkloadManifest) -> bool:
    """Say whether a workload is, or by its label was, part of a SafeRollout that may no longer list it."""
    labelled = workload.managed_by == saferollout.name and same_namespace(workload.namespace, saferollout.namespace)
    return workload.kind == DEPLOYMENT and (labelled or manages(saferollout, workload))


def _names(workloads: Iterable[WorkloadManifest]) -> set[str]:
    return {workload.name for workload in workloads if workload.kind == DEPLOYMENT}
