"""The point of no return: from which step on a version is stored that some old revision can't read (kernel.md section 7, the floor)."""

from collections.abc import Iterator, Mapping
from typing import Final

from saferollout.api.contracts import ContractKind
from saferollout.api.declaration import BrokenDeclaration, DeclaredUse, parse_declaration
from saferollout.api.status import PlanStep, Target
from saferollout.cli.picture import Picture

_NOTHING: Final[Mapping[str, DeclaredUse]] = {}


def points_of_no_return(picture: Picture) -> dict[str, str]:
    """Return a sentence for each step still to start that closes the way back for somebody, by the step's id.

    Only numbered versions tell; where declarations can't be read there is no sentence.
    """
    steps = picture.release.steps if picture.release else []
    to_start = [step for step in steps if step.kind == "Roll" and step.state == "Pending"]
    return {step.id: "; ".join(sentences) for step in to_start if (sentences := list(_sentences(picture, step)))}


def _sentences(picture: Picture, step: PlanStep) -> Iterator[str]:
    target = picture.target(step.workload)
    if target is None or picture.release is None:
        return
    old, new = _declared(picture, target, target.from_hash), _declared(picture, target, target.to_hash)
    for contract, use in new.items():
        if contract not in _storing(picture):
            continue
        written_before = old[contract].writes if contract in old else frozenset()
        for version in sorted(use.writes - written_before - _stored(picture, contract)):
            stuck = [entry.workload for entry in picture.release.targets if _cannot_read(picture, entry, contract, version)]
            if stuck:
                yield f"from here on {contract} {version} is stored, and {', '.join(stuck)} can't go back to what does not read it"


def _storing(picture: Picture) -> frozenset[str]:
    contracts = picture.spec.contracts if picture.spec else ()
    return frozenset(contract.name for contract in contracts if contract.kind is not ContractKind.API)


def _stored(picture: Picture, contract: str) -> frozenset[str]:
    return frozenset(version for known in picture.status.contracts if known.name == contract for version in known.stored_versions)


def _cannot_read(picture: Picture, target: Target, contract: str, version: str) -> bool:
    use = _declared(picture, target, target.from_hash).get(contract)
    return use is not None and use.reads is not None and version not in use.reads


def _declared(picture: Picture, target: Target, revision: str) -> Mapping[str, DeclaredUse]:
    """Return what a revision of a workload declares, from its ReplicaSets or from the template in spec."""
    view = picture.views.get(target.workload)
    if view is None or not revision:
        return _NOTHING
    texts = [replica_set.contracts for replica_set in view.of(revision)] + ([view.contracts] if view.template == revision else [])
    text = next((text for text in texts if text is not None), None)
    try:
        return parse_declaration(text) if text is not None else _NOTHING
    except BrokenDeclaration:
        return _NOTHING
