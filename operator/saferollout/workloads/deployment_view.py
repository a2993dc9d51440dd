"""A Deployment with its ReplicaSets and pods, as decisions see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from saferollout.api import names
from saferollout.core.views import Pace, PodTrouble, ReplicaSetView, Strategy, WorkloadView
from saferollout.workloads.field_ownership import PACE, PAUSE, TEMPLATE, owned_spec_fields
from saferollout.workloads.originals import (
    MIN_READY_OUT_OF_REACH,
    Originals,
    OriginalsLost,
    is_paced,
    originals_of,
)
from saferollout.workloads.pods import count_pods, owned_by, parse_time
from saferollout.workloads.protocol import RawObject, RawWorkload
from saferollout.workloads.shared_view import DEFAULT_HISTORY, shared_view
from saferollout.workloads.template_hash import POD_TEMPLATE_HASH, RESTARTED_AT, annotation_of, body_hash, template_hash

_REVISION: Final = "deployment.kubernetes.io/revision"


def view_deployment(raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
    """Return the view; what the user wrote is taken from the originals where the Deployment is paced."""
    deployment = raw.workload
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    originals, trouble = _originals(deployment)
    pace = _pace(deployment)
    return WorkloadView(
        **shared_view(deployment, restart_annotations=restart_annotations),
        kind="Deployment",
        settled=status.get("observedGeneration", 0) >= metadata.get("generation", 0),
        paused=bool(spec.get("paused")),
        held=names.LABEL_HELD in labels,
        paced=pace,
        strategy=_strategy(spec, originals),
        replica_sets=_replica_sets(raw, originals=originals, restart_annotations=restart_annotations, now=now),
        left_paused=names.ANNOTATION_LEFT_PAUSED in annotations and bool(spec.get("paused")) and names.LABEL_HELD not in labels,
        pace_left=is_paced(deployment) and pace is None,
        trouble=trouble,
        owns_returned=bool(owned_but_returned(deployment)),
    )


def owned_but_returned(deployment: RawObject) -> frozenset[str]:
    """Return fields of spec that are on record as ours although nothing of theirs is borrowed now."""
    labels, spec = deployment["metadata"].get("labels") or {}, deployment["spec"]
    borrowed = (PAUSE if spec.get("paused") else frozenset()) | (PACE if is_paced(deployment) else frozenset())
    pinned = TEMPLATE if names.LABEL_PINNED in labels else frozenset()
    return owned_spec_fields(deployment["metadata"]) - borrowed - pinned


def _originals(deployment: RawObject) -> tuple[Originals, str | None]:
    try:
        return originals_of(deployment), None
    except OriginalsLost as lost:
        spec = deployment["spec"]
        rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
        as_it_stands = Originals(
            min_ready_seconds=spec.get("minReadySeconds"),
            progress_deadline_seconds=spec.get("progressDeadlineSeconds"),
            max_unavailable=rolling.get("maxUnavailable"),
            max_surge=rolling.get("maxSurge"),
        )
        sentence = (
            f"the fields that were borrowed from Deployment {deployment['metadata']['name']} can't be given back, because {lost}: "
            f"write it again by hand, or set minReadySeconds, progressDeadlineSeconds and strategy yourself and remove the label "
            f"{names.LABEL_PACED} and the annotation"
        )
        return as_it_stands, sentence


def _strategy(spec: RawObject, originals: Originals) -> Strategy:
    return Strategy(
        type=spec.get("strategy", {}).get("type", "RollingUpdate"),
        max_unavailable=originals.effective_max_unavailable,
        max_surge=originals.effective_max_surge,
        min_ready_seconds=originals.effective_min_ready_seconds,
        revision_history_limit=spec.get("revisionHistoryLimit", DEFAULT_HISTORY),
    )


def _pace(deployment: RawObject) -> Pace | None:
    """Return the pace in spec; one that somebody took out of spec (no policy kept it) is none, whatever the label says."""
    spec = deployment["spec"]
    rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
    if not is_paced(deployment) or spec.get("minReadySeconds") != MIN_READY_OUT_OF_REACH or not rolling:
        return None
    return Pace(max_unavailable=rolling.get("maxUnavailable", "0%"), max_surge=rolling.get("maxSurge", 0))


def _replica_sets(
    raw: RawWorkload, *, originals: Originals, restart_annotations: Sequence[str], now: datetime
) -> tuple[ReplicaSetView, ...]:
    owned = owned_by(raw.workload["metadata"]["uid"], raw.revisions)
    newest_first = sorted(owned, key=_age, reverse=True)
    return tuple(
        _replica_set(replica_set, pods=raw.pods, originals=originals, restart_annotations=restart_annotations, now=now)
        for replica_set in newest_first
    )


def _age(replica_set: RawObject) -> tuple[datetime, int, str]:
    metadata = replica_set["metadata"]
    revision = (metadata.get("annotations") or {}).get(_REVISION, "0")
    return parse_time(metadata["creationTimestamp"]), int(revision) if revision.isdecimal() else 0, metadata["name"]


def _replica_set(
    replica_set: RawObject, *, pods: tuple[RawObject, ...], originals: Originals, restart_annotations: Sequence[str], now: datetime
) -> ReplicaSetView:
    metadata, spec = replica_set["metadata"], replica_set["spec"]
    count = count_pods(owned_by(metadata["uid"], pods), min_ready_seconds=originals.effective_min_ready_seconds, now=now)
    template = spec["template"]
    return ReplicaSetView(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        hash=template_hash(template, restart_annotations=restart_annotations),
        pod_hash=(metadata.get("labels") or {}).get(POD_TEMPLATE_HASH, ""),
        contracts=annotation_of(template, names.ANNOTATION_CONTRACTS),
        created=parse_time(metadata["creationTimestamp"]),
        replicas=spec.get("replicas", 1),
        pods=count.pods,
        ready=count.ready,
        available=count.available,
        steady=count.steady,
        restarted_at=annotation_of(template, RESTARTED_AT) or "",
        next_available=count.next_available,
        trouble=(*_cannot_create(replica_set), *count.trouble),
        body=body_hash(template, restart_annotations=restart_annotations),
        text=template_hash(template, restart_annotations=()),
    )


def _cannot_create(replica_set: RawObject) -> tuple[PodTrouble, ...]:
    """Return why the ReplicaSet controller can't create pods, such as an exhausted quota."""
    conditions: list[dict[str, Any]] = (replica_set.get("status") or {}).get("conditions") or []
    return tuple(
        PodTrouble(pod=replica_set["metadata"]["name"], reason=condition.get("reason", ""), message=condition.get("message", ""))
        for condition in conditions
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"
    )
