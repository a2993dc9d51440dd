"""What is seen of a workload alike whatever its kind: names, templates, and the marks that stand in its labels and annotations."""

from collections.abc import Sequence
from typing import Final, TypedDict

from saferollout.api import names
from saferollout.workloads.protocol import RawObject
from saferollout.workloads.template_hash import RESTARTED_AT, annotation_of, body_hash, template_hash
from saferollout.workloads.used_bypasses import has_counted
from saferollout.workloads.waiting_template import waiting_template

DEFAULT_HISTORY: Final = 10
"""Kubernetes' own default of revisionHistoryLimit, for Deployments and StatefulSets alike."""


class SharedView(TypedDict):
    """Fields of core.views.WorkloadView that every kind has from here."""

    name: str
    uid: str
    resource_version: str
    template: str
    contracts: str | None
    template_restarted_at: str
    replicas: int
    pinned: bool
    managed_by: str | None
    owner_paused: str | None
    bypass: str | None
    bypass_counted: bool
    bypasses_used: bool
    waiting: str | None
    waiting_contracts: str | None
    waiting_body: str
    template_came_while_pinned: bool
    deleting: bool
    body: str
    text: str
    labelled_by_us: bool


def shared_view(workload: RawObject, *, restart_annotations: Sequence[str]) -> SharedView:
    """Return them for one workload, as the API server shows it."""
    metadata, spec = workload["metadata"], workload["spec"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    template, waiting = spec["template"], waiting_template(workload)
    return SharedView(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        template=template_hash(template, restart_annotations=restart_annotations),
        contracts=annotation_of(template, names.ANNOTATION_CONTRACTS),
        template_restarted_at=annotation_of(template, RESTARTED_AT) or "",
        replicas=spec.get("replicas", 1),
        pinned=names.LABEL_PINNED in labels,
        managed_by=labels.get(names.LABEL_MANAGED_BY),
        owner_paused=annotations.get(names.ANNOTATION_OWNER_PAUSED),
        bypass=annotations.get(names.ANNOTATION_BYPASS),
        bypass_counted=has_counted(workload),
        bypasses_used=names.ANNOTATION_BYPASSED in annotations,
        waiting=None if waiting is None else template_hash(waiting, restart_annotations=restart_annotations),
        waiting_contracts=None if waiting is None else annotation_of(waiting, names.ANNOTATION_CONTRACTS),
        waiting_body="" if waiting is None else body_hash(waiting, restart_annotations=restart_annotations),
        template_came_while_pinned=names.LABEL_TEMPLATE_CAME in labels,
        deleting="deletionTimestamp" in metadata,
        body=body_hash(template, restart_annotations=restart_annotations),
        text=template_hash(template, restart_annotations=()),
        labelled_by_us=names.ANNOTATION_LABELLED_BY in annotations and names.LABEL_MANAGED_BY in labels,
    )
