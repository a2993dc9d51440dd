"""Evidence by question: who is worse than whom, what lives, who has which part in a contract."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from saferollout.core.diagnosis.evidence import (
    Against,
    Arm,
    Dependency,
    Evidence,
    Life,
    Liveness,
    Member,
    Part,
    Reading,
    Role,
    Shared,
    Standing,
)
from saferollout.core.diagnosis.symptoms import Symptom

_IMPLIED: Final = {Shared.TOPIC: Dependency.KAFKA, Shared.TABLE: Dependency.POSTGRES, Shared.CACHE: Dependency.CACHE}
_WITHOUT_NEW_PODS: Final = (
    (Arm.OLD, Against.OTHER_ARM),
    (Arm.OLD, Against.BASELINE),
    (Arm.ALL, Against.BASELINE),
    (Arm.NEIGHBOUR, Against.BASELINE),
    (Arm.OUTSIDE, Against.BASELINE),
    (Arm.NEIGHBOUR, Against.OUTSIDE),
)
"""Where a workload suffers from somebody else's new pods: its old ones, all of them, or any of one that does not roll."""

_EVERYBODY: Final = ((Arm.ALL, Against.BASELINE), (Arm.NEIGHBOUR, Against.BASELINE), (Arm.OLD, Against.BASELINE), (Arm.OUTSIDE, Against.BASELINE))


@dataclass(frozen=True, slots=True)
class Scene:
    """The evidence, and how it is asked."""

    evidence: Evidence
    _index: Mapping[tuple[Symptom, str], tuple[Reading, ...]]

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Sort the readings by what they are about."""
        index: dict[tuple[Symptom, str], list[Reading]] = {}
        for one in evidence.readings:
            index.setdefault((one.symptom, one.workload), []).append(one)
        return cls(evidence=evidence, _index={key: tuple(found) for key, found in index.items()})

    def readings(self, symptom: Symptom, workload: str, *, contract: str = "") -> tuple[Reading, ...]:
        """Return what is known of a symptom of a workload; a reading that names no contract counts for each that can't be told by itself."""
        found = self._index.get((symptom, workload), ())
        if not contract:
            return found
        own = tuple(one for one in found if one.contract == contract)
        told = {(one.arm, one.against) for one in own if one.standing is not Standing.CANNOT_TELL}
        return (*own, *(one for one in found if not one.contract and (one.arm, one.against) not in told))

    def between(self, symptom: Symptom, workload: str, arm: Arm, *, contract: str = "") -> Standing:
        """Return how one arm stands against the other."""
        found = {one.standing for one in self.readings(symptom, workload, contract=contract) if one.arm is arm and one.against is Against.OTHER_ARM}
        return next((one for one in (Standing.WORSE, Standing.CLEAR) if one in found), Standing.CANNOT_TELL)

    def worse_than_other_arm(self, symptom: Symptom, workload: str, arm: Arm, *, contract: str = "") -> Reading | None:
        """Return the reading by which one arm is worse than the other."""
        return self._worse(self.readings(symptom, workload, contract=contract), ((arm, Against.OTHER_ARM),))

    def hurt(self, symptom: Symptom, workload: str, *, contract: str = "") -> Reading | None:
        """Return the reading by which a workload suffers though its own new pods are not the cause: they are not worse than its old ones."""
        if self.between(symptom, workload, Arm.NEW, contract=contract) is Standing.WORSE:
            return None
        return self._worse(self.readings(symptom, workload, contract=contract), _WITHOUT_NEW_PODS)

    def everybody(self, symptom: Symptom, workload: str) -> Reading | None:
        """Return the reading by which all pods of a workload are worse than before, new and old alike."""
        if Standing.WORSE in (self.between(symptom, workload, arm) for arm in (Arm.NEW, Arm.OLD)):
            return None
        return self._worse(self.readings(symptom, workload), _EVERYBODY)

    def is_clear(self, symptom: Symptom, workload: str, *, contract: str = "") -> bool:
        """Tell whether a symptom was looked for, could be told, and is not there."""
        found = {one.standing for one in self.readings(symptom, workload, contract=contract)}
        return Standing.CLEAR in found and Standing.WORSE not in found

    def is_blind(self, symptom: Symptom, workload: str, *, contract: str = "") -> bool:
        """Tell whether nothing at all is known of a symptom."""
        return all(one.standing is Standing.CANNOT_TELL for one in self.readings(symptom, workload, contract=contract))

    def of_topic(self, symptom: Symptom, contract: str) -> tuple[Reading, ...]:
        """Return what is known of a topic as a whole, whoever caused it."""
        return tuple(one for one in self.evidence.readings if one.symptom is symptom and one.contract == contract)

    def worse_topic(self, symptom: Symptom, contract: str) -> Reading | None:
        """Return the reading by which a topic as a whole is worse."""
        return next((one for one in self.of_topic(symptom, contract) if one.standing is Standing.WORSE), None)

    def worse(self) -> tuple[Reading, ...]:
        """Return all that is worse."""
        return tuple(one for one in self.evidence.readings if one.standing is Standing.WORSE)

    def outside_worse(self, symptoms: Iterable[Symptom], *, contracts: tuple[str, ...] = ()) -> Reading | None:
        """Return a reading by which a workload outside of the release suffers from one of these too.

        One that has a part in one of the contracts is no placebo for it: it may suffer from this very release.
        """
        wanted = frozenset(symptoms)
        outside = (one for one in self.worse() if one.arm is Arm.OUTSIDE and one.symptom in wanted)
        return next((one for one in outside if not any(self.has_part(one.workload, contract) for contract in contracts)), None)

    def outside_clear(self, symptom: Symptom, *, contracts: tuple[str, ...] = ()) -> str:
        """Return the name of a workload outside of the release that could be looked at and does not suffer; empty if there is none."""
        names = (one.workload for one in self.evidence.readings if one.arm is Arm.OUTSIDE and one.symptom is symptom)
        return next((name for name in names if self.is_clear(symptom, name) and not any(self.has_part(name, one) for one in contracts)), "")

    def alive(self, dependency: Dependency) -> Liveness:
        """Return the worst that is known of a dependency; what nobody listed is UNKNOWN."""
        known = [one for one in self.evidence.liveness if one.dependency is dependency]
        for life in (Life.DOWN, Life.RESTARTED, Life.UNKNOWN, Life.ALIVE):
            found = next((one for one in known if one.life is life), None)
            if found is not None:
                return found
        return Liveness(dependency=dependency, life=Life.UNKNOWN)

    def is_up(self, dependency: Dependency) -> bool:
        """Tell whether a dependency is known to be up, restarted or not."""
        return self.alive(dependency).life in (Life.ALIVE, Life.RESTARTED)

    def uses(self, dependency: Dependency) -> bool:
        """Tell whether the release can depend on it: it is listed, or the kind of a contract implies it."""
        listed = any(one.dependency is dependency for one in self.evidence.liveness)
        return listed or any(_IMPLIED.get(role.kind) is dependency for member in self.evidence.members for role in member.roles)

    def member(self, workload: str) -> Member | None:
        """Return what is known of a workload."""
        return next((one for one in self.evidence.members if one.workload == workload), None)

    def contracts(self, kind: Shared) -> tuple[str, ...]:
        """Return the contracts of a kind, in the order in which workloads name them."""
        named = (role.contract for member in self.evidence.members for role in member.roles if role.kind is kind)
        return tuple(dict.fromkeys(named))

    def with_part(self, contract: str, part: Part) -> tuple[Member, ...]:
        """Return who has this part in a contract."""
        return tuple(member for member in self.evidence.members if part in parts_of(member, contract))

    def has_part(self, workload: str, contract: str) -> bool:
        """Tell whether a workload has any part in a contract."""
        member = self.member(workload)
        return member is not None and bool(parts_of(member, contract))

    @staticmethod
    def _worse(readings: tuple[Reading, ...], places: tuple[tuple[Arm, Against], ...]) -> Reading | None:
        for arm, against in places:
            found = next((one for one in readings if (one.arm, one.against) == (arm, against) and one.standing is Standing.WORSE), None)
            if found is not None:
                return found
        return None


def role_in(member: Member, contract: str) -> Role | None:
    """Return a workload's role in a contract."""
    return next((role for role in member.roles if role.contract == contract), None)


def parts_of(member: Member, contract: str) -> frozenset[Part]:
    """Return a workload's parts in a contract."""
    role = role_in(member, contract)
    return role.parts if role is not None else frozenset()
