"""Workloads outside a SafeRollout whose declarations its contracts read: which they are, and what was seen of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from saferollout.api.contracts import Contract
from saferollout.api.externals import DeclaredBy
from saferollout.core.templates import TemplateFacts


@dataclass(frozen=True, slots=True, order=True)
class ForeignName:
    """Where a foreign workload lives; an empty namespace is one that is not known."""

    namespace: str
    workload: str


@dataclass(frozen=True, slots=True)
class ForeignWorkload:
    """The templates of its live pods, oldest first. `problem`: why they can't be read, a sentence with the way out."""

    alive: tuple[TemplateFacts, ...] = ()
    problem: str = ""


def foreign_name(source: DeclaredBy, *, namespace: str) -> ForeignName:
    """Return which workload an external party takes its versions from; `namespace` is the SafeRollout's."""
    return ForeignName(namespace=source.namespace or namespace, workload=source.workload)


def foreign_names(contracts: Iterable[Contract], *, namespace: str) -> tuple[ForeignName, ...]:
    """Return every foreign workload that contracts take versions from, each once, sorted."""
    found = {
        foreign_name(party.taken_from, namespace=namespace)
        for contract in contracts
        for party in contract.external_parties
        if party.taken_from is not None
    }
    return tuple(sorted(found))


def not_readable(name: ForeignName, *, by: str) -> str:
    """Say that a workload is not there or may not be read: of another namespace it must not be told which."""
    return (
        f"namespace {name.namespace} has no Deployment {name.workload} that namespace {by} may read: correct the name, or have "
        f"it annotated there with saferollout.io/readable-by: {by}"
    )
