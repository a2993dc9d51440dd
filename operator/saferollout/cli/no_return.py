"""The point of no return: from which step on a version is stored that some old revision can't read (kernel.md section 7, the floor)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Passed:
    """A point of no return that lies behind: whose roll passed it, and who is kept from going back by what is stored since."""

    workload: str
    contract: str
    version: str
    stuck: tuple[str, ...]

    def __str__(self) -> str:
        kept = ", ".join(self.stuck)
        return (
            f"passed when {self.workload} began to roll: {self.contract} {self.version} may be stored, so a rollback leaves {kept} "
            "at the new revision, because the old one does not read it"
        )


def passed_points(picture: Picture) -> tuple[Passed, ...]:
    """Return the points that the release has passed and that still hold; one is gone when its version is proved to be."""
    rolled = [target for target in picture.release.targets if target.rolled] if picture.release else []
    return tuple(
        Passed(target.workload, contract, version, stuck)
        for target in rolled
        for contract, version in _newly_written(picture, target)
        if version in _stored(picture, contract)
        and (stuck := tuple(entry.workload for entry in rolled if entry.from_hash and _cannot_read(picture, entry, contract, version)))
    )


def _sentences(picture: Picture, step: PlanStep) -> Iterator[str]:
    target = picture.target(step.workload)
    if target is None or picture.release is None:
        return
    for contract, version in _newly_written(picture, target):
        if version in _stored(picture, contract):
            continue
        stuck = [entry.workload for entry in picture.release.targets if _cannot_read(picture, entry, contract, version)]
        if stuck:
            yield f"from here on {contract} {version} is stored, and {', '.join(stuck)} can't go back to what does not read it"


def _newly_written(picture: Picture, target: Target) -> Iterator[tuple[str, str]]:
    """Yield what the new revision of a workload writes into contracts that store, and the old one does not."""
    old, new = _declared(picture, target, target.from_hash), _declared(picture, target, target.to_hash)
    for contract, use in new.items():
        if contract in _storing(picture):
            written_before = old[contract].writes if contract in old else frozenset()
            yield from ((contract, version) for version in sorted(use.writes - written_before))


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
