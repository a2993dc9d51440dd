"""Releases that narrow what is read, and so wait until a version has drained: by time, by a query, by a person's word."""

from tests.golden.shop import API, TOPIC, played_with
from tests.golden.stage import Stage

BY_QUERY = {**TOPIC, "drained": {"promql": 'sum(unread{version="1"})'}}
BY_HAND = {"name": "user-events", "topic": {"name": "user.events", "deadLetterTopic": "user.events.dlt"}}
BY_RETENTION = {"name": "user-events", "topic": {"name": "user.events", "retentionSeconds": 90, "deadLetterTopic": "user.events.dlt"}}
BY_GROUPS = {
    "name": "user-events",
    "topic": {
        "name": "user.events", "retentionSeconds": 86400, "deadLetterTopic": "user.events.dlt",
        "consumerGroups": [{"group": "billing", "workload": "billing"}, {"group": "notification", "workload": "notification"}],
    },
}  # fmt: skip
BY_TTL = {"name": "user-events", "cache": {"ttlSeconds": 60}}
ONLY_2 = {"notification": "user-events: {reads: [2]}", "billing": "user-events: {reads: [2]}"}
BOTH = {"notification": "user-events: {reads: [1, 2]}", "billing": "user-events: {reads: [1, 2]}"}
WRITES_2 = "{user-events: {writes: [2]}, users-api/response: {writes: [1]}}"


@played_with(contracts=[BY_RETENTION, API])
def drained_by_retention(stage: Stage) -> None:
    """Readers stop reading version 1: the writer first, then the topic's retention, then the readers."""
    _narrow(stage)
    stage.play()


@played_with(contracts=[BY_GROUPS, API])
def drained_by_group_offsets(stage: Stage) -> None:
    """The same, long before retention: every group has passed where the topic ended, and no dead letters lie there."""
    stage.measure("drained/user-events/1/from", None)
    _narrow(stage)
    stage.wait(60)
    stage.measure("drained/user-events/1/from", 2.0)
    stage.wait(60)
    stage.measure("drained/user-events/1/from", 0.0)
    stage.play()


@played_with(contracts=[BY_GROUPS, API])
def drained_by_group_offsets_but_for_dead_letters(stage: Stage) -> None:
    """Dead letters may hold the version and be replayed: a person has to answer for them."""
    stage.measure("drained/user-events/1/dead-letters", 3.0)
    _narrow(stage)
    stage.wait(60)
    stage.say("approve", subject="Prove/user-events/1", reason="they are of another kind")
    stage.play()


@played_with(contracts=[BY_TTL, API], gates=[])
def drained_by_time_to_live(stage: Stage) -> None:
    """The same over a cache: once its entries have lived their time."""
    _narrow(stage)
    stage.play()


@played_with(contracts=[BY_HAND, API])
def drained_by_a_persons_word(stage: Stage) -> None:
    """Nothing can tell that the topic is free of version 1: a person is asked."""
    _narrow(stage)
    stage.wait(60)
    stage.say("approve", subject="Prove/user-events/1", reason="I looked")
    stage.play()


@played_with(contracts=[BY_QUERY, API])
def drained_by_a_query(stage: Stage) -> None:
    """The user's own query says when version 1 is gone; while it says nothing, nothing is narrowed."""
    stage.measure("drained/user-events/1", None)
    _narrow(stage)
    stage.wait(60)
    stage.measure("drained/user-events/1", 12.0)
    stage.wait(60)
    stage.measure("drained/user-events/1", 0.0)
    stage.play()


@played_with(contracts=[BY_HAND, API])
def a_gate_fails_while_the_release_waits(stage: Stage) -> None:
    """While a release merely waits for a proof, a failing gate is reported and rolls nothing back."""
    _narrow(stage)
    stage.wait(60)
    stage.measure("dead-letters", 40.0)
    stage.wait(60)
    stage.measure("dead-letters", 0.0)
    stage.wait(30)
    stage.say("approve", subject="Prove/user-events/1", reason="I looked")
    stage.play()


def _narrow(stage: Stage) -> None:
    """Release readers of both versions first, unseen; then one release moves the writer on and narrows the readers."""
    stage.chronicle.muted = True
    for name, contracts in BOTH.items():
        stage.apply(name, f"{name[0]}2", contracts)
    stage.skip_until(lambda: stage.is_over() and stage.status.release is not None)
    stage.chronicle.section(stage.now, "the writer moves on, and its readers stop reading what it wrote")
    for name, contracts in ONLY_2.items():
        stage.apply(name, f"{name[0]}3", contracts)
    stage.apply("user-service", "u2", WRITES_2)
