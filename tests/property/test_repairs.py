"""Whoever follows the repairs of a refusal, and plans again, ends with a plan."""

from collections import Counter
from dataclasses import replace
from random import Random

from saferollout.core.contracts import Party, Revision, Use, World
from saferollout.core.planner import plan
from saferollout.core.plans import Refusal, Repair
from tests.property.worlds import VERSIONS, random_world, with_requirements

ROUNDS = 6


def followed(world: World, repair: Repair) -> World:
    """Do what the sentence says: widen what runs by an earlier release, or change the template that is wanted."""
    return replace(world, parties=tuple(_repaired(party, repair) if party.name == repair.workload else party for party in world.parties))


def _repaired(party: Party, repair: Repair) -> Party:
    if party.external:
        assert repair.sentence.startswith(f"Have {party.name} read"), "nobody here releases it"
        return replace(party, alive=tuple(_widened(revision, repair) for revision in party.alive))
    demands_less = "without requiring" in repair.sentence
    if repair.sentence.startswith("Release first"):
        change = _undemanding if demands_less else _widened
        goal = change(party.goal, repair) if party.goal is not None and not party.rolls else party.goal
        return replace(party, alive=tuple(change(revision, repair) for revision in party.alive), goal=goal)
    assert party.goal is not None
    if demands_less:
        return replace(party, goal=_undemanding(party.goal, repair))
    use = party.goal.use(repair.contract)
    changed = replace(use, reads=frozenset(repair.reads) if repair.reads else use.reads, writes=frozenset(repair.writes))
    return replace(party, goal=replace(party.goal, uses={**party.goal.uses, repair.contract: changed}))


def _undemanding(revision: Revision, repair: Repair) -> Revision:
    use = revision.use(repair.contract)
    assert use.required or use.reads is None, "there was a demand to give up"
    return replace(revision, uses={**revision.uses, repair.contract: replace(use, required=False)})


def _widened(revision: Revision, repair: Repair) -> Revision:
    use = revision.use(repair.contract)
    assert use.reads is not None
    assert use.reads < set(repair.reads), "a repair adds to what is read"
    assert use.writes == set(repair.writes), "and leaves alone what is written today"
    return replace(revision, uses={**revision.uses, repair.contract: replace(use, reads=frozenset(repair.reads))})


def rounds_needed(world: World) -> int:
    """Follow the repairs until the plan is accepted; return how many refusals that took."""
    answer, number = plan(world), 0
    while not answer.accepted:
        number += 1
        assert number <= ROUNDS, f"{answer}\n{world}"
        for repair in answer.repairs:
            world = followed(world, repair)
        answer = plan(world)
    return number


def with_one_revision_alive(world: World) -> World:
    return replace(world, parties=tuple(replace(party, alive=party.alive[:1]) for party in world.parties))


def test_following_the_repairs_ends_with_a_plan() -> None:
    rounds: Counter[tuple[Refusal, int]] = Counter()
    for seed in range(6000):
        world = with_one_revision_alive(random_world(Random(seed)))
        reason = plan(world).reason
        if reason is not None:
            rounds[reason, rounds_needed(world)] += 1
    # Most refusals need one round; later rounds are other refusals that the first one hid.
    assert rounds[Refusal.NO_SAFE_ORDER, 1] > 40
    assert rounds[Refusal.SELF_CONFLICT, 1] > 200
    assert rounds[Refusal.UNSAFE_GOAL, 1] > 400


def without_requirements(world: World) -> World:
    def easy(revision: Revision) -> Revision:
        return replace(revision, uses={name: replace(use, required=False) for name, use in revision.uses.items()})

    parties = [replace(party, alive=tuple(map(easy, party.alive)), goal=party.goal and easy(party.goal)) for party in world.parties]
    return replace(world, parties=tuple(parties))


def test_a_release_refused_for_nothing_but_a_requirement_is_accepted_once_its_repairs_are_followed() -> None:
    accepted: Counter[Refusal] = Counter()
    for seed in range(6000):
        random = Random(seed)
        world = with_one_revision_alive(with_requirements(random, random_world(random)))
        answer = plan(world)
        if answer.reason is None or all(conflict.version is not None for conflict in answer.conflicts):
            continue
        rounds = rounds_needed(world)
        if plan(without_requirements(world)).accepted:
            # A knot may hold several cycles, of which each refusal names one.
            assert rounds == 1 or answer.reason is Refusal.NO_SAFE_ORDER, f"{answer}\n{world}"
            accepted[answer.reason] += 1
    assert accepted[Refusal.UNSAFE_GOAL] > 200
    assert accepted[Refusal.NO_SAFE_ORDER] > 20


def with_external_readers(random: Random, world: World) -> World:
    """Add some parties that read one channel, each a few of its versions, and that nobody here releases."""
    channel = random.choice(tuple(world.channels))
    uses = [Use(reads=frozenset(random.sample(VERSIONS, random.randint(1, 2)))) for _ in range(random.randint(1, 3))]
    readers = [Party(f"e{n}", (Revision(f"e{n}", {channel: use}),), external=True, order=100 + n) for n, use in enumerate(uses)]
    return replace(world, parties=(*world.parties, *readers))


def test_a_goal_refused_for_nothing_but_external_readers_is_safe_once_its_repairs_are_followed() -> None:
    asked_externals: Counter[bool] = Counter()
    for seed in range(6000):
        random = Random(seed)
        alone = with_one_revision_alive(random_world(random))
        world = with_external_readers(random, alone)
        answer = plan(world)
        if answer.reason is not Refusal.UNSAFE_GOAL or not plan(alone).accepted:
            continue
        repaired = world
        for repair in answer.repairs:
            repaired = followed(repaired, repair)
        later = plan(repaired)
        assert later.reason is not Refusal.UNSAFE_GOAL, f"{later}\n{world}"
        rounds_needed(world)
        asked_externals[any(repair.workload.startswith("e") for repair in answer.repairs)] += 1
    assert min(asked_externals[True], asked_externals[False]) > 50
