"""What a person has to look at is announced when it becomes so, once, and in the words of the condition."""

from datetime import timedelta

from saferollout.api.status import State
from saferollout.core.decision import Note
from saferollout.core.event_reasons import NoteType
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, READS_BOTH, WRITES_1, WRITES_2, WRITES_3, condition, little_cluster, state


def told(cluster: LittleCluster, *, looks: int = 5) -> list[Note]:
    return [note for _ in range(looks) for note in cluster.look().notes]


def of(notes: list[Note], reason: str) -> list[Note]:
    return [note for note in notes if note.reason == reason]


def test_a_refused_plan_is_announced_once_with_its_counter_example_and_repair() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w3", WRITES_3)
    refusals = of(told(cluster), "PlanRefused")
    assert len(refusals) == 1
    assert refusals[0].type is NoteType.WARNING
    assert "UnsafeGoal" in refusals[0].message and "Repair:" in refusals[0].message


def test_another_refusal_is_news() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w3", WRITES_3)
    told(cluster)
    cluster.apply("writer", "w4", "events: {writes: [4]}")
    assert "4" in of(told(cluster), "PlanRefused")[0].message


def test_a_broken_annotation_is_announced_once_on_its_workload_with_the_line() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w2", "events: {writes: [1]}\nother {reads: [")
    notes = told(cluster)
    [invalid] = of(notes, "InvalidTemplate")
    assert invalid.workload == "writer" and invalid.type is NoteType.WARNING
    assert "line" in invalid.message
    assert of(notes, "PlanRefused") == []


def test_a_contract_that_nobody_knows_is_announced_by_name_on_its_workload() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w2", "evnts: {writes: [1]}")
    [invalid] = of(told(cluster), "InvalidTemplate")
    assert invalid.workload == "writer" and "evnts" in invalid.message


def test_a_spec_that_is_faulty_is_announced_once() -> None:
    cluster = little_cluster()
    cluster.spec_problems = ("spec.gates[0].max: is no number",)
    [refusal] = of(told(cluster), "PlanRefused")
    assert "InvalidSpec" in refusal.message and "spec.gates[0].max" in refusal.message


def test_a_gate_that_gives_no_verdict_beyond_its_limit_is_announced_once() -> None:
    cluster = little_cluster(gates=[{**GATE, "inconclusiveLimit": 0}])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = None
    notes: list[Note] = []
    for _ in range(200):
        notes += told(cluster, looks=1)
        cluster.now += timedelta(seconds=1)
    assert len(of(notes, "Stalled")) == 1


def test_a_plan_that_is_accepted_is_no_news() -> None:
    cluster = little_cluster()
    cluster.apply("reader", "r2", READS_BOTH)
    assert {note.reason for note in told(cluster)} & {"PlanRefused", "InvalidTemplate", "Stalled"} == set()


def test_half_of_a_sync_is_no_trouble() -> None:
    """The writer's template comes some seconds before its reader's."""
    cluster = little_cluster(settleSeconds=15)
    cluster.apply("writer", "w2", WRITES_2)
    decision = cluster.look()
    assert decision.notes and of(list(decision.notes), "PlanRefused") == []
    assert (state(cluster), condition(cluster, "PlanAccepted"), condition(cluster, "Stalled")) == (State.SETTLING, "Unknown", "False")
    assert decision.requeue_after == 5, "nothing else tells that the rest never came"
    cluster.now += timedelta(seconds=4)
    cluster.apply("reader", "r2", READS_BOTH)
    assert of(told(cluster, looks=100), "PlanRefused") == [] and condition(cluster, "PlanAccepted") == "True"


def test_a_refusal_that_stands_for_some_seconds_is_announced_once_whatever_else_comes() -> None:
    cluster = little_cluster(settleSeconds=15)
    cluster.apply("writer", "w3", WRITES_3)
    cluster.look()
    cluster.now += timedelta(seconds=5)
    assert len(of(told(cluster), "PlanRefused")) == 1 and state(cluster) is State.REFUSED
    cluster.apply("writer", "w3b", WRITES_3)
    assert of(told(cluster), "PlanRefused") == [] and condition(cluster, "PlanAccepted") == "False", "what is on record stays said"
    cluster.now += timedelta(seconds=60)
    assert of(told(cluster), "PlanRefused") == []
    cluster.apply("writer", "w4", "events: {writes: [4]}")
    assert of(told(cluster), "PlanRefused") == [], "other words, and half of a sync perhaps"
    cluster.now += timedelta(seconds=5)
    assert len(of(told(cluster), "PlanRefused")) == 1
