"""Foreign workloads of `saferollout plan`: what runs elsewhere, as far as its manifests were given."""

from collections.abc import Sequence

from saferollout.api.externals import may_be_read
from saferollout.api.names import ANNOTATION_READABLE_BY
from saferollout.api.spec import SafeRolloutSpec
from saferollout.cli.manifests import Manifest
from saferollout.cli.template_manifests import facts_of_manifest
from saferollout.core.foreign import ForeignName, ForeignWorkload, foreign_names, not_readable
from saferollout.core.lint_findings import DEPLOYMENT


def foreign_workloads(
    spec: SafeRolloutSpec, namespace: str, live: Sequence[Manifest], desired: Sequence[Manifest]
) -> dict[ForeignName, ForeignWorkload]:
    """Return every workload that contracts take versions from. What runs counts; where only Git has it, what Git has."""
    ours = frozenset(workload.reference.name for workload in spec.workloads)
    return {
        name: _foreign(name, namespace, _find(name, live, ours) or _find(name, desired, ours))
        for name in foreign_names(spec.contracts, namespace=namespace)
    }


def _foreign(name: ForeignName, reader: str, manifest: Manifest | None) -> ForeignWorkload:
    if manifest is None:
        where = f" of namespace {name.namespace}" if name.namespace else ""
        return ForeignWorkload(problem=f"Deployment {name.workload}{where} is in neither --live nor --desired: add its manifest")
    if name.namespace != reader and not _is_readable(manifest, reader):
        return ForeignWorkload(problem=not_readable(name, by=reader or "of this SafeRollout"))
    return ForeignWorkload(alive=(facts_of_manifest(manifest),))


def _is_readable(manifest: Manifest, reader: str) -> bool:
    annotation = manifest.mapping("metadata", "annotations").get(ANNOTATION_READABLE_BY)
    # A SafeRollout whose manifest has no namespace may land in any of those that are allowed.
    return may_be_read(annotation, by=reader) if reader else bool(annotation)


def _find(name: ForeignName, manifests: Sequence[Manifest], ours: frozenset[str]) -> Manifest | None:
    alike = [manifest for manifest in manifests if manifest.kind == DEPLOYMENT and manifest.name == name.workload]
    exact = [manifest for manifest in alike if manifest.namespace == name.namespace]
    anywhere = [manifest for manifest in alike if not manifest.namespace and manifest.name not in ours]
    return next(iter((*exact, *anywhere)), None)
