"""A reader and a writer of one topic, and gates to judge them by: the scene most releases in the tests play on."""

from typing import Any

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster

READS_1, READS_BOTH = "events: {reads: [1]}", "events: {reads: [1, 2]}"
WRITES_1, WRITES_2, WRITES_3 = "events: {writes: [1]}", "events: {writes: [2]}", "events: {writes: [3]}"
GATE = {"name": "letters", "signal": "DeadLetterDepth", "contract": "events", "max": "5", "intervalSeconds": 5}


def little_cluster(**changes: Any) -> LittleCluster:
    contract = {"name": "events", "topic": {"name": "events", "retentionSeconds": 3600, "deadLetterTopic": "letters"}}
    spec = {
        "workloads": [{"name": "writer", "batches": ["20%"]}, {"name": "reader"}],
        "contracts": [contract],
        "bakeSeconds": 10,
        "settleSeconds": 0,
        "progressDeadlineSeconds": 60,
        **changes,
    }
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("writer", "w1", WRITES_1)
    cluster.running("reader", "r1", READS_1)
    cluster.play()
    return cluster


def state(cluster: LittleCluster) -> State:
    assert cluster.status.summary is not None
    return cluster.status.summary.state


def condition(cluster: LittleCluster, kind: str) -> str:
    return next(str(known.status) for known in cluster.status.conditions if known.type == kind)
