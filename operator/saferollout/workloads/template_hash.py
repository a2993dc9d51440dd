"""The name of a revision: a digest of its pod template, the same whoever holds the template and however often it was restarted."""

import copy
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from saferollout.api.names import ANNOTATION_CONTRACTS
from saferollout.workloads.protocol import RawObject

POD_TEMPLATE_HASH: Final = "pod-template-hash"
RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
_DIGITS: Final = 16


def template_hash(template: RawObject, *, restart_annotations: Sequence[str]) -> str:
    """Return the first 16 hex digits of SHA-256 over the template's canonical JSON, without what a restart or a controller adds."""
    bare = bare_template(template)
    annotations = bare.get("metadata", {}).get("annotations", {})
    for key in restart_annotations:
        annotations.pop(key, None)
    canonical = json.dumps(_without_empty_metadata(bare), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_DIGITS]


def body_hash(template: RawObject, *, restart_annotations: Sequence[str]) -> str:
    """Return the same digest without the contracts annotation: templates with equal bodies run the same pods."""
    return template_hash(template, restart_annotations=(*restart_annotations, ANNOTATION_CONTRACTS))


def bare_template(template: RawObject) -> dict[str, Any]:
    """Return a copy as its owner wrote it: without the Deployment controller's label and without an empty creationTimestamp."""
    bare: dict[str, Any] = copy.deepcopy(dict(template))
    metadata = bare.get("metadata") or {}
    metadata.pop("creationTimestamp", None)
    labels = metadata.get("labels") or {}
    labels.pop(POD_TEMPLATE_HASH, None)
    bare["metadata"] = metadata
    return bare


def annotation_of(template: RawObject, key: str) -> str | None:
    """Return an annotation of a template; None where it has none."""
    annotations: dict[str, str] = (template.get("metadata") or {}).get("annotations") or {}
    return annotations.get(key)


def _without_empty_metadata(template: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in template["metadata"].items() if value}
    return {**template, "metadata": metadata}
