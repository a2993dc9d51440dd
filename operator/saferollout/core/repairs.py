"""Name the intermediate revision that makes a refused release possible: nearly always "one that also reads ...".

A repair widens the reads of one revision, because that can break nobody (kernel.md section 5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from saferollout.core.conflicts import Face, Violation
from saferollout.core.contracts import NO_VERSIONS, Party, Revision, Use, World, in_order, listed
from saferollout.core.graph import Cause, find
from saferollout.core.plans import Repair, RevisionRole
from saferollout.core.repairs_external import keep_to_externals
from saferollout.core.words import generation_of

_LONGEST_TRIED_CYCLE = 8


@dataclass(frozen=True, slots=True)
class Widening:
    """One revision that should also read some versions of one channel."""

    face: Face
    channel: str
    versions: frozenset[str]

    @property
    def _given_up(self) -> bool:
        read = [revision.use(self.channel).reads or NO_VERSIONS for revision in self.face.party.alive]
        return bool(read) and all(self.versions <= versions for versions in read)

    @property
    def use(self) -> Use:
        """Return the use of the channel after the repair."""
        use = self.face.revision.use(self.channel)
        return replace(use, reads=(use.reads or NO_VERSIONS) | self.versions)

    @property
    def repair(self) -> Repair:
        """Return it as people read it."""
        use, name = self.use, self.face.party.name
        what = f"{self.channel} {listed(self.versions)}"
        if any(generation_of(version) is not None for version in self.versions):
            sentence = f"Release first a revision of {name} that reads {self.channel} in both formats, and number the versions."
        elif self.face.role is not RevisionRole.NEW:
            sentence = f"Release first a revision of {name} that also reads {what}, still writing what it writes today."
        elif self._given_up:
            sentence = f"Let the new revision of {name} still read {what}; drop that in a later release."
        else:
            sentence = f"Let the new revision of {name} also read {what}."
        if self.channel in self.face.revision.assumed:
            sentence += " If it can read that already, say so in its annotation saferollout.io/contracts."
        return Repair(name, self.channel, in_order(use.reads or ()), in_order(use.writes), sentence)


def goal_repairs(world: World, violations: Sequence[Violation]) -> tuple[Repair, ...]:
    """Return what would make an unsafe goal safe: writers keep to what external readers read, and each reader of ours reads on."""
    foreign = keep_to_externals(world, [violation for violation in violations if violation.reader.party.external])
    left = [violation for violation in find(foreign.world).unsafe_goal if not violation.reader.party.external]
    kept = {(repair.workload, repair.contract) for repair in foreign.repairs}
    widenings = {(widening.face.party.name, widening.channel): widening for widening in _widenings(left)}
    ours = tuple(widening.repair for place, widening in widenings.items() if place not in kept)
    return (*ours, *(_reading_itself(repair, widenings.get((repair.workload, repair.contract))) for repair in foreign.repairs))


def _reading_itself(repair: Repair, widening: Widening | None) -> Repair:
    """Let a writer that keeps to a version read it too, where it could not."""
    if widening is None:
        return repair
    sentence = f"{repair.sentence} Let its new revision read {listed(widening.versions)} too."
    return replace(repair, reads=in_order(widening.use.reads or ()), sentence=sentence)


def _widenings(violations: Iterable[Violation]) -> list[Widening]:
    wanted: dict[tuple[str, str, str], Widening] = {}
    for violation in violations:
        face, name = violation.reader, violation.channel.name
        key = (face.party.name, face.revision.key, name)
        known = wanted[key].versions if key in wanted else NO_VERSIONS
        wanted[key] = Widening(face, name, known | {violation.version})
    return list(wanted.values())


def own_repairs(violations: Sequence[Violation]) -> tuple[Repair, ...]:
    """Return the steps between two revisions of one workload that can't live together, in the order to release them."""
    widenings = _widenings(violations)
    # The old one must first understand the new one; only then can the new one come, still understanding the old.
    return tuple(widening.repair for widening in sorted(widenings, key=lambda widening: widening.face.role is RevisionRole.NEW))


def cycle_repairs(world: World, cycle: Sequence[tuple[Cause, ...]], *, works: Callable[[World], bool]) -> tuple[Repair, ...]:
    """Return the smallest repair that opens a cycle: that of the edge where the fewest workloads change.

    `cycle` holds the causes of each edge; `works` tells whether a repaired world has an order.
    """
    choices: list[tuple[tuple[int, bool, bool, int], tuple[Repair, ...]]] = []
    for causes in cycle:
        widenings = _widenings(cause.violation for cause in causes if cause.violation is not None)
        own = dict.fromkeys(cause.repair for cause in causes if cause.repair is not None)
        repairs = (*(widening.repair for widening in widenings), *own)
        if not repairs:
            continue
        tried = len(cycle) <= _LONGEST_TRIED_CYCLE and not own
        proved = tried and works(_repaired(world, widenings))
        changed = len({repair.workload for repair in repairs})
        # Between equals the one to release first: it leaves the wanted templates as they are.
        touches_goal = any(widening.face.role is RevisionRole.NEW for widening in widenings)
        choices.append(((changed, not proved, touches_goal, len(repairs)), repairs))
    return min(choices, key=lambda choice: choice[0])[1] if choices else ()


def _repaired(world: World, widenings: Sequence[Widening]) -> World:
    by_party: dict[str, list[Widening]] = {}
    for widening in widenings:
        by_party.setdefault(widening.face.party.name, []).append(widening)
    return replace(world, parties=tuple(_repaired_party(party, by_party) for party in world.parties))


def _repaired_party(party: Party, by_party: Mapping[str, Sequence[Widening]]) -> Party:
    widenings = by_party.get(party.name, ())
    alive = tuple(_repaired_revision(revision, widenings) for revision in party.alive)
    goal = None if party.goal is None else _repaired_revision(party.goal, widenings)
    return replace(party, alive=alive, goal=goal)


def _repaired_revision(revision: Revision, widenings: Sequence[Widening]) -> Revision:
    uses = {widening.channel: widening.use for widening in widenings if widening.face.revision.key == revision.key}
    return replace(revision, uses={**revision.uses, **uses}) if uses else revision
