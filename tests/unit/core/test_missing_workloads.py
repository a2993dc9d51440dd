"""What the spec names and what does not exist may still come; after the deadline whoever waits for a condition is told that it stalls."""

from datetime import timedelta

from saferollout.core.decision import Marks
from saferollout.core.views import Absent
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, condition, little_cluster

DEADLINE = 120


def without_reader() -> LittleCluster:
    cluster = little_cluster(gating="Disabled", progressDeadlineSeconds=DEADLINE)
    del cluster.views["reader"]
    cluster.absent["reader"] = Absent("reader", "Deployment", "NotFound", "there is no Deployment 'reader'")
    return cluster


def conditions(cluster: LittleCluster) -> dict[str, str]:
    return {kind: condition(cluster, kind) for kind in ("Ready", "Reconciling", "Stalled")}


def test_what_is_missing_is_awaited_and_then_stalls_at_the_deadline() -> None:
    cluster = without_reader()
    assert cluster.look().requeue_after == DEADLINE
    assert conditions(cluster) == {"Ready": "False", "Reconciling": "True", "Stalled": "False"}
    cluster.now += timedelta(seconds=DEADLINE - 1)
    assert cluster.look().requeue_after == 1
    assert conditions(cluster)["Stalled"] == "False"
    cluster.now += timedelta(seconds=1)
    notes = cluster.look().notes
    assert conditions(cluster) == {"Ready": "False", "Reconciling": "False", "Stalled": "True"}
    stalled = next(known for known in cluster.status.conditions if known.type == "Stalled")
    assert (stalled.reason, stalled.message) == ("WorkloadNotFound", "there is no Deployment 'reader'")
    assert [note.message for note in notes if note.reason == "Stalled"] == ["got stuck (WorkloadNotFound): there is no Deployment 'reader'"]
    assert not cluster.look().notes, "it is said once"


def test_a_restarted_operator_does_not_begin_to_wait_anew() -> None:
    cluster = without_reader()
    cluster.look()
    cluster.now += timedelta(seconds=DEADLINE)
    cluster.marks = Marks()
    cluster.look()
    assert conditions(cluster)["Stalled"] == "True"


def test_a_release_of_the_others_is_no_stall_however_long_it_takes() -> None:
    cluster = without_reader()
    cluster.look()
    cluster.now += timedelta(seconds=DEADLINE)
    cluster.look()
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    assert conditions(cluster) == {"Ready": "False", "Reconciling": "True", "Stalled": "False"}


def test_it_is_over_when_the_workload_comes() -> None:
    cluster = without_reader()
    cluster.look()
    cluster.now += timedelta(seconds=DEADLINE)
    cluster.look()
    cluster.absent.clear()
    cluster.running("reader", "r1", None)
    cluster.play(looks=10)
    assert conditions(cluster) == {"Ready": "True", "Reconciling": "False", "Stalled": "False"}
