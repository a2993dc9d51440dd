"""What a decision starts from: status and cluster brought together."""

from dataclasses import replace

from saferollout.api.status import State
from tests.unit.core.shop import WRITES_1, little_cluster, state


def test_a_workload_that_was_deleted_and_created_again_with_another_template_is_a_first_creation() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=0)
    view = cluster.views["writer"]
    cluster.texts["w2"], cluster.bodies["w2"] = WRITES_1, "w2"
    cluster.views["writer"] = replace(view, uid="another", template="w2", held=True, paused=True, replica_sets=())
    cluster.broken.add("w2")
    cluster.play(looks=200)
    assert state(cluster) is State.ROLLED_BACK, "there is nothing older to go back to, and nobody waits for it"
    assert cluster.pods("writer") == {}
    target = next(target for target in cluster.status.release.targets) if cluster.status.release else None
    assert target is not None and target.from_hash == ""


def test_a_first_creation_that_failed_is_taken_away_and_never_counts_as_what_ran() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=0, workloads=[{"name": "writer"}, {"name": "reader"}, {"name": "third"}])
    cluster.running("third", "t1", None)
    view = cluster.views["third"]
    cluster.views["third"] = replace(view, held=True, paused=True, replica_sets=())
    cluster.broken.add("t1")
    cluster.play(looks=200)
    assert cluster.pods("third") == {}
    assert cluster.views["third"].held, "the failed template stays held"
    assert state(cluster) is State.ROLLED_BACK
