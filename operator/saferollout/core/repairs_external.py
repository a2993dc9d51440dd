"""Repair a goal that external readers could not live with: nobody here releases them, so it is the writer that keeps to what they read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from saferollout.core.conflicts import Violation
from saferollout.core.contracts import NO_VERSIONS, Party, Revision, World, in_order, listed
from saferollout.core.plans import Repair

Place = tuple[str, str]
"""A party and a channel."""


@dataclass(frozen=True, slots=True)
class ExternalRepairs:
    """The repairs, and the world in which they are done."""

    world: World
    repairs: tuple[Repair, ...] = ()


def keep_to_externals(world: World, violations: Sequence[Violation]) -> ExternalRepairs:
    """Let each writer keep to versions that all external readers read; where there are none, they have to read more first."""
    writes: dict[Place, frozenset[str]] = {}
    reads: dict[Place, frozenset[str]] = {}
    repairs: list[Repair] = []
    for (name, channel), broken in _by_writer(violations).items():
        writer = world.party(name)
        kept = _kept(world, writer, channel) if writer is not None and writer.goal is not None else NO_VERSIONS
        if writer is None or not kept:
            for violation in broken:
                place = (violation.reader.party.name, channel)
                read = reads.get(place, violation.reader.revision.use(channel).reads or NO_VERSIONS)
                reads[place] = read | {violation.version}
            continue
        writes[name, channel] = kept
        own = writer.final[-1].use(channel).reads
        sentence = f"Keep {name} writing {channel} {listed(kept)} until {_wishes(broken)}."
        repairs.append(Repair(name, channel, in_order(own or ()), in_order(kept), sentence))
    repairs += [_to_be_asked(world, place, read) for place, read in reads.items()]
    return ExternalRepairs(_with(world, writes=writes, reads=reads), tuple(repairs))


def _by_writer(violations: Iterable[Violation]) -> dict[Place, list[Violation]]:
    found: dict[Place, list[Violation]] = {}
    for violation in violations:
        if violation.writer is not None:
            found.setdefault((violation.writer.party.name, violation.channel.name), []).append(violation)
    return found


def _kept(world: World, writer: Party, channel: str) -> frozenset[str]:
    """Choose what a writer keeps to: what it writes today comes first, and what our own readers can read."""
    readable = _read_by_all(world, channel, external=True) or NO_VERSIONS
    ours = _read_by_all(world, channel, external=False)
    today = frozenset[str]().union(*(revision.use(channel).writes for revision in writer.alive))
    candidates = today & readable or readable
    return candidates if ours is None else candidates & ours or candidates


def _read_by_all(world: World, channel: str, *, external: bool) -> frozenset[str] | None:
    """Return what everybody reads in the end, of the external parties or of ours; None where none of them reads the channel."""
    revisions = [revision for party in world.parties if party.external is external for revision in party.final]
    reads = [use.reads for revision in revisions if (use := revision.use(channel)).reads is not None]
    return frozenset.intersection(*reads) if reads else None


def _wishes(broken: Iterable[Violation]) -> str:
    missing: dict[str, list[str]] = {}
    for violation in broken:
        missing.setdefault(violation.reader.party.name, []).append(violation.version)
    return " and ".join(f"{reader} also reads {listed(versions)}" for reader, versions in missing.items())


def _to_be_asked(world: World, place: Place, read: frozenset[str]) -> Repair:
    name, channel = place
    readers = [party.name for party in world.parties if party.external and any(r.use(channel).reads is not None for r in party.final)]
    alike = "by nobody" if not readers else f"by {readers[0]}" if len(readers) == 1 else f"by all of {', '.join(readers)}"
    sentence = f"Have {name} read {channel} {listed(read)} first: no version is read {alike}, so there is none to keep to."
    return Repair(name, channel, in_order(read), (), sentence)


def _with(world: World, *, writes: Mapping[Place, frozenset[str]], reads: Mapping[Place, frozenset[str]]) -> World:
    def changed(party: Party, revision: Revision) -> Revision:
        uses = dict(revision.uses)
        for (name, channel), versions in writes.items():
            if name == party.name:
                uses[channel] = replace(revision.use(channel), writes=versions)
        for (name, channel), versions in reads.items():
            if name == party.name:
                uses[channel] = replace(revision.use(channel), reads=versions)
        return replace(revision, uses=uses)

    return replace(
        world,
        parties=tuple(
            replace(party, alive=tuple(changed(party, revision) for revision in party.alive))
            if party.external
            else replace(party, goal=party.goal and changed(party, party.goal))
            for party in world.parties
        ),
    )
