"""Whoever follows the repairs of a refusal, and plans again, ends with a plan."""

from collections import Counter
from dataclasses import replace
from random import Random

from saferollout.core.contracts import Party, Revision, World
from saferollout.core.planner import plan
from saferollout.core.plans import Refusal, Repair
from tests.property.worlds import random_world

ROUNDS = 6


def followed(world: World, repair: Repair) -> World:
    """Do what the sentence says: widen what runs by an earlier release, or change the template that is wanted."""
    return replace(world, parties=tuple(_repaired(party, repair) if party.name == repair.workload else party for party in world.parties))


def _repaired(party: Party, repair: Repair) -> Party:
    if repair.sentence.startswith("Release first"):
        return replace(party, alive=tuple(_widened(revision, repair) for revision in party.alive))
    assert party.goal is not None
    use = party.goal.use(repair.contract)
    changed = replace(use, reads=frozenset(repair.reads) if repair.reads else use.reads, writes=frozenset(repair.writes))
    return replace(party, goal=replace(party.goal, uses={**party.goal.uses, repair.contract: changed}))


def _widened(revision: Revision, repair: Repair) -> Revision:
    use = revision.use(repair.contract)
    assert use.reads is not None
    assert use.reads < set(repair.reads), "a repair adds to what is read"
    assert use.writes == set(repair.writes), "and leaves alone what is written today"
    return replace(revision, uses={**revision.uses, repair.contract: replace(use, reads=frozenset(repair.reads))})


def test_following_the_repairs_ends_with_a_plan() -> None:
    rounds: Counter[tuple[Refusal, int]] = Counter()
    for seed in range(6000):
        drafted = random_world(Random(seed))
        world = replace(drafted, parties=tuple(replace(party, alive=party.alive[:1]) for party in drafted.parties))
        answer = plan(world)
        reason, number = answer.reason, 0
        while answer.reason is not None:
            number += 1
            assert number <= ROUNDS, f"{answer}\n{world}"
            for repair in answer.repairs:
                world = followed(world, repair)
            answer = plan(world)
        if reason is not None:
            rounds[reason, number] += 1
    # Most refusals need one round; later rounds are other refusals that the first one hid.
    assert rounds[Refusal.NO_SAFE_ORDER, 1] > 40
    assert rounds[Refusal.SELF_CONFLICT, 1] > 200
    assert rounds[Refusal.UNSAFE_GOAL, 1] > 400
