"""What lint says of external parties that take their versions from a workload: whether that lets itself be read, and declares anything."""

from collections.abc import Iterator, Sequence

from saferollout.api.contracts import Contract
from saferollout.api.externals import may_be_read
from saferollout.core.foreign import ForeignName, ForeignWorkload, foreign_name, foreign_names, not_readable
from saferollout.core.foreign_uses import Wish, foreign_revisions
from saferollout.core.lint_findings import DEPLOYMENT, Code, Finding, SafeRolloutManifest, Speaker, WorkloadManifest
from saferollout.core.templates import TemplateFacts


def unreadable_externals(manifest: SafeRolloutManifest, workloads: Sequence[WorkloadManifest]) -> Iterator[Finding]:
    """Find parties of which the operator would know nothing; a workload that is not in the files is not judged."""
    said = Speaker(manifest.place, f"SafeRollout {manifest.name}")
    for index, contract in enumerate(manifest.spec.contracts if manifest.spec else ()):
        sides = (("externalReaders", contract.external_readers), ("externalWriters", contract.external_writers))
        for field, parties in sides:
            for number, party in enumerate(parties):
                if party.taken_from is None:
                    continue
                wish = _wish(contract, foreign_name(party.taken_from, namespace=manifest.namespace), party.taken_from.contract)
                problem = _problem(wish, manifest.namespace, workloads)
                if problem:
                    path = f"spec.contracts[{index}].{field}[{number}].from"
                    yield said.error(Code.EXTERNAL_UNREADABLE, path, f"{party.name}: {problem}")


def is_read(workload: WorkloadManifest, saferollouts: Sequence[SafeRolloutManifest]) -> bool:
    """Tell whether a SafeRollout takes versions of an external party from a workload."""
    return workload.kind == DEPLOYMENT and any(
        _is(workload, name)
        for manifest in saferollouts
        if manifest.spec is not None
        for name in foreign_names(manifest.spec.contracts, namespace=manifest.namespace)
    )


def _wish(contract: Contract, source: ForeignName, theirs: str | None) -> Wish:
    return Wish(source=source, contract=contract.name, theirs=theirs or contract.name, is_api=contract.api is not None)


def _problem(wish: Wish, reader: str, workloads: Sequence[WorkloadManifest]) -> str:
    source = wish.source
    found = next((workload for workload in workloads if workload.kind == DEPLOYMENT and _is(workload, source)), None)
    if found is None:
        return ""
    if source.namespace != reader and reader and not may_be_read(found.readable_by, by=reader):
        return not_readable(source, by=reader)
    alive = (TemplateFacts(hash="", contracts=found.declaration),)
    return foreign_revisions(source, ForeignWorkload(alive=alive), (wish,)).problem


def _is(workload: WorkloadManifest, name: ForeignName) -> bool:
    return workload.name == name.workload and (not workload.namespace or not name.namespace or workload.namespace == name.namespace)
