"""What becomes of a step that is on record and was never made: the operator died, or somebody was quicker."""

import pytest

from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, little_cluster, state


def about_to_roll(batches: list[str]) -> LittleCluster:
    """Return a cluster whose writer's roll is on record, while no pod of it exists."""
    cluster = little_cluster(gating="Disabled", workloads=[{"name": "writer", "batches": batches}, {"name": "reader"}])
    cluster.apply("writer", "w2", WRITES_1)
    while cluster.status.release is None or not cluster.status.release.rolls:
        cluster.look(dies_before_acting=True)
    assert cluster.pods("writer") == {"w1": 10}
    return cluster


@pytest.mark.parametrize("batches", [[], ["20%"]])
def test_a_template_that_is_taken_back_between_the_record_and_the_first_pod_never_runs(batches: list[str]) -> None:
    cluster = about_to_roll(batches)
    cluster.apply("writer", "w1", WRITES_1)
    before = len(cluster.log)
    cluster.play(looks=30)
    assert state(cluster) is State.IDLE
    assert not (cluster.views["writer"].held or cluster.views["writer"].paced or cluster.views["writer"].paused)
    assert not any("w2" in alive for alive in cluster.alive_log)
    assert len(cluster.log) - before < 5, "nothing is held and let go again and again"


@pytest.mark.parametrize("batches", [[], ["20%"]])
def test_a_newer_template_that_comes_between_the_record_and_the_first_pod_goes_out_instead(batches: list[str]) -> None:
    cluster = about_to_roll(batches)
    cluster.apply("writer", "w3", WRITES_1)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w3": 10}
    assert not any("w2" in alive for alive in cluster.alive_log)
