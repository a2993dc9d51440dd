"""The rollback against a search over every set that could go back, at random points of random releases."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from saferollout.api.spec import RollbackScope
from saferollout.core.contracts import World
from saferollout.core.planner import plan
from saferollout.core.plans import Roll
from saferollout.core.rollback import rollback
from tests.property.worlds import (
    State,
    broken,
    finished,
    moves,
    passages,
    random_world,
    safe_along,
    stalled,
    start,
    with_a_writer_that_stops_or_starts,
    with_requirements,
)

RELEASES = 2500
DEMANDING_RELEASES = 5000


@dataclass(frozen=True)
class Point:
    """A release that was stopped somewhere: what is alive and stored, what has rolled, who failed, who stalled before it."""

    world: World
    rolled: tuple[str, ...]
    failed: str
    stalled_before: frozenset[tuple[str, str]] = frozenset()


def random_point(random: Random, *, demanding: bool = False) -> Point | None:
    """Return a point of a random release; None where the random world starts unsafe, is refused or rolls nothing."""
    drafted = random_world(random)
    drafted = with_a_writer_that_stops_or_starts(random, with_requirements(random, drafted)) if demanding else drafted
    world = replace(drafted, parties=tuple(replace(p, alive=p.alive[:1], stable=p.alive[0] if p.alive else None) for p in drafted.parties))
    answer = plan(world)
    rolls = [step.workload for step in answer.steps if isinstance(step, Roll)]
    if broken(world, start(world)) or not rolls:
        return None
    failed, rolled = random.choice(rolls), []
    parties, state = {party.name: party for party in world.parties}, start(world)
    for step in answer.steps:
        if not isinstance(step, Roll):
            state = State(state.alive, state.stored - {(step.contract, step.version)})
            continue
        passed = passages(world, state, parties[step.workload])
        rolled.append(step.workload)
        if step.workload == failed:
            state = passed[0] if random.random() < 0.7 else passed[-1]
            break
        state = passed[-1]
    return Point(_at(world, state), tuple(rolled), failed, frozenset(stalled(world, start(world))))


def _at(world: World, state: State) -> World:
    alive = dict(state.alive)
    stored = {name: frozenset(version for channel, version in state.stored if channel == name) for name in world.channels}
    return replace(world, parties=tuple(replace(p, alive=alive[p.name], goal=None) for p in world.parties), stored=stored)


def going_back(world: World, names: tuple[str, ...]) -> World:
    return replace(world, parties=tuple(replace(p, goal=p.stable if p.name in names else None) for p in world.parties))


def can_go_back(point: Point, names: tuple[str, ...]) -> bool:
    """Search every order in which exactly these go back, without any drain and without a new stall."""
    target = going_back(point.world, names)
    first = start(target)
    accepted, seen, work = broken(target, first), {first.key()}, [first]
    while work:
        state = work.pop()
        if finished(target, state):
            return True
        for name, following in moves(target, state, accepted):
            if "/" not in name and following.key() not in seen and not new_stalls(point, target, state, name):
                seen.add(following.key())
                work.append(following)
    return False


def new_stalls(point: Point, target: World, state: State, name: str) -> set[tuple[str, str]]:
    """Return who stalls while a workload rolls, and stalled neither before the release nor when it was stopped."""
    known = point.stalled_before | stalled(target, start(target))
    party = next(party for party in target.parties if party.name == name)
    return {stall for passed in passages(target, state, party) for stall in stalled(target, passed)} - known


def points(*, demanding: bool = False) -> list[Point]:
    found = (random_point(Random(seed), demanding=demanding) for seed in range(DEMANDING_RELEASES if demanding else RELEASES))
    # Going back to "no pods" is no roll the search knows; named tests have it.
    return [point for point in found if point is not None and all(p.stable for p in point.world.parties)]


def test_what_goes_back_with_the_release_is_the_largest_set_a_search_finds() -> None:
    sizes: Counter[int] = Counter()
    for point in points():
        answer = rollback(point.world, failed=point.failed, rolled=point.rolled, scope=RollbackScope.RELEASE)
        subsets = [names for size in range(len(point.rolled) + 1) for names in combinations(point.rolled, size)]
        largest = max((names for names in subsets if can_go_back(point, names)), key=len)
        assert set(answer.back) == set(largest), point
        assert safe_along(going_back(point.world, answer.back), [(name,) for name in answer.back]) == frozenset()
        assert {stay.workload for stay in answer.stay} == set(point.rolled) - set(answer.back)
        assert all(stay.version for stay in answer.stay), "what can't go back is held by a version"
        sizes[len(answer.back)] += 1
    assert sizes.total() > 500
    assert sizes[1] > 50
    assert sizes[2] > 50


def test_what_goes_back_with_the_workload_is_the_smallest_set_that_holds_it() -> None:
    for point in points():
        answer = rollback(point.world, failed=point.failed, rolled=point.rolled, scope=RollbackScope.WORKLOAD)
        subsets = [names for size in range(1, len(point.rolled) + 1) for names in combinations(point.rolled, size)]
        possible = [names for names in subsets if point.failed in names and can_go_back(point, names)]
        assert len(answer.back) == min(map(len, possible), default=0), point
        assert safe_along(going_back(point.world, answer.back), [(name,) for name in answer.back]) == frozenset()


def test_readers_that_require_a_writer_hold_nobody_more_than_a_search_finds() -> None:
    """Also where they stalled before the release: a first producer that fails goes back. And nobody goes back into a stall."""
    seen: Counter[str] = Counter()
    for point in points(demanding=True):
        subsets = [names for size in range(len(point.rolled) + 1) for names in combinations(point.rolled, size)]
        possible = [frozenset(names) for names in subsets if can_go_back(point, names)]
        everything = rollback(point.world, failed=point.failed, rolled=point.rolled, scope=RollbackScope.RELEASE)
        assert frozenset(everything.back) == max(possible, key=len), point
        alone = rollback(point.world, failed=point.failed, rolled=point.rolled, scope=RollbackScope.WORKLOAD)
        with_failed = [names for names in possible if point.failed in names]
        assert len(alone.back) == min(map(len, with_failed), default=0), point
        assert not alone.back or frozenset(alone.back) in with_failed
        kept = [stay for stay in everything.stay if "requires that somebody writes" in stay.sentence]
        seen["reader kept"] += any("its old revision requires" in stay.sentence for stay in kept)
        seen["writer kept"] += any("its old revision requires" not in stay.sentence for stay in kept)
        seen["stalled before"] += bool(point.stalled_before)
        seen["stalls again"] += bool(point.stalled_before - stalled(point.world, start(point.world))) and bool(everything.back)
    assert seen["stalled before"] > 100
    assert seen["stalls again"] > 20
    assert seen["reader kept"] > 5, "readers whose writer has to stay where it writes no more"
    assert seen["writer kept"] > 5
