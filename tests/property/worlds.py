"""Random worlds, and the exhaustive search that planner and rollback are measured against.

The search knows only sections 1 to 3 of kernel.md: what a state is, when it is safe, which moves there are. It shares no code with
the planner beyond the types.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

from saferollout.core.contracts import Channel, ContractKind, Party, Revision, Use, World

KINDS = (ContractKind.TOPIC, ContractKind.REQUEST, ContractKind.TABLE, ContractKind.CACHE)
VERSIONS = ("1", "2", "3")

Pair = tuple[str, str, str | None, str]


@dataclass(frozen=True)
class State:
    """What is alive, by party, and what is stored, by channel."""

    alive: tuple[tuple[str, tuple[Revision, ...]], ...]
    stored: frozenset[tuple[str, str]]

    def key(self) -> tuple[object, ...]:
        return tuple((name, tuple(revision.key for revision in revisions)) for name, revisions in self.alive), self.stored


def _use(random: Random) -> Use:
    reads = frozenset(v for v in VERSIONS if random.random() < 0.55) if random.random() < 0.7 else None
    writes = frozenset(random.sample(VERSIONS, 1)) if random.random() < 0.55 else frozenset[str]()
    return Use(reads=reads or None, writes=writes)


def _changed(random: Random, use: Use) -> Use:
    roll = random.random()
    if roll < 0.4:
        return use
    if roll < 0.6 and use.reads:
        return Use(use.reads | {random.choice(VERSIONS)}, use.writes)
    if roll < 0.75 and use.reads and len(use.reads) > 1:
        return Use(use.reads - {min(use.reads)}, use.writes)
    if roll < 0.9 and use.writes:
        return Use(use.reads, frozenset({random.choice(VERSIONS)}))
    return _use(random)


def random_world(random: Random, *, workloads: int = 4, channels: int = 2) -> World:
    """Return a small world; half of them start safe, because unsafe starts leave little to refuse."""
    while True:
        world = _draft(random, random.randint(2, workloads), random.randint(1, channels))
        if random.random() < 0.15 or not broken(world, start(world)):
            return world


def _draft(random: Random, count: int, channel_count: int) -> World:
    names = [f"c{number}" for number in range(channel_count)]
    channels = {name: Channel(name, random.choice(KINDS), versioned_keys=random.random() < 0.05, ttl_seconds=60) for name in names}
    parties = [_party(random, f"w{number}", number, names) for number in range(count)]
    if random.random() < 0.25:
        uses = {random.choice(names): _use(random)}
        parties.append(Party("outside", (Revision("external", uses),), external=True, order=count))
    if random.random() < 0.7:
        parties = [_reading_the_goal(party, parties) for party in parties]
    stored = {name: frozenset(random.sample(VERSIONS, 1)) for name in names if channels[name].stores and random.random() < 0.25}
    return World(tuple(parties), channels, stored)


def _party(random: Random, name: str, order: int, names: list[str]) -> Party:
    old = Revision(f"{name}-old", {channel: _use(random) for channel in names if random.random() < 0.8})
    new = Revision(f"{name}-new", {channel: _changed(random, old.use(channel)) for channel in names})
    alive: tuple[Revision, ...] = (old,)
    goal: Revision | None = new if random.random() < 0.85 else None
    chance = random.random()
    if chance < 0.08:
        alive, goal = (), new
    elif chance < 0.16:
        middle = Revision(f"{name}-middle", {channel: _changed(random, old.use(channel)) for channel in names})
        alive = (old, middle)
    elif chance < 0.22:
        alive = (old, new)
    return Party(name, alive, goal, recreate=random.random() < 0.12, order=order)


def _reading_the_goal(party: Party, parties: list[Party]) -> Party:
    """Let a goal read what is written in the end: most goals of people make sense, and only then is the order in question."""
    if party.goal is None:
        return party
    uses = {}
    for name, use in party.goal.uses.items():
        written = {version for other in parties for revision in other.final for version in revision.use(name).writes}
        uses[name] = replace(use, reads=None if use.reads is None else frozenset(written) or use.reads)
    goal = replace(party.goal, uses=uses)
    return replace(party, goal=goal, alive=tuple(goal if revision.key == goal.key else revision for revision in party.alive))


def with_requirements(random: Random, world: World) -> World:
    """Let some readers require that somebody writes; a search over replaced workloads would find gaps that nobody promised to close."""

    def demanding(revision: Revision) -> Revision:
        uses = {name: replace(use, required=use.reads is not None and random.random() < 0.4) for name, use in revision.uses.items()}
        return replace(revision, uses=uses)

    return replace(
        world,
        parties=tuple(
            replace(party, alive=tuple(map(demanding, party.alive)), goal=None if party.goal is None else demanding(party.goal))
            for party in world.parties
            if not party.recreate
        ),
    )


def with_a_writer_that_stops_or_starts(random: Random, world: World) -> World:
    """Let one writer stop and its reader no longer require it, or the reverse; mostly a third one holds one of them at a floor elsewhere.

    Drawn by themselves these hardly ever meet, and only then does a way back come to a stall. Worlds too small stay as they are.
    """
    ours = [party for party in world.parties if party.goal is not None and len(party.alive) == 1 and not party.recreate]
    if len(ours) < 3 or len(world.channels) < 2:
        return world
    reader, writer, third = random.sample([party.name for party in ours], 3)
    stopped, other = random.sample(sorted(world.channels), 2)
    both = frozenset({"1", "2"})
    demands, writes = [Use(reads=both, required=True), Use(reads=both)], [Use(writes=frozenset({"1"})), Use()]
    if starts := random.random() < 0.25:
        demands, writes = demands[::-1], writes[::-1]
    roles = {
        reader: ({stopped: demands[0]}, {stopped: demands[1]}),
        writer: ({stopped: writes[0]}, {stopped: writes[1]}),
        third: ({stopped: Use(), other: Use(writes=frozenset({"1"}))}, {stopped: Use(), other: Use(writes=frozenset({"2"}))}),
    }
    for name in (reader, writer):
        held = random.random() < (0.8 if (name == reader) is starts else 0.2)
        roles[name][0][other], roles[name][1][other] = Use(reads=frozenset({"1"}) if held else both), Use(reads=both)

    alone = random.random() < 0.7
    bystander = {stopped: Use(), other: Use(reads=both)}

    def playing(party: Party) -> Party:
        if not (party.name in roles or alone):
            return party
        old, new = roles.get(party.name, (bystander, bystander))
        alive = tuple(replace(revision, uses={**revision.uses, **old}) for revision in party.alive)
        goal = replace(party.goal, uses={**party.goal.uses, **new}) if party.goal is not None else None
        return replace(party, alive=alive, goal=goal)

    stored = {name: versions for name, versions in world.stored.items() if name not in (stopped, other)}
    return replace(world, parties=tuple(map(playing, world.parties)), stored=stored)


def stalled(world: World, state: State) -> set[tuple[str, str]]:
    """Return who requires a writer of a channel that nobody writes."""
    return {
        (name, channel)
        for channel in world.channels
        if not any(revision.use(channel).writes for _, revisions in state.alive for revision in revisions)
        for name, revisions in state.alive
        if any(revision.use(channel).required for revision in revisions)
    }


def start(world: World) -> State:
    """Return the state a world begins in: what live revisions write is stored."""
    alive = tuple((party.name, party.alive) for party in world.parties)
    stored = {(name, version) for name, versions in world.stored.items() if world.channels[name].stores for version in versions}
    return _grown(world, State(alive, frozenset(stored)))


def _grown(world: World, state: State) -> State:
    written = {
        (channel, version)
        for _, revisions in state.alive
        for revision in revisions
        for channel, use in revision.uses.items()
        if world.channels[channel].stores
        for version in use.writes
    }
    return State(state.alive, state.stored | written)


def broken(world: World, state: State) -> frozenset[Pair]:
    """Return the violating pairs of a state (kernel.md section 2)."""
    found: set[Pair] = set()
    for name, channel in world.channels.items():
        if channel.versioned_keys:
            continue
        written = [(party, version) for party, revisions in state.alive for r in revisions for version in r.use(name).writes]
        lying = [(None, version) for channel_name, version in state.stored if channel_name == name]
        for party, revisions in state.alive:
            for revision in revisions:
                reads = revision.use(name).reads
                if reads is None:
                    continue
                found |= {(name, version, writer, party) for writer, version in chain(written, lying) if version not in reads}
    return frozenset(found)


def passages(world: World, state: State, party: Party) -> list[State]:
    """Return the states that a roll of a party goes through."""
    assert party.goal is not None
    alive = dict(state.alive)[party.name]
    ways = [()] if party.recreate else [alive if party.goal in alive else (*alive, party.goal)]
    passed, current = [], state
    for revisions in (*ways, (party.goal,)):
        current = _grown(world, State(tuple((n, revisions if n == party.name else r) for n, r in state.alive), current.stored))
        passed.append(current)
    return passed


def moves(world: World, state: State, accepted: frozenset[Pair]) -> Iterator[tuple[str, State]]:
    """Yield every safe move: rolls, and proofs of versions that nobody writes."""
    alive = dict(state.alive)
    for party in world.parties:
        if party.goal is None or alive[party.name] == (party.goal,):
            continue
        passed = passages(world, state, party)
        if all(broken(world, one) <= accepted for one in passed):
            yield party.name, passed[-1]
    for channel, version in sorted(state.stored):
        if not any(version in revision.use(channel).writes for _, revisions in state.alive for revision in revisions):
            yield f"{channel}/{version}", State(state.alive, state.stored - {(channel, version)})


def finished(world: World, state: State) -> bool:
    """Tell whether every party has reached its goal."""
    alive = dict(state.alive)
    return all(party.goal is None or alive[party.name] == (party.goal,) for party in world.parties)


def has_order(world: World) -> bool:
    """Search every order of moves for one in which no state adds a violating pair."""
    first = start(world)
    accepted = broken(world, first)
    seen, work = {first.key()}, [first]
    while work:
        state = work.pop()
        if finished(world, state):
            return True
        for _, following in moves(world, state, accepted):
            if following.key() not in seen:
                seen.add(following.key())
                work.append(following)
    return False


def safe_along(world: World, steps: list[tuple[str, ...]]) -> frozenset[Pair]:
    """Walk a plan (rolls by name, drains by channel and version) and return the first violating pairs it adds, if any."""
    state = start(world)
    accepted = broken(world, state)
    parties = {party.name: party for party in world.parties}
    for step in steps:
        if len(step) == 2:
            written = any(step[1] in revision.use(step[0]).writes for _, revisions in state.alive for revision in revisions)
            assert not written, f"{step} is proved while it is written"
            state = State(state.alive, state.stored - {step})
            continue
        for passed in passages(world, state, parties[step[0]]):
            if broken(world, passed) - accepted:
                return broken(world, passed) - accepted
            state = passed
    assert finished(world, state), "the plan ends before everything has rolled"
    return frozenset()
