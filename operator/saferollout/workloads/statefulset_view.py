"""A StatefulSet with its ControllerRevisions and pods, as decisions see it.

A pod says by its label which ControllerRevision it was made from, and that keeps the template. The revision that a pod below the partition
is made from (status.currentRevision) becomes the one in spec as soon as all pods were of that one and ready at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from saferollout.api import names
from saferollout.core.views import Partition, ReplicaSetView, Strategy, WorkloadView
from saferollout.workloads.field_ownership import TEMPLATE, owned_spec_fields
from saferollout.workloads.originals import OriginalsLost
from saferollout.workloads.partition import (
    is_borrowed,
    is_left_paused,
    is_stopped,
    own_partition,
    partition_of,
    strategy_type,
)
from saferollout.workloads.pods import births_of, count_pods, ordinal_of, owned_by, parse_time, serving
from saferollout.workloads.protocol import RawObject, RawWorkload
from saferollout.workloads.shared_view import DEFAULT_HISTORY, shared_view
from saferollout.workloads.template_hash import RESTARTED_AT, annotation_of, body_hash, template_hash

POD_REVISION: Final = "controller-revision-hash"
UPDATE_STRATEGY: Final = frozenset({"updateStrategy"})


def view_statefulset(raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
    """Return the view; the user's own partition is taken from the annotation where it is borrowed."""
    workload = raw.workload
    metadata, status = workload["metadata"], workload.get("status") or {}
    labels = metadata.get("labels") or {}
    own, trouble = _own(workload)
    stopped = is_stopped(workload)
    held = names.LABEL_HELD in labels and stopped
    paced = Partition(first_new=partition_of(workload) or 0) if names.LABEL_PACED in labels and not stopped else None
    revisions = _revisions(raw, restart_annotations=restart_annotations, now=now)
    return WorkloadView(
        **shared_view(workload, restart_annotations=restart_annotations),
        kind="StatefulSet",
        settled=_is_settled(raw),
        paused=stopped,
        held=held,
        paced=paced,
        strategy=_strategy(workload, own),
        replica_sets=revisions,
        left_paused=is_left_paused(workload),
        pace_left=is_borrowed(workload) and not (held or paced or is_left_paused(workload)),
        trouble=trouble,
        owns_returned=bool(owned_but_returned(workload)),
        current=next((shown.hash for shown in revisions if shown.name == status.get("currentRevision")), ""),
        created=parse_time(metadata["creationTimestamp"]) if "creationTimestamp" in metadata else None,  # a manifest has none
    )


def owned_but_returned(workload: RawObject) -> frozenset[str]:
    """Return fields of spec that are on record as ours although nothing of theirs is borrowed now."""
    borrowed = UPDATE_STRATEGY if is_borrowed(workload) else frozenset()
    pinned = TEMPLATE if names.LABEL_PINNED in (workload["metadata"].get("labels") or {}) else frozenset()
    return owned_spec_fields(workload["metadata"]) - borrowed - pinned


def template_of(revision: RawObject) -> dict[str, Any]:
    """Return the template that a ControllerRevision keeps, without the word that makes a patch of it."""
    template: dict[str, Any] = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def pods_of_revision(raw: RawWorkload, revision: str) -> list[RawObject]:
    """Return the StatefulSet's pods that were made from a ControllerRevision, by its name."""
    owned = owned_by(raw.workload["metadata"]["uid"], raw.pods)
    return [pod for pod in owned if (pod["metadata"].get("labels") or {}).get(POD_REVISION) == revision]


def _is_settled(raw: RawWorkload) -> bool:
    """Tell whether the native controller has seen this generation, and we the ControllerRevisions that it decides by."""
    metadata, status = raw.workload["metadata"], raw.workload.get("status") or {}
    known = {revision["metadata"]["name"] for revision in raw.revisions}
    decided_by = {status.get("currentRevision"), status.get("updateRevision")}
    return status.get("observedGeneration", 0) >= metadata.get("generation", 0) and decided_by <= known


def _own(workload: RawObject) -> tuple[int | None, str | None]:
    try:
        return own_partition(workload), None
    except OriginalsLost as lost:
        sentence = (
            f"the partition that was borrowed from StatefulSet {workload['metadata']['name']} can't be given back, because {lost}: write it "
            f"again by hand ({{\"partition\": 0}}), or set the partition yourself and remove the labels {names.LABEL_HELD} and {names.LABEL_PACED}"
        )
        return None, sentence


def _strategy(workload: RawObject, own: int | None) -> Strategy:
    spec = workload["spec"]
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
    return Strategy(
        type=strategy_type(workload),
        max_unavailable=rolling.get("maxUnavailable", 1),
        max_surge=0,
        min_ready_seconds=spec.get("minReadySeconds", 0),
        revision_history_limit=spec.get("revisionHistoryLimit", DEFAULT_HISTORY),
        partition=own or 0,
    )


def _revisions(raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> tuple[ReplicaSetView, ...]:
    owned = owned_by(raw.workload["metadata"]["uid"], raw.revisions)
    newest_first = sorted(owned, key=lambda revision: (revision.get("revision", 0), revision["metadata"]["name"]), reverse=True)
    shown = [_revision(revision, raw, restart_annotations=restart_annotations, now=now) for revision in newest_first]
    return tuple(one for one in shown if not _never_ran(one, shown, raw.workload))


def _never_ran(one: ReplicaSetView, shown: Sequence[ReplicaSetView], workload: RawObject) -> bool:
    """Tell whether it is the template in spec, of which no pod was made yet: a held Deployment has no ReplicaSet of it either."""
    status = workload.get("status") or {}
    in_spec = one.name == status.get("updateRevision") != status.get("currentRevision")
    return in_spec and one.pods == 0 and all(one.created >= other.created for other in shown)


def _revision(revision: RawObject, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> ReplicaSetView:
    metadata, workload = revision["metadata"], raw.workload
    pods = pods_of_revision(raw, metadata["name"])
    staying = serving(pods)
    count = count_pods(pods, min_ready_seconds=workload["spec"].get("minReadySeconds", 0), now=now)
    # The one in spec may have been kept by an older Kubernetes, with other defaults.
    is_in_spec = _is_settled(raw) and metadata["name"] == workload["status"]["updateRevision"]
    template = workload["spec"]["template"] if is_in_spec else template_of(revision)
    return ReplicaSetView(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        hash=template_hash(template, restart_annotations=restart_annotations),
        pod_hash=metadata["name"],
        contracts=annotation_of(template, names.ANNOTATION_CONTRACTS),
        created=parse_time(metadata["creationTimestamp"]),
        replicas=len(staying),
        pods=count.pods,
        ready=count.ready,
        available=count.available,
        steady=count.steady,
        restarted_at=annotation_of(template, RESTARTED_AT) or "",
        next_available=count.next_available,
        trouble=count.trouble,
        body=body_hash(template, restart_annotations=restart_annotations),
        text=template_hash(template, restart_annotations=()),
        places=tuple(sorted(ordinal_of(pod) - (workload["spec"].get("ordinals") or {}).get("start", 0) for pod in staying)),
        pod_names=tuple(sorted(pod["metadata"]["name"] for pod in pods)),
        births=births_of(pods),
    )
