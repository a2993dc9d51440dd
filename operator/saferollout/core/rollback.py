"""Decide what goes back after a failure, in which order, and what has to stay (kernel.md section 7).

Going back is planning with the old revisions as goals, without any drain: what can't read what is stored now is at its floor.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from saferollout.api.spec import RollbackScope
from saferollout.core.conflicts import PairKey, Violation, violations
from saferollout.core.contracts import Party, Preference, Revision, World, listed, stored_now
from saferollout.core.cycles import components
from saferollout.core.graph import Graph, Node, find
from saferollout.core.plans import Conflict, RollbackPlan, Stay
from saferollout.core.preferences import add_preferences
from saferollout.core.requirements import add_requirements
from saferollout.core.stages import STAGE_RANK, reading_rank, stage_of, writes_change
from saferollout.core.ties import in_tie_order

NOTHING = Revision(key="", uses={})


Stalled = tuple[str, str]
"""A workload that requires a writer, and the channel that nobody writes."""


@dataclass(frozen=True, slots=True)
class Tolerated:
    """What was broken before the release already: returning to it is nothing new."""

    pairs: frozenset[PairKey]
    stalls: frozenset[Stalled]


@dataclass(slots=True)
class Obstacles:
    """What stands between a workload and its old revision: a floor, or other workloads that would have to go back too."""

    floor: dict[str, Violation] = field(default_factory=dict)
    against: dict[str, dict[str, Violation]] = field(default_factory=lambda: defaultdict(dict))


def rollback(world: World, *, failed: str, rolled: Collection[str], scope: RollbackScope) -> RollbackPlan:
    """Return the largest set that can go back without a drain, in a safe order, and name what stays.

    `world` is what is alive now; goals do not count. `rolled` names what this release has rolled or is rolling, the failed
    one included; each goes back to its party's `stable` revision, and to no pods where it has none.
    """
    before = {party.name: returning(party) for party in world.parties if party.name in rolled}
    everything = _going_back(world, before, frozenset(before))
    tolerated = _broken_before(world, before)
    obstacles = _obstacles(everything, frozenset(before), tolerated.pairs)
    wanted = frozenset(before) if scope == RollbackScope.RELEASE else _drawn_along(world, failed, before, obstacles, tolerated)
    back, held = _largest(world, before, wanted, obstacles, tolerated)
    if scope == RollbackScope.WORKLOAD and failed not in back:
        # Everybody else was only to make room for it.
        back = frozenset()
    order = _order(_going_back(world, before, back), failed, tolerated)
    stay = tuple(
        held.get(name) or _stay(name, failed=failed, floor=obstacles.floor.get(name))
        for name in (party.name for party in world.parties)
        if name in before and name not in back
    )
    return RollbackPlan(back=order, stay=stay)


def _going_back(world: World, before: Mapping[str, Revision], back: frozenset[str]) -> World:
    parties = tuple(replace(party, goal=before[party.name] if party.name in back else None) for party in world.parties)
    preferences = tuple(Preference(first=p.then, then=p.first, contract=p.contract) for p in world.preferences)
    return replace(world, parties=parties, preferences=preferences, sanctions=(), remarks={})


def _broken_before(world: World, before: Mapping[str, Revision]) -> Tolerated:
    earlier = [replace(party, alive=(before[party.name],)) if party.name in before else party for party in world.parties]
    past = replace(world, parties=tuple(replace(party, goal=None) for party in earlier), stored={})
    stalled, _, _ = add_requirements(past, Graph())
    pairs = frozenset(violation.key for violation in violations(past, stored_now(past)))
    return Tolerated(pairs=pairs, stalls=_places(stalled))


def _places(stalled: Iterable[Conflict]) -> frozenset[Stalled]:
    return frozenset((conflict.reader.workload, conflict.contract) for conflict in stalled)


def _obstacles(world: World, rolled: frozenset[str], tolerated: frozenset[PairKey]) -> Obstacles:
    found = list(violations(world, stored_now(world)))
    accepted = tolerated | {violation.key for violation in found if violation.both_live}
    obstacles = Obstacles()
    for violation in found:
        if violation.both_live or violation.both_final or violation.key in accepted:
            continue
        writer, reader = violation.writer, violation.reader
        if writer is None:
            if not reader.lives:
                obstacles.floor.setdefault(reader.party.name, violation)
            continue
        returns, meets = (reader, writer) if writer.lives else (writer, reader)
        if returns.party.name == meets.party.name:
            if not returns.party.recreate:
                obstacles.floor.setdefault(returns.party.name, violation)
        elif returns.party.name in rolled:
            obstacles.against[returns.party.name].setdefault(meets.party.name, violation)
    return obstacles


def _drawn_along(
    world: World, failed: str, before: Mapping[str, Revision], obstacles: Obstacles, tolerated: Tolerated
) -> frozenset[str]:
    """Return the failed workload and whoever can't live with an old revision that comes back."""
    wanted = {failed} & before.keys()
    news = list(wanted)
    while news:
        drawn = {other for name in news for other in obstacles.against.get(name, ())}
        drawn |= {name for name, _ in _newly_stalled(_going_back(world, before, frozenset(wanted)), tolerated)}
        news = [party.name for party in world.parties if party.name in (drawn & before.keys()) - wanted]
        wanted |= set(news)
    return frozenset(wanted)


def _largest(
    world: World, before: Mapping[str, Revision], wanted: frozenset[str], obstacles: Obstacles, tolerated: Tolerated
) -> tuple[frozenset[str], dict[str, Stay]]:
    """Drop what can't go back until nothing changes; return what is left and why the others stay."""
    back = set(wanted)
    held: dict[str, Stay] = {}
    while True:
        dropped = {name: _held(name, holder) for name in back if (holder := _holder(name, back, obstacles)) is not None}
        gone = dropped or _left_alone(world, before, frozenset(back), tolerated)
        if not gone:
            return frozenset(back), held
        held |= gone
        back -= gone.keys()


def _holder(name: str, back: set[str], obstacles: Obstacles) -> Violation | None:
    if name in obstacles.floor:
        return obstacles.floor[name]
    return next((violation for other, violation in obstacles.against.get(name, {}).items() if other not in back), None)


def _left_alone(world: World, before: Mapping[str, Revision], back: frozenset[str], tolerated: Tolerated) -> dict[str, Stay]:
    """Return who must stay because a reader would stall otherwise, or because no order is safe."""
    target = _going_back(world, before, back)
    stalled = sorted(_newly_stalled(target, tolerated))
    kept = {stay.workload: stay for reader, channel in stalled for stay in _kept_from_stalling(world, back, reader=reader, channel=channel)}
    if kept:
        return kept
    graph = find(target, tolerated=tolerated.pairs).graph
    add_requirements(target, graph)
    tangled = [node[1] for members in components(graph.before) for node in members if node[0] == "roll"]
    return {name: Stay(name, None, None, f"{name} stays: no order is safe in which it goes back.") for name in tangled}


def _kept_from_stalling(world: World, back: frozenset[str], *, reader: str, channel: str) -> list[Stay]:
    """Keep the writers that would stop writing a channel; where there are none, the reader that would come to require it again.

    One of both goes back, else nothing that the reader stalls from would be new.
    """
    sentence = f"{reader} requires that somebody writes {channel}, and nobody else would."
    writers = [Stay(name, channel, None, f"{name} stays: {sentence}") for name in sorted(back) if _writes_now(world, name, channel)]
    if writers or reader not in back:
        return writers
    return [Stay(reader, channel, None, f"{reader} stays: its old revision requires that somebody writes {channel}, and nobody does any more.")]


def _newly_stalled(world: World, tolerated: Tolerated) -> frozenset[Stalled]:
    _, stalled, _ = add_requirements(world, Graph())
    return _places(stalled) - tolerated.stalls


def _writes_now(world: World, name: str, channel: str) -> bool:
    party = world.party(name)
    return party is not None and any(revision.use(channel).writes for revision in party.alive)


def _order(world: World, failed: str, tolerated: Tolerated) -> tuple[str, ...]:
    graph = find(world, tolerated=tolerated.pairs).graph
    add_requirements(world, graph)
    add_preferences(world, graph)
    parties = {party.name: party for party in world.parties}

    def rank(node: Node) -> tuple[int, ...]:
        party = parties[node[1]]
        # Writers first: what they stop writing is what readers wait for.
        return (not writes_change(party), -reading_rank(party), node[1] != failed, STAGE_RANK[stage_of(party)], party.order)

    return tuple(node[1] for node in in_tie_order(graph, rank) if node[0] == "roll")


def _stay(name: str, *, failed: str, floor: Violation | None) -> Stay:
    if floor is not None:
        return _held(name, floor)
    return Stay(name, None, None, f"{name} stays: it can live with what goes back, and only {failed} has failed.")


def _held(name: str, holder: Violation) -> Stay:
    channel, version = holder.channel.name, holder.version
    if holder.reader.party.name != name:
        reason = f"{holder.reader.party.name}, which stays, can't read the {channel} {version} that its old revision writes"
    else:
        reads = holder.reader.revision.use(channel).reads or ()
        source = f"{holder.writer.party.name}, which stays, writes" if holder.writer else "there may still be"
        reason = f"{source} {channel} {version}, and its old revision reads only {listed(reads)}"
    return Stay(name, channel, version, f"{name} stays: {reason}.")


def returning(party: Party) -> Revision:
    """Return the revision a party goes back to; one that had none goes back to no pods, which read and write nothing."""
    if party.stable is not None:
        return party.stable
    return party.alive[0] if len(party.alive) > 1 else NOTHING
