"""When a roll may start: what stands before it in the proved order has passed, not merely arrived."""

from dataclasses import replace
from datetime import timedelta

from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, READS_1, READS_BOTH, WRITES_1, WRITES_2, little_cluster, state


def test_a_writer_waits_for_the_last_bake_of_its_reader_whatever_may_roll_side_by_side() -> None:
    cluster = little_cluster(maxParallel=5, gates=[GATE], bakeSeconds=60)
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play_until_new_pods("reader", "r2")
    cluster.play(looks=30)
    assert cluster.pods("reader") == {"r2": 10}
    assert cluster.pods("writer") == {"w1": 10}, "the reader still bakes"
    cluster.values["letters"] = 50.0
    cluster.play(looks=30)
    assert (cluster.pods("reader"), cluster.pods("writer")) == ({"r1": 10}, {"w1": 10})


def test_what_is_not_ordered_rolls_side_by_side_also_during_a_last_bake() -> None:
    cluster = little_cluster(maxParallel=2, gating="Disabled", bakeSeconds=60)
    cluster.apply("reader", "r2", READS_1)
    cluster.apply("writer", "w2", WRITES_1)
    for _ in range(10):
        cluster.look()
        cluster.now += timedelta(seconds=1)
    release = cluster.status.release
    assert release is not None and {roll.workload for roll in release.rolls} == {"reader", "writer"}


def test_a_template_whose_pods_started_early_is_not_released_because_they_are_there_already() -> None:
    """Without a policy some pods exist before the operator pauses; the pair they violate must not count as given from then on."""
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_2)
    view = cluster.views["writer"]
    leaving = replace(view.replica_sets[0], name="writer-w2", uid="writer-w2", hash="w2", contracts=WRITES_2, body="w2", replicas=0, pods=2, ready=0, available=0, steady=0)
    cluster.views["writer"] = replace(view, replica_sets=(leaving, *view.replica_sets))
    cluster.play(looks=5)
    assert "RollStarted writer" not in cluster.log
    assert cluster.status.summary is not None and "started before their turn" in cluster.status.summary.waiting_for
    cluster.views["writer"] = replace(cluster.views["writer"], replica_sets=view.replica_sets)
    cluster.play(looks=10)
    assert "RollStarted writer" not in cluster.log
    assert state(cluster) is State.REFUSED


def test_early_pods_that_can_not_go_back_any_more_go_on_in_their_turn() -> None:
    """Without a policy a reader and its writer may both start early: once the writer's version is stored, only forward is safe."""
    cluster = little_cluster(gating="Disabled")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    view = cluster.views["reader"]
    early = replace(view.replica_sets[0], name="reader-r2", uid="reader-r2", hash="r2", contracts=READS_BOTH, body="r2")
    cluster.views["reader"] = replace(view, replica_sets=(early, replace(view.replica_sets[0], replicas=0, pods=0, ready=0, available=0, steady=0)))
    stored = cluster.status.contracts[0].model_copy(update={"stored_versions": ["1", "2"]})
    cluster.status = cluster.status.model_copy(update={"contracts": [stored]})
    cluster.play(looks=200)
    assert state(cluster) is State.COMPLETED
    assert (cluster.pods("reader"), cluster.pods("writer")) == ({"r2": 10}, {"w2": 10})
    assert cluster.log.index("RollStarted reader") < cluster.log.index("RollStarted writer")


def _keep_history(cluster: LittleCluster, name: str, limit: int) -> None:
    view = cluster.views[name]
    cluster.views[name] = replace(view, strategy=replace(view.strategy, revision_history_limit=limit))


def test_a_history_set_to_nothing_in_the_middle_of_a_roll_keeps_the_next_batch_waiting_until_it_is_corrected() -> None:
    """The native controller deletes what the roll could go back to once it has no pods; until then it can still go back."""
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    _keep_history(cluster, "writer", 0)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10, "w2": 2}
    assert cluster.status.summary is not None
    assert "its spec.revisionHistoryLimit was set to 0" in cluster.status.summary.waiting_for
    _keep_history(cluster, "writer", 1)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w2": 10}


def test_a_history_set_to_nothing_after_a_step_is_said_before_the_next_one_starts() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play_until_new_pods("reader", "r2")
    _keep_history(cluster, "reader", 0)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}
    assert cluster.status.summary is not None and "reader to keep an old ReplicaSet" in cluster.status.summary.message
    _keep_history(cluster, "reader", 10)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w2": 10}
    assert state(cluster) is State.COMPLETED
