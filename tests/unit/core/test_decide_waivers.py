"""A person goes on past a gate that can't tell: for how long, and what the gate may still stop."""

from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, little_cluster, state

GATE = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}


def approved_before_the_first_step() -> LittleCluster:
    cluster = little_cluster(gates=[GATE])
    cluster.values["letters"] = None
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=5)
    assert state(cluster) is State.WAITING
    cluster.say("approve", subject="gate/letters")
    return cluster


def test_a_waiver_given_before_the_first_step_stands_for_the_first_batch_and_no_further() -> None:
    cluster = approved_before_the_first_step()
    cluster.play(looks=60)
    release = cluster.status.release
    assert release is not None and release.end_time is None
    assert release.rolls[0].batch == 1, "the first batch went on, the second asks again"
    cluster.say("approve", subject="gate/letters")
    cluster.play(looks=30)
    assert state(cluster) is State.COMPLETED


def test_a_gate_that_could_not_tell_and_then_fails_stops_the_release_although_it_was_approved() -> None:
    cluster = approved_before_the_first_step()
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 0.0
    cluster.play(looks=8)
    cluster.values["letters"] = 50.0
    cluster.play(looks=60)
    assert state(cluster) is State.ROLLED_BACK


def test_between_two_steps_there_is_no_batch_that_a_waiver_could_stand_for() -> None:
    cluster = little_cluster(gates=[GATE], contracts=[{"name": "events", "topic": {"name": "events"}}])
    cluster.values["letters"] = 0.0
    cluster.apply("reader", "r2", "events: {reads: [1, 2]}")
    cluster.play(looks=120)
    cluster.apply("writer", "w2", "events: {writes: [2]}")
    cluster.apply("reader", "r3", "events: {reads: [2]}")
    cluster.play(looks=120)
    assert state(cluster) is State.AWAITING_APPROVAL, "nothing but a person can say that version 1 is drained"
    cluster.values["letters"] = None
    cluster.play(looks=10)
    cluster.say("approve", subject="gate/letters")
    cluster.play(looks=2)
    answer = cluster.status.commands[-1]
    assert not answer.accepted and "it could be approved: Prove/events/1" in answer.message
