"""StatefulSets: pods with names, replaced in place from the highest ordinal down.

A new StatefulSet is not held: with the partition above all ordinals its controller makes the pods of the first revision all the same, for
there is no older one; refusing its creation would leave a GitOps tool failing, and spec.replicas is its owner's. It starts at once; lint and a
warning at apply say so.
"""

from collections.abc import Sequence
from datetime import datetime

from saferollout.api import names
from saferollout.core.actions import Action
from saferollout.core.views import WorkloadView
from saferollout.workloads.partition import ROLLING
from saferollout.workloads.protocol import RawWorkload, Write
from saferollout.workloads.statefulset_view import view_statefulset
from saferollout.workloads.statefulset_writes import write_statefulset


class StatefulSetKind:
    """See WorkloadKind."""

    def view(self, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
        """Return what decisions see of the StatefulSet."""
        return view_statefulset(raw, restart_annotations=restart_annotations, now=now)

    def refusals(self, view: WorkloadView, *, batches: Sequence[object]) -> tuple[str, ...]:
        """Return sentences on what would make a release or its rollback impossible, each with the way out."""
        return tuple(sentence for sentence in (_type(view), _partition(view), _history(view)) if sentence)

    def write(self, action: Action, raw: RawWorkload, *, now: datetime) -> Write:
        """Return the one write that carries out an action."""
        return write_statefulset(action, raw, now=now)


def _type(view: WorkloadView) -> str:
    if view.strategy.type == ROLLING:
        return ""
    return (
        f"StatefulSet {view.name} has updateStrategy {view.strategy.type}: its pods get a new template only when somebody deletes them, so "
        f"nothing can be released in order or taken back: use {ROLLING}"
    )


def _partition(view: WorkloadView) -> str:
    if view.strategy.partition == 0 or view.strategy.type != ROLLING:
        return ""
    return (
        f"StatefulSet {view.name} has a partition of its own ({view.strategy.partition}), so no release of it would ever be complete: set "
        f"spec.updateStrategy.rollingUpdate.partition to 0, use batches, and to keep a workload out of releases use the annotation "
        f"{names.ANNOTATION_OWNER_PAUSED}"
    )


def _history(view: WorkloadView) -> str:
    if view.strategy.revision_history_limit > 0:
        return ""
    return (
        f"StatefulSet {view.name} keeps no old ControllerRevision (spec.revisionHistoryLimit is 0), so there would be nothing to roll back to: "
        "set it to at least 1"
    )
