"""When gates are looked at: whatever they wait for, the operator wakes by itself to measure them again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from saferollout.api.status import State, Status
from saferollout.core import gates
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, READS_1, WRITES_1, little_cluster, state


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


def two_rolls_side_by_side(gate: dict[str, Any], *, second_after: int) -> LittleCluster:
    """Begin a roll of the writer and, so many seconds later, an unrelated one of the reader."""
    cluster = little_cluster(maxParallel=2, gates=[gate], bakeSeconds=120, workloads=[{"name": "writer"}, {"name": "reader"}])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.play(looks=second_after)
    cluster.apply("reader", "r2", READS_1)
    cluster.play_until_new_pods("reader", "r2")
    return cluster


def test_a_roll_beside_another_spends_its_own_failures_only() -> None:
    cluster = two_rolls_side_by_side({"name": "errors", "promql": "sum(errors)", "max": "1", "intervalSeconds": 10, "failureLimit": 3}, second_after=5)
    cluster.values["errors"] = 9.0
    cluster.play(looks=25)
    cluster.values["errors"] = 0.0
    cluster.play(looks=300)
    assert state(cluster) is State.COMPLETED, "each step had at most three failures, which it tolerates"


def test_a_roll_beside_another_has_the_initial_delay_of_its_own_start() -> None:
    gate = {"name": "errors", "signal": "ServerErrorRatio", "workload": "reader", "max": "0.5", "intervalSeconds": 10, "initialDelaySeconds": 60}
    cluster = two_rolls_side_by_side(gate, second_after=70)
    cluster.values["errors"] = 1.0
    cluster.play(looks=45)
    cluster.values["errors"] = 0.0
    cluster.play(looks=300)
    assert state(cluster) is State.COMPLETED, "it was bad only while it warmed up"


def test_a_look_at_a_bake_works_a_gate_out_once_for_the_failure_and_once_for_the_bake(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = None
    cluster.play(looks=20)
    plain, asked = gates.verdict, []

    def counted(*arguments: Any, **named: Any) -> gates.GateVerdict:
        asked.append(arguments)
        return plain(*arguments, **named)

    monkeypatch.setattr(gates, "verdict", counted)
    cluster.look()
    assert cluster.status.summary is not None and "letters can't be judged" in cluster.status.summary.waiting_for
    assert len(asked) == 2


def test_a_later_batch_that_a_gate_holds_is_waiting_for_the_gate_and_not_progressing() -> None:
    cluster = little_cluster(gates=[GATE], workloads=[{"name": "writer", "batches": ["20%", "50%"]}, {"name": "reader"}])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.play(looks=14)
    release = cluster.status.release
    assert release is not None and [roll.batch for roll in release.rolls] == [1] and state(cluster) is State.PROGRESSING
    cluster.values["letters"] = None
    cluster.play(looks=4)
    assert state(cluster) is State.PROGRESSING, "the bake is not over, so no gate holds anything up"
    cluster.play(looks=10)
    summary = cluster.status.summary
    assert summary is not None and summary.state is State.WAITING
    assert summary.message == summary.waiting_for == "gate letters can't be judged: no data"
    cluster.values["letters"] = 0.0
    cluster.play()
    assert state(cluster) is State.COMPLETED


def test_a_roll_that_a_gate_holds_does_not_hide_one_that_moves_beside_it() -> None:
    cluster = two_rolls_side_by_side(GATE, second_after=5)
    cluster.values["letters"] = None
    cluster.play(looks=116)
    release = cluster.status.release
    assert release is not None and [roll.ready_time is not None for roll in release.rolls] == [True, True]
    assert state(cluster) is State.PROGRESSING, "the reader bakes"
    cluster.play(looks=20)
    assert state(cluster) is State.WAITING
