"""Deployments: the kind of workload that SafeRollout releases."""

from collections.abc import Sequence
from datetime import datetime

from saferollout.api import names
from saferollout.core.actions import Action
from saferollout.core.pacing import can_step
from saferollout.core.views import WorkloadView
from saferollout.workloads.deployment_view import view_deployment
from saferollout.workloads.deployment_writes import write_deployment
from saferollout.workloads.protocol import RawWorkload, Write


class DeploymentKind:
    """See WorkloadKind."""

    def view(self, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
        """Return what decisions see of the Deployment."""
        return view_deployment(raw, restart_annotations=restart_annotations, now=now)

    def refusals(self, view: WorkloadView, *, batches: Sequence[object]) -> tuple[str, ...]:
        """Return sentences on what would make a release or its rollback impossible, each with the way out."""
        return tuple(sentence for sentence in (_history(view), _paused_by_owner(view), _batches(view, batches)) if sentence)

    def write(self, action: Action, raw: RawWorkload, *, now: datetime) -> Write:
        """Return the one write that carries out an action."""
        return write_deployment(action, raw, now=now)


def _history(view: WorkloadView) -> str:
    if view.strategy.revision_history_limit > 0:
        return ""
    return (
        f"Deployment {view.name} keeps no old ReplicaSet (spec.revisionHistoryLimit is 0), so there would be nothing to roll back to: "
        "set it to at least 1"
    )


def _paused_by_owner(view: WorkloadView) -> str:
    ours = view.held or view.lends or view.left_paused
    if not view.paused or ours:
        return ""
    return (
        f"Deployment {view.name} is paused by its owner (spec.paused), a field that belongs to the hold: remove it, "
        f"and to keep a workload out of releases use the annotation {names.ANNOTATION_OWNER_PAUSED}"
    )


def _batches(view: WorkloadView, batches: Sequence[object]) -> str:
    if not batches:
        return ""
    strategy = view.strategy
    if strategy.type != "RollingUpdate":
        return (
            f"Deployment {view.name} has strategy {strategy.type}, which replaces all pods at once: remove its batches, or use RollingUpdate"
        )
    if view.replicas == 0 or can_step(strategy, replicas=view.replicas):
        return ""
    return (
        f"Deployment {view.name} lets fewer than 1 % of its {view.replicas} pods be extra or missing "
        f"(maxSurge {strategy.max_surge}, maxUnavailable {strategy.max_unavailable}), too few for batches: raise one of them"
    )
