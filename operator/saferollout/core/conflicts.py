"""Find the pairs that cannot live together: one writes, or a store holds, a version that the other reads the contract without.

Safety is pairwise (kernel.md section 4), so these pairs are all a plan has to know.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from saferollout.core.contracts import Channel, ContractKind, Party, Revision, World, in_order, listed
from saferollout.core.plans import Conflict, RevisionRole, Side

PairKey = tuple[str, str, str | None, str]

_CONSEQUENCES = {
    1: "the consumer would get what it cannot read",
    2: "the server would refuse what the client still sends",
    3: "the consumer would be ahead of its producer",
    4: "each side would find cache entries in a format it does not know",
    5: "the reader would meet rows it cannot read",
}
_PECULIAR_CONSEQUENCES = {
    (ContractKind.REQUEST, 3): "the client would be ahead of its server",
    (ContractKind.TABLE, 3): "the reader would meet rows it cannot read",
}


@dataclass(frozen=True, slots=True)
class Face:
    """One revision of one party: alive now, or alive when everything has rolled, or both."""

    party: Party
    revision: Revision
    lives: bool
    final: bool

    @property
    def role(self) -> RevisionRole:
        """Tell which revision it is in the words of a refusal."""
        if self.party.external:
            return RevisionRole.EXTERNAL
        goal = self.party.goal
        return RevisionRole.NEW if self.party.rolls and goal is not None and goal.key == self.revision.key else RevisionRole.OLD

    @property
    def side(self) -> Side:
        """Return it as one end of a conflict."""
        return Side(workload=self.party.name, revision=self.role)

    @property
    def title(self) -> str:
        """Return it as a sentence has it."""
        return f"{self.party.name} ({self.role})"


@dataclass(frozen=True, slots=True)
class Violation:
    """One violating pair. `writer` None: the version is stored, and no revision need be writing it."""

    channel: Channel
    version: str
    writer: Face | None
    reader: Face

    @property
    def key(self) -> PairKey:
        """Identify the pair whatever the revisions: an existing violation refuses nothing (kernel.md section 4)."""
        return self.channel.name, self.version, self.writer.party.name if self.writer else None, self.reader.party.name

    @property
    def same_party(self) -> bool:
        """Whether a workload stands against itself."""
        return self.writer is not None and self.writer.party.name == self.reader.party.name

    @property
    def both_live(self) -> bool:
        """Whether the pair is violated at this moment."""
        return self.reader.lives and (self.writer is None or self.writer.lives)

    @property
    def both_final(self) -> bool:
        """Whether the pair would be violated when everything has rolled."""
        return self.reader.final and self.writer is not None and self.writer.final


def faces_of(party: Party) -> tuple[Face, ...]:
    """Return every revision of a party that lives or will live."""
    final = {revision.key for revision in party.final}
    living = [Face(party, revision, lives=True, final=revision.key in final) for revision in party.alive]
    if party.goal is not None and all(face.revision.key != party.goal.key for face in living):
        living.append(Face(party, party.goal, lives=False, final=True))
    return tuple(living)


def faces_by_channel(world: World) -> dict[str, list[Face]]:
    """Index the faces by the channels they take part in, parties in the order of the spec."""
    index: dict[str, list[Face]] = {name: [] for name in world.channels}
    for party in world.parties:
        for face in faces_of(party):
            for name in face.revision.uses:
                if name in index:
                    index[name].append(face)
    return index


def violations(world: World, stored: Mapping[str, frozenset[str]]) -> Iterator[Violation]:
    """Yield every violating pair among what lives, will live, or is stored; pairs that never meet included."""
    index = faces_by_channel(world)
    for channel in world.channels.values():
        if channel.versioned_keys:
            continue
        yield from _on_channel(channel, index[channel.name], stored.get(channel.name, frozenset()))


def _on_channel(channel: Channel, faces: list[Face], stored: frozenset[str]) -> Iterator[Violation]:
    writers: dict[str, list[Face]] = defaultdict(list)
    for face in faces:
        for version in face.revision.use(channel.name).writes:
            writers[version].append(face)
    versions = in_order(set(writers) | stored)
    for reader in faces:
        use = reader.revision.use(channel.name)
        for version in versions:
            if not use.misses(version):
                continue
            for writer in writers.get(version, ()):
                yield Violation(channel, version, writer, reader)
            if version in stored:
                yield Violation(channel, version, None, reader)


def failure_mode(kind: ContractKind, *, writer_is_newer: bool) -> int:
    """Return the failure mode of a broken pair (the table of kernel.md section 5)."""
    if kind is ContractKind.CACHE:
        return 4
    if kind is ContractKind.REQUEST:
        return 3 if writer_is_newer else 2
    if not writer_is_newer:
        return 3
    return 5 if kind is ContractKind.TABLE else 1


def _writer_is_newer(violation: Violation) -> bool:
    writer, reader = violation.writer, violation.reader
    if writer is None or writer.role is not RevisionRole.NEW:
        return reader.role is not RevisionRole.NEW
    if reader.role is not RevisionRole.NEW:
        return True
    # Both are new: whoever changed its mind about this version is the newer side.
    return all(violation.version not in revision.use(violation.channel.name).writes for revision in writer.party.alive)


def described(violation: Violation) -> Conflict:
    """Turn a violating pair into the entry of a refusal."""
    mode = failure_mode(violation.channel.kind, writer_is_newer=_writer_is_newer(violation))
    return Conflict(
        contract=violation.channel.name,
        version=violation.version,
        writer=violation.writer.side if violation.writer else None,
        reader=violation.reader.side,
        failure_mode=mode,
        sentence=f"{clause(violation)}: {_consequence(violation.channel.kind, mode)}.",
    )


def _consequence(kind: ContractKind, mode: int) -> str:
    return _PECULIAR_CONSEQUENCES.get((kind, mode), _CONSEQUENCES[mode])


def clause(violation: Violation) -> str:
    """Say what is wrong with a pair, without the consequences."""
    name, version, reader = violation.channel.name, violation.version, violation.reader
    reads = reader.revision.use(name).reads or frozenset()
    written = f"{violation.writer.title} writes {name} {version}" if violation.writer else f"{name} {version} may still be stored"
    assumed = " (assumed, it declares nothing)" if name in reader.revision.assumed else ""
    return f"{written}, and {reader.title} reads only {listed(reads)}{assumed}"


def without_stored_shadows(found: list[Violation]) -> list[Violation]:
    """Drop a stored version's pair where a writer's pair with the same reader says more."""
    written = {(v.channel.name, v.version, v.reader.party.name) for v in found if v.writer is not None}
    return [v for v in found if v.writer is not None or (v.channel.name, v.version, v.reader.party.name) not in written]
