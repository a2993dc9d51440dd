"""Plan what can go: the kernel's plan for the whole goal, or, where that is refused, for all that has nothing to do with it.

Templates that share a contract with a refused one stay held with it; those that share none go on beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from saferollout.core.contracts import Party, World
from saferollout.core.plans import Conflict, Plan, RevisionRole
from saferollout.core.superseding import plan_superseding


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be done from here.

    `plan` is always accepted; `refusal` is the kernel's answer to the whole goal where that was refused; `kept_back` says by
    workload why its template can't go.
    """

    plan: Plan
    world: World
    refusal: Plan | None = None
    kept_back: Mapping[str, str] = field(default_factory=dict)


def look_ahead(world: World) -> Outlook:
    """Plan the world; leave out movers of refused pairs, one round after the other, until a plan is accepted."""
    first = plan_superseding(world)
    current, answer = world, first
    kept_back: dict[str, str] = {}
    while not answer.accepted:
        rolling = {party.name: answer.message for party in current.parties if party.goal is not None}
        movers = {name: why for name, why in _movers(answer.conflicts).items() if name in rolling} or rolling
        movers = {**_with_movers(current, movers), **movers}
        kept_back.update(movers)
        current = _without_goals(current, names=frozenset(movers))
        answer = plan_superseding(current)
    return Outlook(plan=answer, world=current, refusal=None if first.accepted else first, kept_back=kept_back)


def _movers(conflicts: tuple[Conflict, ...]) -> dict[str, str]:
    """Name for each conflict the new revision to keep back: the writer's if it is new, else the reader's."""
    movers: dict[str, str] = {}
    for conflict in conflicts:
        sides = [side for side in (conflict.writer, conflict.reader) if side is not None and side.revision is RevisionRole.NEW]
        if sides:
            movers.setdefault(sides[0].workload, conflict.sentence)
    return movers


def _with_movers(world: World, movers: Mapping[str, str]) -> dict[str, str]:
    """Return the rolling workloads that share a contract with a refused one, directly or through others that roll."""
    channels = {party.name: _channels(party) for party in world.parties if party.goal is not None and party.rolls}
    tied: dict[str, str] = {name: name for name in movers}
    reached = list(movers)
    while reached:
        name = reached.pop()
        for other, shared in channels.items():
            if other not in tied and shared & channels.get(name, frozenset()):
                tied[other] = tied[name]
                reached.append(other)
    return {name: f"held together with {mover}: they share a contract" for name, mover in tied.items() if name not in movers}


def _channels(party: Party) -> frozenset[str]:
    revisions = (*party.alive, *((party.goal,) if party.goal is not None else ()))
    return frozenset(channel for revision in revisions for channel in revision.uses)


def _without_goals(world: World, *, names: frozenset[str]) -> World:
    parties = tuple(replace(party, goal=None) if party.name in names else party for party in world.parties)
    return replace(world, parties=parties)
