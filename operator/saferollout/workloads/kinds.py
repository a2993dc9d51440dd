"""All kinds of workload behind the shape of one: each object and each view goes to its own kind."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from saferollout.core.actions import Action
from saferollout.core.views import WorkloadView
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import RawWorkload, WorkloadKind, Write
from saferollout.workloads.statefulset import StatefulSetKind


def all_kinds() -> "WorkloadKinds":
    """Return every kind of workload that there is a module for."""
    return WorkloadKinds({"Deployment": DeploymentKind(), "StatefulSet": StatefulSetKind()})


class WorkloadKinds:
    """See WorkloadKind. `kinds` by what objects say they are; one that is not among them raises KeyError."""

    def __init__(self, kinds: Mapping[str, WorkloadKind]) -> None:
        self._kinds = kinds

    def view(self, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
        """Return what decisions see of the workload."""
        return self._kinds[raw.kind].view(raw, restart_annotations=restart_annotations, now=now)

    def refusals(self, view: WorkloadView, *, batches: Sequence[object]) -> tuple[str, ...]:
        """Return why the workload can't be released."""
        return self._kinds[view.kind].refusals(view, batches=batches)

    def write(self, action: Action, raw: RawWorkload, *, now: datetime) -> Write:
        """Return the one write that carries out an action."""
        return self._kinds[raw.kind].write(action, raw, now=now)
