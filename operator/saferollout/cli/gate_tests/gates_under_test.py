"""Which gates a test is of, and the spec that they are rehearsed in: the SafeRollout's own as far as it bears on gates.

What orders a release is left out: contracts keep their topics, templates declare no part in any. The gates are the test's alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from saferollout.api.contracts import Contract
from saferollout.api.gates import Gate
from saferollout.api.names import GROUP, KIND
from saferollout.api.nearest import nearest
from saferollout.api.problems import InvalidSafeRollout, problems_of
from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import Gating, Mode, SafeRolloutSpec
from saferollout.cli.gate_tests.files import GateTest, GateTestFile
from saferollout.cli.manifests import BadInput, Manifest, read_manifests
from saferollout.core.promql import check_promql

DEFAULT_WORKLOAD: Final = "workload"
_FACTS: Final = ("bake_seconds", "progress_deadline_seconds", "on_failure", "on_inconclusive")
_NO_PARTIES: Final[Mapping[str, Any]] = {
    "readers": (), "writers": (), "external_readers": (), "external_writers": (), "compatibility": None, "drained": None, "stored_versions": (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A spec with the gates under test, the workload that rolls in it, and its names."""

    spec: SafeRolloutSpec
    workload: str
    namespace: str
    name: str


def rehearsed(document: Manifest, file: GateTestFile, index: int) -> Rehearsed:
    """Return what a test of a document is played with; raise BadInput."""
    test = file.tests[index]
    field = f"tests[{index}]"
    reference = test.saferollout or file.saferollout
    given = [(f"{field}.gate", test.gate)] if test.gate is not None else [(f"{field}.gates[{i}]", one) for i, one in enumerate(test.gates)]
    base, namespace, name = _base(document, field, reference)
    gates = tuple(_gate(document, place, one, base=base, reference=reference) for place, one in given)
    if base is None:
        base = _spec_around(document, field, test, gates)
    return Rehearsed(_adapted(document, field, test, base, gates), _rolling(document, field, test, base, gates), namespace, name)


def _base(document: Manifest, field: str, reference: str | None) -> tuple[SafeRolloutSpec | None, str, str]:
    if reference is None:
        return None, "default", "gate-test"
    manifest = _manifest(document, f"{field}.saferollout", reference)
    try:
        found = SafeRollout.parse_strict({key: value for key, value in manifest.content.items() if key != "status"})
    except InvalidSafeRollout as error:
        raise BadInput("\n".join(str(manifest.wrong(problem.field, problem.message)) for problem in error.problems)) from error
    wrong = check_references(found.spec, namespace=found.namespace)
    if wrong:
        raise BadInput("\n".join(str(manifest.wrong(problem.field, problem.message)) for problem in wrong))
    if found.spec.gating is Gating.DISABLED:
        raise manifest.wrong("spec.gating", "is Disabled, so no gate of it is ever measured: a test of one would prove nothing")
    return found.spec, found.namespace or "default", found.name or "gate-test"


def _manifest(document: Manifest, field: str, reference: str) -> Manifest:
    path, _, name = reference.partition("#")
    place = Path(path) if document.source == "stdin" else Path(document.source).parent / path
    try:
        found = [one for one in read_manifests(str(place)) if one.kind == KIND and one.group in (GROUP, "")]
    except BadInput as bad:
        raise document.wrong(field, str(bad)) from bad
    named = [one for one in found if not name or one.name == name]
    if not named:
        guess = nearest(name, [one.name for one in found])
        raise document.wrong(field, f"{place} has no SafeRollout{f' {name!r}' if name else ''}{guess}")
    if len(named) > 1:
        raise document.wrong(field, f"{place} has several SafeRollouts; add one of #{', #'.join(one.name for one in named)}")
    return named[0]


def _gate(document: Manifest, field: str, given: Any, *, base: SafeRolloutSpec | None, reference: str | None) -> Gate:
    if isinstance(given, str):
        return _named(document, field, given, base=base, reference=reference)
    if not isinstance(given, Mapping):
        raise document.wrong(field, "must be the name of a gate of saferollout, or a gate as in spec.gates")
    try:
        gate = Gate.model_validate(given, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        problems = problems_of(error, given=given, model=Gate)
        fields = [(f"{field}.{problem.field}" if problem.field else field, problem.message) for problem in problems]
        raise BadInput("\n".join(str(document.wrong(place, message)) for place, message in fields)) from error
    for problem in check_promql(gate.promql) if gate.promql is not None else ():
        raise document.wrong(f"{field}.{problem.field}", problem.message)
    return gate


def _named(document: Manifest, field: str, name: str, *, base: SafeRolloutSpec | None, reference: str | None) -> Gate:
    if base is None:
        raise document.wrong(field, f"{name!r} is a name: say with saferollout: PATH whose gate it is, or write the gate here")
    names = [gate.name for gate in base.gates]
    if name not in names:
        guess = nearest(name, names) or f"; it has {', '.join(names) or 'none'}"
        raise document.wrong(field, f"{reference} has no gate {name!r}{guess}")
    gate = base.gates[names.index(name)]
    for problem in check_promql(gate.promql) if gate.promql is not None else ():
        raise document.wrong(field, f"{reference}, spec.gates[{names.index(name)}].{problem.field}: {problem.message}")
    return gate


def _spec_around(document: Manifest, field: str, test: GateTest, gates: tuple[Gate, ...]) -> SafeRolloutSpec:
    """Make up what inline gates need: the workloads they measure, and a topic with everything for each contract they name."""
    workloads = dict.fromkeys(name for name in (test.release.workload, *(gate.workload for gate in gates)) if name) or {DEFAULT_WORKLOAD: None}
    first = next(iter(workloads))
    contracts = {gate.contract: _topic(gate.contract, gates, first) for gate in gates if gate.contract is not None}
    given = {"workloads": [{"name": name} for name in workloads], "contracts": list(contracts.values())}
    return SafeRolloutSpec.model_validate(given)


def _topic(name: str, gates: tuple[Gate, ...], workload: str) -> Contract:
    groups = dict.fromkeys(gate.consumer_group for gate in gates if gate.contract == name and gate.consumer_group) or {"group": None}
    topic = {"name": name, "deadLetterTopic": f"{name}.dlt", "consumerGroups": [{"group": group, "workload": workload} for group in groups]}
    return Contract.model_validate({"name": name, "topic": topic})


def _adapted(document: Manifest, field: str, test: GateTest, base: SafeRolloutSpec, gates: tuple[Gate, ...]) -> SafeRolloutSpec:
    facts = {name: getattr(test.release, name) for name in _FACTS if getattr(test.release, name) is not None}
    rolls = _rolling(document, field, test, base, gates)
    workloads = []
    for workload in base.workloads:
        own = workload.name == rolls
        changes: dict[str, Any] = {"batches": test.release.batches} if own and test.release.batches is not None else {}
        if own and test.release.bake_seconds is not None:
            changes["bake_seconds"] = test.release.bake_seconds
        workloads.append(workload.model_copy(update=changes))
    contracts = tuple(contract.model_copy(update=dict(_NO_PARTIES)) for contract in base.contracts if contract.topic is not None)
    whole = {name: getattr(base, name) for name in SafeRolloutSpec.model_fields}
    given = {**whole, **facts, "workloads": tuple(workloads), "contracts": contracts, "gates": gates, "mode": Mode.AUTOMATIC}
    try:
        return SafeRolloutSpec.model_validate(given)
    except ValidationError as error:
        problems = problems_of(error, given={}, model=SafeRolloutSpec)
        raise BadInput("\n".join(str(document.wrong(f"{field}.{problem.field}", problem.message)) for problem in problems)) from error


def _rolling(document: Manifest, field: str, test: GateTest, base: SafeRolloutSpec, gates: tuple[Gate, ...]) -> str:
    names = [workload.name for workload in base.workloads]
    asked = test.release.workload or next((gate.workload for gate in gates if gate.workload), None) or names[0]
    if asked not in names:
        raise document.wrong(f"{field}.release.workload", f"the SafeRollout has no workload {asked!r}{nearest(asked, names)}")
    return asked
