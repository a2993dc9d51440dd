"""Which change of what gates say is a write of the status, and that a decision itself never goes by an old row."""

import pytest

from saferollout.api.status import GateStatus, State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, little_cluster, state

NAMES = ("one", "two", "three")
GATES = [{"name": name, "promql": f"sum({name})", "max": "5", "intervalSeconds": 2, "failureLimit": 3} for name in NAMES]


@pytest.fixture
def baking() -> LittleCluster:
    """A first batch that bakes for two minutes, all of whose gates pass."""
    cluster = little_cluster(gates=GATES, bakeSeconds=120)
    cluster.values.update(dict.fromkeys(NAMES, 0.0))
    cluster.apply("writer", "w2", WRITES_1)
    for _ in range(100):
        cluster.play(looks=1)
        rolls = cluster.status.release.rolls if cluster.status.release is not None else []
        if rolls and rolls[0].ready_time is not None:
            return cluster
    raise AssertionError(cluster.log)


def verdicts(cluster: LittleCluster) -> tuple[str, ...]:
    return tuple(gate.verdict for gate in cluster.status.gates)


def writes_while(cluster: LittleCluster, *, values: dict[str, float | None], looks: int = 6) -> int:
    cluster.values.update(values)
    before = cluster.status_writes
    cluster.play(looks=looks)
    return cluster.status_writes - before


def test_each_gate_that_gets_worse_is_a_write_and_the_last_one_that_recovers(baking: LittleCluster) -> None:
    assert writes_while(baking, values={"one": None}) == 1
    assert verdicts(baking) == ("Inconclusive", "Passing", "Passing")
    assert writes_while(baking, values={"two": None}) == 1
    assert verdicts(baking) == ("Inconclusive", "Inconclusive", "Passing")
    assert writes_while(baking, values={"one": 0.0}) == 0, "the other one is still in the way"
    assert writes_while(baking, values={"two": 0.0}) == 1
    assert verdicts(baking) == ("Passing", "Passing", "Passing")


def test_a_gate_that_goes_bad_is_not_hidden_behind_another_one(baking: LittleCluster) -> None:
    writes_while(baking, values={"one": 9.0}, looks=2)
    assert verdicts(baking)[:2] == ("Waiting", "Passing")
    assert writes_while(baking, values={"two": 9.0}, looks=2) >= 1
    assert verdicts(baking)[:2] == ("Waiting", "Waiting")
    assert writes_while(baking, values={"one": 0.0}, looks=3) >= 1
    assert verdicts(baking)[:2] == ("Passing", "Waiting")


def test_a_failure_that_is_tolerated_is_a_write(baking: LittleCluster) -> None:
    assert writes_while(baking, values={"three": 9.0}, looks=2) == 1
    assert verdicts(baking)[2] == "Waiting"


def test_a_new_value_with_the_same_verdict_is_none(baking: LittleCluster) -> None:
    assert writes_while(baking, values={"one": 1.0, "two": 2.0}) == 0


def test_a_gate_whose_row_is_old_can_be_approved_and_what_metrics_say_is_new(baking: LittleCluster) -> None:
    writes_while(baking, values={"one": None, "two": None})
    writes_while(baking, values={"one": 0.0})
    assert verdicts(baking) == ("Inconclusive", "Inconclusive", "Passing")
    assert [gate.verdict for gate in baking.look().gates] == ["Passing", "Inconclusive", "Passing"]
    baking.say("approve", subject="gate/two")
    baking.play(looks=2)
    assert "CommandAccepted" in baking.log
    assert baking.status.commands[-1].accepted, baking.status.commands[-1].message


def test_a_row_says_when_it_was_measured(baking: LittleCluster) -> None:
    shown: list[GateStatus] = baking.status.gates
    assert all(gate.measured_time is not None and gate.measured_time <= baking.now for gate in shown)


def test_a_gate_that_can_not_tell_when_the_bake_is_over_holds_and_is_named(baking: LittleCluster) -> None:
    baking.values["two"] = None
    baking.play(looks=200)
    assert state(baking) is State.WAITING
    assert baking.status.summary is not None
    assert baking.status.summary.waiting_for.startswith("gate two can't be judged")
