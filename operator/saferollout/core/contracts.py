"""What the kernel knows of a release: channels, revisions and what they read and write, parties, the world.

Everything here is a value. A *channel* is what two workloads share: a topic, a table, a cache, or one direction
of an API (`NAME/request`, `NAME/response`), so that each channel has plain readers and plain writers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NO_VERSIONS: frozenset[str] = frozenset()


class ContractKind(StrEnum):
    """The kinds of channel; they differ in what they store and in which failure a broken pair shows."""

    TOPIC = "Topic"
    REQUEST = "Request"
    RESPONSE = "Response"
    TABLE = "Table"
    CACHE = "Cache"

    @property
    def stores(self) -> bool:
        """Whether a version stays there after its last writer has gone."""
        return self not in (ContractKind.REQUEST, ContractKind.RESPONSE)


@dataclass(frozen=True, slots=True)
class Use:
    """What one revision does with one channel. `reads` None: it does not read it at all."""

    reads: frozenset[str] | None = None
    writes: frozenset[str] = NO_VERSIONS
    required: bool = False

    def misses(self, version: str) -> bool:
        """Tell whether it reads the channel, but not this version."""
        return self.reads is not None and version not in self.reads


NO_USE = Use()

Declaration = Mapping[str, Use]


@dataclass(frozen=True, slots=True)
class Revision:
    """A pod template as the kernel sees it: its key (the template's hash) and its uses.

    `assumed` names the channels on which nobody declared anything and the use is a deduction.
    """

    key: str
    uses: Mapping[str, Use]
    assumed: frozenset[str] = frozenset()

    def use(self, channel: str) -> Use:
        """Return what it does with a channel; no entry means no part in it."""
        return self.uses.get(channel, NO_USE)


@dataclass(frozen=True, slots=True)
class Party:
    """A workload or an external one. `goal` None: it stays as it is.

    `alive` is oldest first; a workload not created yet has none. `stable` is what ran before the release under way, alive or
    not: the revision to go back to.
    """

    name: str
    alive: tuple[Revision, ...]
    goal: Revision | None = None
    recreate: bool = False
    external: bool = False
    order: int = 0
    stable: Revision | None = None

    @property
    def rolls(self) -> bool:
        """Whether something of it is still to change."""
        return self.goal is not None and tuple(revision.key for revision in self.alive) != (self.goal.key,)

    @property
    def final(self) -> tuple[Revision, ...]:
        """The revisions alive when everything has rolled."""
        return (self.goal,) if self.goal is not None else self.alive


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group of a topic and the workload that consumes with it."""

    group: str
    workload: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A contract's channel, and the ways by which a version can be proved to have left it. `topic` is its name on the broker."""

    name: str
    kind: ContractKind
    contract: str = ""
    retention_seconds: int | None = None
    ttl_seconds: int | None = None
    versioned_keys: bool = False
    drained_promql: str | None = None
    topic: str = ""
    dead_letter_topic: str | None = None
    groups: tuple[ConsumerGroup, ...] = ()

    @property
    def stores(self) -> bool:
        """Whether what was written must be thought of after its writer has gone."""
        return self.kind.stores and not self.versioned_keys


@dataclass(frozen=True, slots=True)
class Preference:
    """A good order that proves nothing: `first` before `then`, unless that would close a cycle."""

    first: str
    then: str
    contract: str


@dataclass(frozen=True, slots=True)
class Sanction:
    """Something only a person can answer for before `workload` rolls."""

    workload: str
    contract: str
    version: str
    sentence: str


@dataclass(frozen=True, slots=True)
class World:
    """All that a plan is made from. `stored` holds, per channel, the versions not proved drained."""

    parties: tuple[Party, ...]
    channels: Mapping[str, Channel]
    stored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    preferences: tuple[Preference, ...] = ()
    sanctions: tuple[Sanction, ...] = ()
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def party(self, name: str) -> Party | None:
        """Return the party of that name, if there is one."""
        return next((party for party in self.parties if party.name == name), None)


def version_order(version: str) -> tuple[int, int, str]:
    """Sort numbers as numbers ("2" before "10"), then everything else by its text."""
    return (0, int(version), version) if version.isascii() and version.isdigit() else (1, 0, version)


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Return versions in the order in which people list them."""
    return tuple(sorted(versions, key=version_order))


def listed(versions: Iterable[str]) -> str:
    """Return versions as a sentence has them; no version is "nothing"."""
    return ", ".join(in_order(versions)) or "nothing"


def still_written(world: World, channel: str, version: str) -> bool:
    """Tell whether a live revision writes the version, so that no proof of its drain can hold."""
    return any(version in revision.use(channel).writes for party in world.parties for revision in party.alive)


def stored_now(world: World) -> dict[str, frozenset[str]]:
    """Return, per storing channel, what may lie there: what was recorded and what live revisions write.

    What an external party is only taken to write, because it can't be read, keeps readers from giving it up while that lasts; it is
    no reason to ask for a proof for ever after.
    """
    stored = {name: set(world.stored.get(name, ())) for name, channel in world.channels.items() if channel.stores}
    for party in world.parties:
        for revision in party.alive:
            for name, use in revision.uses.items():
                if name in stored and not (party.external and name in revision.assumed):
                    stored[name] |= use.writes
    return {name: frozenset(versions) for name, versions in stored.items()}


def stored_after_roll(world: World, workload: str) -> dict[str, frozenset[str]]:
    """Return `stored` as it must be recorded before the first new pod of the workload exists.

    Writing it ahead means that a crash between the record and the pod errs towards "may lie there".
    """
    stored = stored_now(world)
    party = world.party(workload)
    if party is None or party.goal is None:
        return stored
    for name, use in party.goal.uses.items():
        if name in stored:
            stored[name] |= use.writes
    return stored
