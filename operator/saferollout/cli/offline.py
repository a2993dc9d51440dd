"""Build the world of `saferollout plan` from two sets of manifests: what runs, and what Git wants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saferollout.api.contracts import Contract
from saferollout.api.declaration import BrokenDeclaration, nearest, parse_declaration
from saferollout.api.names import GROUP, KIND, LABEL_HELD
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import Workload
from saferollout.cli.manifests import BadInput, Manifest
from saferollout.cli.offline_foreign import foreign_workloads
from saferollout.cli.template_manifests import ANNOTATION_FIELD, facts_of_manifest, meets
from saferollout.core.contracts import World
from saferollout.core.refused_specs import unparsable_queries, unsupported_kinds
from saferollout.core.templates import RECREATE, ProblemKind, TemplateProblem, WorkloadTemplates
from saferollout.core.world import build_world


@dataclass(frozen=True, slots=True)
class OfflineWorld:
    """The world, the spec it came from, and what is to be said beside the plan."""

    saferollout: SafeRollout
    world: World
    problems: tuple[TemplateProblem, ...]
    notes: tuple[str, ...]


def offline_world(live: Sequence[Manifest], desired: Sequence[Manifest], *, name: str | None = None) -> OfflineWorld:
    """Return the world in which `live` runs and `desired` is wanted; raise BadInput with file, document and field."""
    manifest = _saferollout(live, desired, name)
    saferollout = _parsed(manifest, strict=manifest in desired)
    notes: list[str] = [] if manifest in desired else ["no SafeRollout is in --desired, so the one in --live counts."]
    templates = {workload.name: _templates(workload, manifest.namespace, live, desired, notes) for workload in saferollout.spec.workloads}
    before = _same(manifest, live)
    contracts = saferollout.spec.contracts
    stored = _announced(contracts)
    if before is not None:
        _add_recorded(stored, before)
        _add_departed(stored, before, saferollout, live, notes)
    built = build_world(
        contracts=contracts,
        workloads=templates,
        stored={key: frozenset(value) for key, value in stored.items()},
        foreign=foreign_workloads(saferollout.spec, manifest.namespace, live, desired),
        namespace=manifest.namespace,
    )
    for problem in built.problems:
        if problem.kind is ProblemKind.BROKEN_DECLARATION:
            raise _broken(problem, saferollout, manifest.namespace, desired)
    return OfflineWorld(saferollout, built.world, built.problems, (*notes, *built.world.notes, *built.unread))


def _saferollouts(manifests: Sequence[Manifest]) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest.kind == KIND and manifest.group in (GROUP, "")]


def _saferollout(live: Sequence[Manifest], desired: Sequence[Manifest], name: str | None) -> Manifest:
    found = _saferollouts(desired) or _saferollouts(live)
    if not found:
        raise BadInput("no SafeRollout is in --desired or --live: add its manifest, the contracts stand in it")
    named = [manifest for manifest in found if name is None or manifest.name == name]
    if not named:
        hint = nearest(name or "", tuple(manifest.name for manifest in found))
        raise BadInput(f"no SafeRollout is named {name}{hint}")
    if len(named) > 1:
        places = "; ".join(f"{manifest.name} in {manifest.title}" for manifest in named)
        raise BadInput(f"several SafeRollouts are there, choose one with --name: {places}")
    return named[0]


def _same(manifest: Manifest, others: Sequence[Manifest]) -> Manifest | None:
    """Return the SafeRollout of the same name and namespace among others."""
    return next((other for other in _saferollouts(others) if other.name == manifest.name and meets(other, manifest.namespace)), None)


def _parsed(manifest: Manifest, *, strict: bool) -> SafeRollout:
    # A status is the operator's; of a live one only storedVersions count here, and they are read apart.
    content = {key: value for key, value in manifest.content.items() if key != "status"}
    try:
        saferollout = SafeRollout.parse_strict(content) if strict else SafeRollout.parse_lenient(content)
    except InvalidSafeRollout as error:
        raise BadInput("\n".join(str(manifest.wrong(problem.field, problem.message)) for problem in error.problems)) from error
    spec = saferollout.spec
    wrong = [*check_references(spec, namespace=manifest.namespace), *unparsable_queries(spec), *unsupported_kinds(spec)]
    if wrong:
        raise BadInput("\n".join(str(manifest.wrong(problem.field, problem.message)) for problem in wrong))
    return saferollout


def _announced(contracts: Sequence[Contract]) -> dict[str, set[str]]:
    return {contract.name: set(contract.stored_versions) for contract in contracts}


def _add_recorded(stored: dict[str, set[str]], before: Manifest) -> None:
    """Add what the live status has recorded as stored; versions may be numbers there as in an annotation."""
    entries = before.mapping("status").get("contracts") or []
    if not isinstance(entries, list):
        raise before.wrong("status.contracts", "must be a list")
    for place, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise before.wrong(f"status.contracts[{place}]", "must have a name")
        versions = entry.get("storedVersions") or []
        field = f"status.contracts[{place}].storedVersions"
        if not isinstance(versions, list) or any(isinstance(one, bool) or not isinstance(one, str | int) for one in versions):
            raise before.wrong(field, "must be a list of versions, each a string or a whole number")
        stored.setdefault(entry["name"], set()).update(str(version) for version in versions)


def _add_departed(
    stored: dict[str, set[str]], before: Manifest, saferollout: SafeRollout, live: Sequence[Manifest], notes: list[str]
) -> None:
    """Take what workloads that leave the SafeRollout write as stored: their pods go at a time that nobody orders."""
    staying = {workload.name for workload in saferollout.spec.workloads}
    try:
        listed = SafeRollout.parse_lenient({**before.content, "status": None}).spec.workloads
    except InvalidSafeRollout as error:
        # What is wrong with the running one must not refuse the one that may repair it.
        notes.append(f"the SafeRollout in --live can't be read, so workloads that leave it are not known: {error}")
        return
    for workload in listed:
        if workload.name in staying:
            continue
        notes.append(f"{workload.name} leaves the SafeRollout; what it writes counts as stored, and nothing waits for it.")
        manifest = _find(workload, before.namespace, live)
        facts = facts_of_manifest(manifest) if manifest is not None else None
        if facts is None or facts.contracts is None:
            continue
        try:
            for name, use in parse_declaration(facts.contracts).items():
                stored.setdefault(name, set()).update(use.writes)
        except BrokenDeclaration as error:
            notes.append(f"{workload.name}: its annotation can't be read: {error}")


def _templates(
    workload: Workload, namespace: str, live: Sequence[Manifest], desired: Sequence[Manifest], notes: list[str]
) -> WorkloadTemplates:
    running, wanted = _find(workload, namespace, live), _find(workload, namespace, desired)
    if running is not None and LABEL_HELD in running.mapping("metadata", "labels"):
        notes.append(f"{workload.name} is held in --live: its manifest shows the template that waits, not the one that runs.")
    if running is not None and wanted is None:
        notes.append(f"{workload.name} is not in --desired, so it is taken to stay as it is.")
    if running is None and wanted is None:
        names = tuple(dict.fromkeys(m.name for m in (*desired, *live) if m.kind == workload.reference.kind and m.name))
        notes.append(f"{workload.name} does not exist in --live or --desired{nearest(workload.reference.name, names)}")
        return WorkloadTemplates()
    alive = (facts_of_manifest(running),) if running is not None else ()
    strategy = (wanted or running or _none()).mapping("spec", "strategy").get("type")
    return WorkloadTemplates(
        alive=alive,
        desired=facts_of_manifest(wanted) if wanted is not None else None,
        strategy_type=RECREATE if strategy == RECREATE else "RollingUpdate",
        exists=running is not None,
    )


def _none() -> Manifest:
    return Manifest("", 0, {})


def _find(workload: Workload, namespace: str, manifests: Sequence[Manifest]) -> Manifest | None:
    reference = workload.reference
    found = [m for m in manifests if m.kind == reference.kind and m.name == reference.name and meets(m, namespace)]
    if len(found) > 1:
        raise found[1].wrong("metadata.name", f"{reference.kind} {reference.name} is also in {found[0].title}: keep one of them")
    return found[0] if found else None


def _broken(problem: TemplateProblem, saferollout: SafeRollout, namespace: str, desired: Sequence[Manifest]) -> BadInput:
    workload = next(entry for entry in saferollout.spec.workloads if entry.name == problem.workload)
    manifest = _find(workload, namespace, desired)
    return manifest.wrong(ANNOTATION_FIELD, problem.message) if manifest is not None else BadInput(problem.message)
