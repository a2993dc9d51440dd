"""Whose pods stand on either side of a contract: who reads and who writes it, by role, by consumer group, or by declared versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from saferollout.api.contracts import Contract
from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, parse_declaration
from saferollout.core.intake import request, roles_of
from saferollout.core.views import WorkloadView


@dataclass(frozen=True, slots=True)
class Parties:
    """Workloads by side, in the order of the spec. Of an API the server reads (requests) and the clients write."""

    readers: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()


def parties_of(contract: Contract, workloads: Mapping[str, WorkloadView]) -> Parties:
    """Return the parties of a contract; what a template declares counts for as long as it is wanted or retained."""
    channel = request(contract.name) if contract.api is not None else contract.name
    roles = roles_of(contract)[channel]
    uses = {name: tuple(_uses(view, channel)) for name, view in workloads.items()}
    readers = (name for name, of_workload in uses.items() if any(use.reads is not None for use in of_workload))
    writers = (name for name, of_workload in uses.items() if any(use.writes for use in of_workload))
    return Parties(readers=tuple(dict.fromkeys((*roles.readers, *readers))), writers=tuple(dict.fromkeys((*roles.writers, *writers))))


def _uses(view: WorkloadView, channel: str) -> Iterable[DeclaredUse]:
    texts = {view.contracts, *(replica_set.contracts for replica_set in view.replica_sets)} - {None}
    for text in sorted(text for text in texts if text is not None):
        try:
            declared = parse_declaration(text)
        except BrokenDeclaration:
            continue
        if channel in declared:
            yield declared[channel]
