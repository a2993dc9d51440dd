"""Find the manifest of a workload and what the kernel compares of its pod template."""

from typing import Any, Final

from saferollout.api.names import ANNOTATION_CONTRACTS
from saferollout.cli.manifests import Manifest
from saferollout.cli.pod_templates import template_facts
from saferollout.core.lint_findings import NOT_TEXT
from saferollout.core.templates import TemplateFacts

ANNOTATION_FIELD: Final = f'spec.template.metadata.annotations["{ANNOTATION_CONTRACTS}"]'


def meets(manifest: Manifest, namespace: str) -> bool:
    """Tell whether a manifest may be of a namespace: manifests in Git often leave it to kubectl or Kustomize."""
    return not manifest.namespace or not namespace or manifest.namespace == namespace


def facts_of_manifest(manifest: Manifest) -> TemplateFacts:
    """Return the facts of a workload's pod template; raise BadInput with file, document and field."""
    if not manifest.mapping("spec", "template"):
        raise manifest.wrong("spec.template", "is required: a workload without a pod template can't be planned")
    annotations: dict[str, Any] = manifest.mapping("spec", "template", "metadata", "annotations")
    for part in (("spec",), ("metadata", "labels")):
        manifest.mapping("spec", "template", *part)
    contracts = annotations.get(ANNOTATION_CONTRACTS)
    if contracts is not None and not isinstance(contracts, str):
        raise manifest.wrong(ANNOTATION_FIELD, NOT_TEXT)
    try:
        return template_facts(manifest.mapping("spec", "template"), contracts=contracts)
    except (TypeError, ValueError, RecursionError) as error:
        # Anchors that hold themselves, keys of several types: YAML can say what JSON can't.
        raise manifest.wrong("spec.template", f"is nothing the API server could take: {error}") from error
