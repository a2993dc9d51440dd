"""Manifests as `lint` looks at them: what is a SafeRollout, what is a workload, and what the operator would refuse of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from saferollout.api.names import ANNOTATION_CONTRACTS, ANNOTATION_READABLE_BY, GROUP, KIND, LABEL_MANAGED_BY, RESTART_ANNOTATIONS
from saferollout.api.problems import InvalidSafeRollout, Problem
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import SafeRolloutSpec
from saferollout.cli.manifests import Manifest
from saferollout.core.lint_findings import (
    DEPLOYMENT,
    RELEASED_KINDS,
    STATEFUL_SET,
    Place,
    SafeRolloutManifest,
    SyncedManifest,
    WorkloadManifest,
)
from saferollout.core.lint_waves import HOOK, SYNC_WAVE
from saferollout.core.views import WorkloadView
from saferollout.workloads.kinds import all_kinds
from saferollout.workloads.protocol import RawWorkload

_TEMPLATES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("apps", DEPLOYMENT): ("spec", "template"),
    ("apps", STATEFUL_SET): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_BATCHES: Final[Sequence[object]] = ("50%",)
"""Any batch: refusals ask only whether there are some."""


def saferollouts_among(manifests: Sequence[Manifest], *, namespace: str) -> list[SafeRolloutManifest]:
    """Read the SafeRollouts strictly, as the API server would; one whose kind or group is mistyped is meant as one all the same."""
    return [_saferollout(manifest, namespace) for manifest in manifests if manifest.group == GROUP or manifest.kind == KIND]


def workloads_among(manifests: Sequence[Manifest], *, namespace: str) -> list[WorkloadManifest]:
    """Read what has pod templates, whether or not this version can release it."""
    return [
        _workload(manifest, path, namespace)
        for manifest in manifests
        if (path := _TEMPLATES.get((manifest.group, manifest.kind))) is not None
    ]


def synced_among(manifests: Sequence[Manifest], *, namespace: str) -> list[SyncedManifest]:
    """Read of every object when Argo CD would sync it; a wave that is no number counts as 0, as there."""
    return [_synced(manifest, namespace) for manifest in manifests]


def _synced(manifest: Manifest, namespace: str) -> SyncedManifest:
    annotations = manifest.mapping("metadata", "annotations")
    wave, hooks = str(annotations.get(SYNC_WAVE)), str(annotations.get(HOOK) or "")
    return SyncedManifest(
        place=Place(manifest.source, manifest.document),
        kind=manifest.kind,
        name=manifest.name,
        namespace=manifest.namespace or namespace,
        wave=int(wave) if _NUMBER.fullmatch(wave) else 0,
        states_wave=SYNC_WAVE in annotations,
        hooks=frozenset(word.strip() for word in hooks.split(",") if word.strip()),
    )


def _saferollout(manifest: Manifest, namespace: str) -> SafeRolloutManifest:
    spec, problems = _parsed(manifest)
    return SafeRolloutManifest(
        place=Place(manifest.source, manifest.document),
        name=manifest.name,
        namespace=manifest.namespace or namespace,
        spec=spec,
        problems=problems,
        named=tuple((entry.reference.kind, entry.reference.name) for entry in spec.workloads) if spec else tuple(_names(manifest)),
    )


def _parsed(manifest: Manifest) -> tuple[SafeRolloutSpec | None, tuple[Problem, ...]]:
    try:
        return SafeRollout.parse_strict(manifest.content).spec, ()
    except InvalidSafeRollout as invalid:
        return None, invalid.problems


def _names(manifest: Manifest) -> list[tuple[str, str]]:
    """Name the workloads of a SafeRollout that can't be read by kind and name, as far as one can tell."""
    spec = manifest.content.get("spec")
    entries = spec.get("workloads") if isinstance(spec, dict) else None
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    references = ((entry, reference if isinstance(reference := entry.get("workloadRef"), dict) else {}) for entry in found)
    return [(str(reference.get("kind") or DEPLOYMENT), str(reference.get("name") or entry.get("name") or "")) for entry, reference in references]


def _workload(manifest: Manifest, path: tuple[str, ...], namespace: str) -> WorkloadManifest:
    field = ".".join((*path, "metadata", "annotations"))
    declaration = manifest.mapping(*path, "metadata", "annotations").get(ANNOTATION_CONTRACTS)
    readable_by = manifest.mapping("metadata", "annotations").get(ANNOTATION_READABLE_BY)
    view = _view(manifest) if manifest.kind in RELEASED_KINDS else None
    return WorkloadManifest(
        place=Place(manifest.source, manifest.document),
        kind=manifest.kind,
        name=manifest.name,
        namespace=manifest.namespace or namespace,
        managed_by=str(manifest.mapping("metadata", "labels").get(LABEL_MANAGED_BY) or ""),
        declaration=declaration if isinstance(declaration, str) else None,
        declaration_is_text=declaration is None or isinstance(declaration, str),
        declaration_field=f"{field}.{ANNOTATION_CONTRACTS}",
        misplaced_declaration=ANNOTATION_CONTRACTS in manifest.mapping("metadata", "annotations"),
        readable_by=None if readable_by is None else str(readable_by),
        refusals={} if view is None else {batches: _refusals(manifest, view, batches=batches) for batches in (False, True)},
        history=None if view is None else view.strategy.revision_history_limit,
    )


def _view(manifest: Manifest) -> WorkloadView:
    """See a workload as the operator would; what kubectl itself would refuse is not our business."""
    raw = RawWorkload(workload=_as_stored(manifest))
    with _readable(manifest):
        return all_kinds().view(raw, restart_annotations=RESTART_ANNOTATIONS, now=datetime.now(UTC))


def _refusals(manifest: Manifest, view: WorkloadView, *, batches: bool) -> tuple[str, ...]:
    with _readable(manifest):
        return all_kinds().refusals(view, batches=_BATCHES if batches else ())


@contextmanager
def _readable(manifest: Manifest) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise manifest.wrong("spec", f"can't be read as a {manifest.kind}: {error!r}") from error


def _as_stored(manifest: Manifest) -> dict[str, Any]:
    """Add what the API server adds, as far as the view asks for it; null counts as absent there."""
    spec = {key: value for key, value in manifest.mapping("spec").items() if value is not None}
    metadata = {"uid": "", "resourceVersion": "", **manifest.mapping("metadata")}
    return {**manifest.content, "metadata": metadata, "spec": {**spec, "template": manifest.mapping("spec", "template")}}
