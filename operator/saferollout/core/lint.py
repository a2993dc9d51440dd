"""What manifests say wrongly, or say in a way that will surprise: pure checks over what was read from files.

Every finding has a stable code (docs/commands.md lists them all) and a message that ends with the way out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, parse_declaration
from saferollout.api.names import ANNOTATION_CONTRACTS, LABEL_MANAGED_BY
from saferollout.api.nearest import nearest
from saferollout.api.references import check_references
from saferollout.core.lint_externals import is_read, unreadable_externals
from saferollout.core.lint_findings import (
    DEPLOYMENT,
    NOT_TEXT,
    RELEASED_KINDS,
    STATEFUL_SET,
    Code,
    Finding,
    SafeRolloutManifest,
    Speaker,
    WorkloadManifest,
)
from saferollout.core.refused_specs import unparsable_queries, unsupported_kinds

_LABEL_FIELD: Final = f"metadata.labels.{LABEL_MANAGED_BY}"


def lint(saferollouts: Sequence[SafeRolloutManifest], workloads: Sequence[WorkloadManifest]) -> tuple[Finding, ...]:
    """Return everything that is worth saying about these files, in the order of the files."""
    found = [
        *(finding for saferollout in saferollouts for finding in _saferollout(saferollout, workloads)),
        *_owned_twice(saferollouts),
        *(finding for workload in workloads for finding in _workload(workload, saferollouts)),
    ]
    return tuple(sorted(found, key=lambda finding: (finding.place.file, finding.place.document)))


def same_namespace(one: str, other: str) -> bool:
    """Say whether two objects meet; a manifest without a namespace goes wherever it is applied."""
    return not one or not other or one == other


def _saferollout(manifest: SafeRolloutManifest, workloads: Sequence[WorkloadManifest]) -> Iterator[Finding]:
    said = Speaker(manifest.place, f"SafeRollout {manifest.name}")
    yield from (said.error(Code.INVALID_FIELD, problem.field, problem.message) for problem in manifest.problems)
    if manifest.spec is None:
        return
    yield from (said.error(Code.DANGLING_REFERENCE, problem.field, problem.message) for problem in check_references(manifest.spec, namespace=manifest.namespace))
    yield from (said.error(Code.INVALID_PROMQL, problem.field, problem.message) for problem in unparsable_queries(manifest.spec))
    released = [workload for workload in workloads if workload.kind in RELEASED_KINDS]
    unsupported = list(unsupported_kinds(manifest.spec))
    yield from (said.error(Code.UNSUPPORTED_KIND, problem.field, problem.message) for problem in unsupported)
    blamed = {problem.field for problem in unsupported}
    for index, entry in enumerate(manifest.spec.workloads):
        path = f"spec.workloads[{index}]"
        if f"{path}.workloadRef" not in blamed:
            yield from _existence(said, path, (entry.reference.kind, entry.reference.name), manifest, released)
    yield from unreadable_externals(manifest, workloads)
    numbers = _declared(manifest, released)
    for index, contract in enumerate(manifest.spec.contracts):
        yield from _contract(said, f"spec.contracts[{index}]", contract, numbers)


def _existence(
    said: Speaker, path: str, wanted: tuple[str, str], manifest: SafeRolloutManifest, released: Sequence[WorkloadManifest]
) -> Iterator[Finding]:
    kind, name = wanted
    alike = [workload for workload in released if (workload.kind, workload.name) == wanted]
    if any(same_namespace(workload.namespace, manifest.namespace) for workload in alike):
        return
    if alike:
        message = (
            f"{kind} {name} is in namespace {alike[0].namespace}, the SafeRollout in {manifest.namespace}: put them into one namespace"
        )
        yield said.error(Code.NAMESPACE_MISMATCH, path, message)
    elif released:
        unlisted = [workload.name for workload in released if (workload.kind, workload.name) not in manifest.named]
        message = f"{kind} {name} is not in these files: correct the name, or lint it with them{nearest(name, unlisted)}"
        yield said.warning(Code.WORKLOAD_NOT_IN_FILES, path, message)


def _declared(manifest: SafeRolloutManifest, released: Iterable[WorkloadManifest]) -> frozenset[str]:
    """Name the contracts (an API by its own name) that a workload of this SafeRollout numbers."""
    members = [workload for workload in released if manages(manifest, workload)]
    return frozenset(contract.partition("/")[0] for workload in members for contract in _uses(workload))


def manages(manifest: SafeRolloutManifest, workload: WorkloadManifest) -> bool:
    """Say whether a SafeRollout lists a workload."""
    return (workload.kind, workload.name) in manifest.named and same_namespace(workload.namespace, manifest.namespace)


def _uses(workload: WorkloadManifest) -> Mapping[str, DeclaredUse]:
    try:
        return parse_declaration(workload.declaration) if workload.declaration is not None else {}
    except BrokenDeclaration:
        return {}


def _contract(said: Speaker, path: str, contract: Contract, numbers: frozenset[str]) -> Iterator[Finding]:
    if contract.compatibility is not None and contract.name in numbers:
        message = (
            f"templates number versions of {contract.name}, so its word {contract.compatibility} has no effect: remove "
            "compatibility, or the numbers"
        )
        yield said.warning(Code.WORDS_BESIDE_NUMBERS, f"{path}.compatibility", message)
    if contract.name in numbers:
        return
    readers, writers = _roles(contract)
    missing = [word for word, names in zip(_role_words(contract), (readers, writers), strict=True) if not names]
    if missing:
        message = (
            f"nothing says who {contract.name} concerns: no template declares it and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing, so it orders nothing; add them, or declare versions on the pod templates"
        )
        yield said.warning(Code.ROLES_MISSING, path, message)


def _roles(contract: Contract) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if contract.api is not None:
        return (contract.api.server,) if contract.api.server else (), contract.api.clients
    groups = contract.topic.consumer_groups if contract.topic else ()
    return (*contract.readers, *(group.workload for group in groups)), contract.writers


def _role_words(contract: Contract) -> tuple[str, str]:
    return ("api.server", "api.clients") if contract.api is not None else ("readers", "writers")


def _owned_twice(saferollouts: Sequence[SafeRolloutManifest]) -> Iterator[Finding]:
    for index, second in enumerate(saferollouts):
        for first in saferollouts[:index]:
            shared = [name for kind, name in second.named if (kind, name) in first.named]
            if not shared or not same_namespace(first.namespace, second.namespace) or first.name == second.name:
                continue
            message = (
                f"{', '.join(shared)} already {'belongs' if len(shared) == 1 else 'belong'} to SafeRollout {first.name}: "
                "keep each workload in one"
            )
            yield Speaker(second.place, f"SafeRollout {second.name}").error(Code.OWNED_TWICE, "spec.workloads", message)


def _workload(workload: WorkloadManifest, saferollouts: Sequence[SafeRolloutManifest]) -> Iterator[Finding]:
    said = Speaker(workload.place, f"{workload.kind} {workload.name}")
    manager = next((saferollout for saferollout in saferollouts if manages(saferollout, workload)), None)
    yield from _declaration(said, workload, saferollouts, manager)
    if workload.kind not in RELEASED_KINDS:
        yield from _unsupported(said, workload)
        return
    if workload.misplaced_declaration:
        message = f"{ANNOTATION_CONTRACTS} stands on the {workload.kind}, where nobody reads it: move it to spec.template.metadata.annotations"
        yield said.error(Code.MISPLACED_DECLARATION, f"metadata.annotations.{ANNOTATION_CONTRACTS}", message)
    if workload.managed_by:
        yield from _label(said, workload, saferollouts)
    elif manager is not None:
        first = "its first creation, and a change before that, is" if workload.kind == DEPLOYMENT else "a change before that is"
        message = (
            f"has no label {LABEL_MANAGED_BY}: the operator adds it later, but {first} not held; "
            f"add {LABEL_MANAGED_BY}: {manager.name}"
        )
        yield said.warning(Code.UNLABELLED_WORKLOAD, "metadata", message)
    elif workload.declaration is not None and not is_read(workload, saferollouts):
        message = (
            "declares contracts, but no SafeRollout in these files lists it: add it to spec.workloads of one and label it "
            f"{LABEL_MANAGED_BY}"
        )
        yield said.warning(Code.UNMANAGED_DECLARATION, workload.declaration_field, message)
    if manager is not None or workload.managed_by:
        batches = manager is not None and _has_batches(manager, workload)
        yield from (said.error(Code.NOT_RELEASABLE, "spec", sentence) for sentence in workload.refusals.get(batches, ()))
        yield from _history(said, workload)
    if manager is not None and workload.kind == STATEFUL_SET:
        yield from _starts_at_once(said, workload)


def _starts_at_once(said: Speaker, workload: WorkloadManifest) -> Iterator[Finding]:
    if workload.declaration is None:
        return
    message = (
        "a new StatefulSet is not held, its pods start at once: where others have to read first what it writes, create it in a later commit "
        "than them; its later templates are held as any other"
    )
    yield said.warning(Code.STARTS_AT_ONCE, "kind", message)


def _history(said: Speaker, workload: WorkloadManifest) -> Iterator[Finding]:
    if workload.history == 1 and workload.kind == DEPLOYMENT:
        message = (
            "keeps one old ReplicaSet only (spec.revisionHistoryLimit is 1): when a newer template takes the place of one that is still "
            "rolling, Kubernetes deletes the one that ran before, and nothing is left to roll back to; set it to 2 or more, or leave it out (10)"
        )
        yield said.warning(Code.SHORT_HISTORY, "spec.revisionHistoryLimit", message)


def _unsupported(said: Speaker, workload: WorkloadManifest) -> Iterator[Finding]:
    if workload.managed_by:
        message = f"a {workload.kind} is never held: this version releases Deployments and StatefulSets of apps/v1 only; remove the label"
        yield said.error(Code.UNSUPPORTED_KIND, _LABEL_FIELD, message)


def _has_batches(manifest: SafeRolloutManifest, workload: WorkloadManifest) -> bool:
    entries = manifest.spec.workloads if manifest.spec is not None else ()
    return any(entry.batches for entry in entries if (entry.reference.kind, entry.reference.name) == (workload.kind, workload.name))


def _label(said: Speaker, workload: WorkloadManifest, saferollouts: Sequence[SafeRolloutManifest]) -> Iterator[Finding]:
    alike = [saferollout for saferollout in saferollouts if saferollout.name == workload.managed_by]
    here = [saferollout for saferollout in alike if same_namespace(saferollout.namespace, workload.namespace)]
    if alike and not here:
        message = (
            f"its SafeRollout {workload.managed_by} is in namespace {alike[0].namespace}, the workload in "
            f"{workload.namespace}: put them into one namespace"
        )
        yield said.error(Code.NAMESPACE_MISMATCH, _LABEL_FIELD, message)
    elif not alike:
        guess = nearest(workload.managed_by, (saferollout.name for saferollout in saferollouts))
        message = (
            f"names the SafeRollout {workload.managed_by!r}, which is not in these files, and without it every change "
            f"stays held: correct the label, or lint it with them{guess}"
        )
        # Files without any SafeRollout are a part of something larger; a mistyped name beside the right one is not.
        yield (said.error if saferollouts else said.warning)(Code.SAFEROLLOUT_MISSING, _LABEL_FIELD, message)
    elif not any(manages(saferollout, workload) for saferollout in here):
        message = (
            f"names the SafeRollout {workload.managed_by}, which does not list it, so every change stays held: add it to "
            "spec.workloads, or remove the label"
        )
        yield said.error(Code.NOT_LISTED, _LABEL_FIELD, message)


def _declaration(
    said: Speaker, workload: WorkloadManifest, saferollouts: Sequence[SafeRolloutManifest], manager: SafeRolloutManifest | None
) -> Iterator[Finding]:
    if not workload.declaration_is_text:
        yield said.error(Code.INVALID_DECLARATION, workload.declaration_field, NOT_TEXT)
    if workload.declaration is None:
        return
    try:
        uses = parse_declaration(workload.declaration)
    except BrokenDeclaration as broken:
        message = f"{broken}"
        yield said.error(Code.INVALID_DECLARATION, workload.declaration_field, message, line_within=broken.line)
        return
    if workload.kind not in RELEASED_KINDS:
        yield from _job(said, workload, uses, saferollouts)
        return
    if manager is None or manager.spec is None:
        return
    channels = [channel for contract in manager.spec.contracts for channel in channels_of(contract)]
    for name, use in uses.items():
        if name in channels:
            continue
        message = (
            f"declares {name}, a contract that SafeRollout {manager.name} does not know: "
            f"correct the name, or add it to spec.contracts{_channel_hint(name, channels)}"
        )
        yield said.error(Code.UNKNOWN_CONTRACT, workload.declaration_field, message, line_within=use.line)


def channels_of(contract: Contract) -> tuple[str, ...]:
    """Name a contract as declarations do: an API is two channels."""
    return (contract.name,) if contract.api is None else (f"{contract.name}/request", f"{contract.name}/response")


def _channel_hint(name: str, channels: Sequence[str]) -> str:
    if f"{name}/request" in channels:
        return f"; an API has two channels, {name}/request and {name}/response"
    return nearest(name, channels)


def _job(
    said: Speaker, workload: WorkloadManifest, uses: Mapping[str, DeclaredUse], saferollouts: Sequence[SafeRolloutManifest]
) -> Iterator[Finding]:
    contracts = [contract for saferollout in saferollouts if saferollout.spec for contract in saferollout.spec.contracts]
    told = {contract.name for contract in contracts for writer in contract.external_writers if writer.name == workload.name}
    for name, use in uses.items():
        if not use.writes or name.partition("/")[0] in told:
            continue
        message = (
            f"writes {name}, but a {workload.kind} is not released in order: name it in externalWriters of the contract, "
            "with the versions it writes"
        )
        yield said.warning(Code.JOB_WRITES_CONTRACT, workload.declaration_field, message, line_within=use.line)
