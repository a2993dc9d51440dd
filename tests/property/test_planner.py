"""The planner against a search over every order: no difference, on thousands of random worlds."""

from collections import Counter
from dataclasses import replace
from random import Random
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from saferollout.core.contracts import Channel, ContractKind, Party, Revision, Use, World
from saferollout.core.planner import plan
from saferollout.core.plans import Plan, Refusal, Roll, ready_steps
from tests.property.worlds import broken, finished, has_order, passages, random_world, safe_along, stalled, start, with_requirements

WORLDS = 4000


def walked(answer: Plan) -> list[tuple[str, ...]]:
    return [(step.workload,) if isinstance(step, Roll) else (step.contract, step.version) for step in answer.steps]


def check_against_search(world: World) -> Plan:
    answer = plan(world)
    assert answer.accepted == has_order(world), f"{answer}\n{world}"
    if answer.accepted:
        assert safe_along(world, walked(answer)) == frozenset()
    else:
        assert answer.conflicts
        assert answer.repairs
        assert answer.message.endswith(".")
    return answer


def test_the_planner_accepts_exactly_what_an_exhaustive_search_can_order() -> None:
    seen = Counter(check_against_search(random_world(Random(seed))).reason for seed in range(WORLDS))
    # A generator that never refuses, or always does, would prove nothing.
    assert seen[None] > WORLDS // 3
    assert all(seen[reason] > 10 for reason in (Refusal.UNSAFE_GOAL, Refusal.SELF_CONFLICT, Refusal.NO_SAFE_ORDER)), seen


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_planner_agrees_with_the_search_on_worlds_that_hypothesis_looks_for(random: Random) -> None:
    check_against_search(random_world(random, workloads=5, channels=3))


def test_the_same_world_gives_the_same_plan_whatever_the_order_of_parties() -> None:
    for seed in range(300):
        world = random_world(Random(seed))
        shuffled = list(world.parties)
        Random(seed).shuffle(shuffled)
        again = plan(replace(world, parties=tuple(shuffled)))
        first = plan(world)
        assert first == plan(world)
        assert [step.id for step in again.steps] == [step.id for step in first.steps]
        assert again.reason == first.reason


def test_steps_that_are_ready_side_by_side_are_safe_in_any_interleaving() -> None:
    """Workloads without a path between them may be half-rolled together."""
    together = 0
    for seed in range(1500):
        world = random_world(Random(seed), workloads=5)
        answer = plan(world)
        ready = [step for step in ready_steps(answer) if isinstance(step, Roll)]
        if not answer.accepted or len(ready) < 2:
            continue
        together += 1
        state, parties = start(world), {party.name: party for party in world.parties}
        accepted = broken(world, state)
        for step in ready:
            state = passages(world, state, parties[step.workload])[0]
            assert broken(world, state) <= accepted, f"{answer}\n{world}"
    assert together > 100


def test_every_plan_can_be_done_by_ready_steps_alone() -> None:
    for seed in range(500):
        answer = plan(random_world(Random(seed)))
        done: list[str] = []
        while ready := ready_steps(answer, done):
            done.append(ready[-1].id)
        assert sorted(done) == sorted(step.id for step in answer.steps)


def test_a_plan_never_leaves_a_reader_that_requires_a_writer_without_one() -> None:
    refused = accepted = 0
    for seed in range(3000):
        random = Random(seed)
        world = with_requirements(random, random_world(random))
        world = replace(world, parties=tuple(party for party in world.parties if len(party.alive) < 2))
        answer = plan(world)
        refused += not answer.accepted and any(conflict.version is None for conflict in answer.conflicts)
        if not answer.accepted:
            continue
        state, parties = start(world), {party.name: party for party in world.parties}
        before = stalled(world, state)
        for step in answer.steps:
            if not isinstance(step, Roll):
                continue
            for passed in passages(world, state, parties[step.workload]):
                assert stalled(world, passed) <= before, f"{answer}\n{world}"
                state = passed
        assert finished(world, state)
        accepted += 1
    assert accepted > 500
    assert refused > 50


def chain(length: int) -> World:
    """Return workloads in a chain of topics, each writing 2 when the next one reads it, and each topic to be drained."""
    channels = {f"c{n}": Channel(f"c{n}", ContractKind.TOPIC, retention_seconds=60) for n in range(length // 2)}
    parties = []
    for number in range(length):
        topic = f"c{number // 2}"
        if number % 2:
            old, new = Use(writes=frozenset("1")), Use(writes=frozenset("2"))
        else:
            old, new = Use(reads=frozenset("1")), Use(reads=frozenset("12"))
        beside = f"c{(number // 2 + 1) % len(channels)}"
        reading = Use(reads=frozenset("12"))
        uses = [{topic: use, beside: reading} if beside != topic else {topic: use} for use in (old, new)]
        alive, goal = (Revision(f"{number}-{age}", use) for age, use in zip(("old", "new"), uses, strict=True))
        parties.append(Party(f"w{number}", (alive,), goal, order=number))
    return World(tuple(parties), channels)


def planning_seconds(length: int) -> float:
    world = chain(length)
    times = []
    for _ in range(3):
        before = process_time()
        assert plan(world).accepted
        times.append(process_time() - before)
    return min(times)


def test_planning_grows_near_linearly() -> None:
    factor = 8
    small, large = planning_seconds(100), planning_seconds(100 * factor)
    assert large < small * factor * 3, f"{small:.4f} s -> {large:.4f} s"
