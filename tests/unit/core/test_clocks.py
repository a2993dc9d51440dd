"""How long a batch may go without progress, and what does not count as going without it."""

from dataclasses import replace
from datetime import timedelta

from saferollout.api.spec import Mode
from saferollout.api.status import State
from saferollout.core.decision import Marks
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, little_cluster, state


def half_way(*, broken: bool = False, bake: int = 1000) -> LittleCluster:
    """Return a cluster whose writer is in its first batch; the deadline is a minute."""
    cluster = little_cluster(gating="Disabled", bakeSeconds=bake)
    cluster.apply("writer", "w2", WRITES_1)
    if broken:
        cluster.broken.add("w2")
    cluster.play_until_new_pods("writer", "w2")
    cluster.play(looks=3)
    return cluster


def has_failed(cluster: LittleCluster) -> bool:
    release = cluster.status.release
    return release is not None and release.failure is not None


def set_ready(cluster: LittleCluster, revision: str, ready: int) -> None:
    """Have so many pods of the writer's revision be ready, whatever the little controller made of them."""
    view = cluster.views["writer"]
    sets = tuple(
        replace(rs, ready=ready, available=ready, steady=ready) if rs.hash == revision else rs for rs in view.replica_sets
    )
    cluster.views["writer"] = replace(view, replica_sets=sets)


def test_pods_that_never_get_ready_fail_the_batch_at_its_deadline() -> None:
    cluster = half_way(broken=True)
    cluster.play(looks=50)
    assert not has_failed(cluster)
    cluster.play(looks=20)
    assert has_failed(cluster)


def test_pods_that_an_autoscaler_adds_in_a_long_bake_have_a_deadline_of_their_own() -> None:
    cluster = half_way()
    cluster.play(looks=500)
    cluster.views["writer"] = replace(cluster.views["writer"], replicas=20)
    cluster.look()
    assert not has_failed(cluster)
    cluster.play(looks=50)
    assert not has_failed(cluster)
    cluster.play(looks=20)
    assert has_failed(cluster), "they never came"


def test_a_batch_that_is_ready_for_a_moment_again_and_again_fails_all_the_same() -> None:
    cluster = half_way(broken=True)
    for second in range(150):
        set_ready(cluster, "w2", 2 if second % 2 else 0)
        view = cluster.views["writer"]
        cluster.views["writer"] = replace(view, replica_sets=tuple(replace(rs, steady=0) if rs.hash == "w2" else rs for rs in view.replica_sets))
        cluster.look()
        cluster.now += timedelta(seconds=1)
        if has_failed(cluster):
            break
    assert has_failed(cluster)


def test_the_time_in_which_a_person_paused_the_release_does_not_count() -> None:
    cluster = half_way(broken=True)
    cluster.say("pause")
    cluster.play(looks=3)
    cluster.now += timedelta(hours=1)
    cluster.say("resume")
    cluster.play(looks=50)
    assert not has_failed(cluster)
    cluster.play(looks=20)
    assert has_failed(cluster)


def test_the_time_in_which_the_mode_was_paused_does_not_count() -> None:
    cluster = half_way(broken=True)
    cluster.spec = cluster.spec.model_copy(update={"mode": Mode.PAUSED})
    cluster.look()
    cluster.now += timedelta(hours=1)
    cluster.spec = cluster.spec.model_copy(update={"mode": Mode.AUTOMATIC})
    cluster.play(looks=50)
    assert not has_failed(cluster)


def test_the_time_in_which_its_owner_paused_a_workload_does_not_count() -> None:
    cluster = half_way(broken=True)
    cluster.views["writer"] = replace(cluster.views["writer"], owner_paused="moving house")
    cluster.look()
    cluster.now += timedelta(hours=1)
    cluster.views["writer"] = replace(cluster.views["writer"], owner_paused=None)
    cluster.play(looks=50)
    assert not has_failed(cluster)


def test_a_failed_step_that_was_resumed_has_a_whole_deadline_again() -> None:
    cluster = little_cluster(gating="Disabled", onFailure="Pause")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.broken.add("w2")
    cluster.play(looks=100)
    assert has_failed(cluster)
    cluster.say("resume")
    cluster.play(looks=30)
    assert not has_failed(cluster)


def test_an_operator_that_was_away_for_long_does_not_fail_a_batch_that_was_never_begun() -> None:
    """Killed between the status and the write that starts the batch, and back only after its deadline."""
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_1)
    for _ in range(100):
        before = cluster.views["writer"]
        cluster.look()
        if cluster.pods("writer").get("w2"):
            break
    cluster.views["writer"] = before
    cluster.marks = Marks()
    cluster.now += timedelta(hours=1)
    cluster.play()
    assert state(cluster) is State.COMPLETED


def test_an_operator_that_was_away_for_long_goes_on_where_some_new_pods_are_well() -> None:
    cluster = half_way()
    set_ready(cluster, "w2", 1)
    cluster.marks = Marks()
    cluster.now += timedelta(hours=1)
    cluster.look()
    assert not has_failed(cluster)


def test_old_pods_that_take_their_time_to_end_fail_nothing_and_are_waited_for() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=0, workloads=[{"name": "writer"}, {"name": "reader"}])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    view = cluster.views["writer"]
    cluster.views["writer"] = replace(view, replica_sets=tuple(replace(rs, pods=1) if rs.hash == "w1" else rs for rs in view.replica_sets))
    cluster.play(looks=200)
    assert not has_failed(cluster)
    assert cluster.status.summary is not None and "old ones to be gone" in cluster.status.summary.waiting_for
    cluster.views["writer"] = view
    cluster.play()
    assert state(cluster) is State.COMPLETED
