"""When gates are looked at: whatever they wait for, the operator wakes by itself to measure them again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saferollout.api.status import State, Status
from tests.unit.core.shop import GATE, WRITES_1, little_cluster, state


def test_a_gate_without_data_before_the_first_step_is_measured_again() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.values["letters"] = None
    cluster.apply("writer", "w2", WRITES_1)
    cluster.look()
    decision = cluster.look()
    assert decision.action is None
    assert decision.requeue_after == pytest.approx(GATE["intervalSeconds"])


def test_a_gate_is_measured_while_new_pods_take_their_time() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.broken.add("w2")
    cluster.play_until_new_pods("writer", "w2")
    cluster.now += timedelta(seconds=1)
    decision = cluster.look()
    assert decision.requeue_after is not None and decision.requeue_after <= GATE["intervalSeconds"]


def test_a_gate_is_measured_while_the_release_waits_between_two_steps() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    release = cluster.status.release
    assert release is not None
    cluster.status = cluster.status.model_copy(update={"release": release.model_copy(update={"rolls": []})})
    cluster.say("pause")
    cluster.look()
    decision = cluster.look()
    while decision.action is not None:
        decision = cluster.look()
    assert decision.requeue_after is not None and decision.requeue_after <= GATE["intervalSeconds"]


def test_a_gate_of_a_workload_that_has_no_pod_yet_keeps_no_other_one_waiting() -> None:
    errors = {"name": "errors", "signal": "ServerErrorRatio", "workload": "writer", "max": "0.05", "intervalSeconds": 5}
    cluster = little_cluster(gates=[errors])
    cluster.status = Status()
    for name, view in cluster.views.items():
        cluster.views[name] = replace(view, replica_sets=(), held=True, paused=True)
    cluster.values["errors"] = None
    cluster.play(looks=60)
    assert cluster.pods("reader") == {"r1": 10}
    assert cluster.pods("writer") == {"w1": 10}
    assert "Completed" not in cluster.log, "the pods that it measures are judged as any others"


def test_a_gate_that_failed_before_the_release_is_not_held_against_it_when_it_recovers() -> None:
    gate = {"name": "errors", "promql": "sum(errors)", "max": "1", "intervalSeconds": 5}
    cluster = little_cluster(gates=[gate], bakeSeconds=30)
    cluster.values["errors"] = 9.0
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=5)
    cluster.say("approve", subject="gate/errors")
    cluster.play(looks=15)
    cluster.values["errors"] = 0.0
    cluster.play()
    assert "GatePassedAgain" in cluster.log
    assert state(cluster) is State.COMPLETED, "the measurements before it passed were known and waived"


def test_a_gate_that_fails_again_after_it_recovered_counts() -> None:
    gate = {"name": "errors", "promql": "sum(errors)", "max": "1", "intervalSeconds": 5}
    cluster = little_cluster(gates=[gate], bakeSeconds=60)
    cluster.values["errors"] = 9.0
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=5)
    cluster.say("approve", subject="gate/errors")
    cluster.play(looks=15)
    cluster.values["errors"] = 0.0
    cluster.play(looks=10)
    cluster.values["errors"] = 9.0
    cluster.play()
    assert state(cluster) is State.ROLLED_BACK
