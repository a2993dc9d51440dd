"""Workloads outside a SafeRollout whose declarations it reads: found, allowed, and reduced to the templates of their live pods.

Nothing is ever written to them. In another namespace a workload is read only where its own annotation allows it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from saferollout.api import names
from saferollout.api.externals import may_be_read
from saferollout.api.nearest import nearest
from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.facts import facts_of
from saferollout.core.foreign import ForeignName, ForeignWorkload, foreign_names, not_readable
from saferollout.core.templates import TemplateFacts
from saferollout.core.views import WorkloadView
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place, Store
from saferollout.engine.trimming import Raw


def lets_read(deployment: Mapping[str, Any], *, namespace: str) -> bool:
    """Tell whether a SafeRollout of a namespace may read what a Deployment declares."""
    metadata = deployment["metadata"]
    annotation = (metadata.get("annotations") or {}).get(names.ANNOTATION_READABLE_BY)
    return metadata["namespace"] == namespace or may_be_read(annotation, by=namespace)


class ForeignWorkloads:
    """Finds them in the store. `watched` names the namespaces of this operator, empty means all of them."""

    def __init__(self, *, store: Store, view: Callable[[Raw], WorkloadView], watched: tuple[str, ...]) -> None:
        self._store = store
        self._view = view
        self._watched = watched

    def of(self, spec: SafeRolloutSpec, *, namespace: str) -> dict[ForeignName, ForeignWorkload]:
        """Return every foreign workload that the contracts of a SafeRollout name."""
        return {name: self._one(name, namespace) for name in foreign_names(spec.contracts, namespace=namespace)}

    def _one(self, name: ForeignName, reader: str) -> ForeignWorkload:
        if self._watched and name.namespace not in self._watched:
            said = f"this operator does not look after namespace {name.namespace}: add it to the chart's watchNamespaces, or write the versions"
            return ForeignWorkload(problem=said)
        deployment = self._store.get(Kind.DEPLOYMENT, Place(namespace=name.namespace, name=name.workload))
        if deployment is None and name.namespace == reader:
            existing = [raw["metadata"]["name"] for raw in self._store.all(Kind.DEPLOYMENT, namespace=reader)]
            return ForeignWorkload(problem=f"there is no Deployment {name.workload!r} in namespace {reader}{nearest(name.workload, existing)}")
        if deployment is None or not lets_read(deployment, namespace=reader):
            return ForeignWorkload(problem=not_readable(name, by=reader))
        facts = facts_of(self._view(deployment))
        return ForeignWorkload(
            alive=tuple(
                TemplateFacts(hash=revision, contracts=facts.contracts_of(revision), body=facts.body_of(revision)) for revision in facts.alive
            )
        )
