"""What happens in the middle of a batch: restarts and naps, against a native controller that takes its time."""

from datetime import timedelta

from saferollout.api.spec import SafeRolloutSpec
from tests.property.lively_cluster import LivelyCluster

USER_ALLOWS = 8
"""Of 10 pods, with the 25 % that the little cluster's users let be missing."""


def in_a_batch(*batches: str, bake: int = 600, beside: str = "") -> LivelyCluster:
    """Return a workload whose first batch is complete and bakes; `beside` names one that has nothing to do with it."""
    others = [{"name": beside}] if beside else []
    spec = {"workloads": [{"name": "shop", "batches": list(batches)}, *others], "settleSeconds": 0, "bakeSeconds": bake, "progressDeadlineSeconds": 60}
    cluster = LivelyCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("shop", "old", None)
    if beside:
        cluster.running(beside, "as-it-was", None)
    look(cluster, times=5)
    cluster.apply("shop", "new", None)
    for _ in range(100):
        look(cluster)
        if cluster.status.release is not None and any(roll.ready_time for roll in cluster.status.release.rolls):
            return cluster
    raise AssertionError(f"the batch never got ready: {cluster.log}")


def look(cluster: LivelyCluster, *, times: int = 1) -> None:
    for _ in range(times):
        cluster.look()
        cluster.tick()
        cluster.now += timedelta(seconds=2)


def ready(cluster: LivelyCluster) -> int:
    return sum(rs.ready for rs in cluster.views["shop"].replica_sets)


def wanted(cluster: LivelyCluster, revision: str) -> int:
    return sum(rs.replicas for rs in cluster.views["shop"].of(revision))


def test_a_batch_that_is_restarted_keeps_its_share_and_its_ready_pods() -> None:
    cluster = in_a_batch("80%")
    assert (wanted(cluster, "new"), wanted(cluster, "old")) == (8, 5)
    cluster.restart("shop")
    for _ in range(40):
        look(cluster)
        assert wanted(cluster, "new") <= 8 and wanted(cluster, "old") == 5
        assert ready(cluster) >= USER_ALLOWS
    with_pods = [rs for rs in cluster.views["shop"].of("new") if rs.pods]
    assert [(rs.pods, rs.available, rs.restarted_at != "") for rs in with_pods] == [(8, 8, True)]
    assert cluster.status.release is not None and cluster.status.release.failure is None


def test_a_batch_that_is_restarted_again_and_again_has_made_progress() -> None:
    cluster = in_a_batch("80%", bake=40)
    for _ in range(6):
        cluster.restart("shop")
        look(cluster, times=20)
    look(cluster, times=60)
    assert cluster.is_over()
    assert cluster.status.workloads[0].stable_hash == "new"
    assert wanted(cluster, "old") == 0


def test_what_ran_comes_back_first_when_a_workload_was_put_to_sleep_in_a_batch() -> None:
    cluster = in_a_batch("50%", "70%", bake=20)
    cluster.scale("shop", 0)
    look(cluster, times=60)
    assert cluster.status.release is not None and cluster.status.release.failure is None
    assert cluster.status.release.rolls[0].batch == 0, "without pods no batch passes"
    assert "to have pods again" in str(cluster.status.summary and cluster.status.summary.waiting_for)
    cluster.scale("shop", 10)
    for _ in range(8):
        look(cluster)
        assert wanted(cluster, "new") <= 5
    assert wanted(cluster, "old") >= 5
    look(cluster, times=120)
    assert cluster.is_over() and cluster.status.workloads[0].stable_hash == "new"
    assert cluster.views["shop"].paced is None


def test_a_sleeping_batch_does_not_keep_an_unrelated_workload_from_rolling() -> None:
    cluster = in_a_batch("50%", beside="cart")
    cluster.scale("shop", 0)
    look(cluster, times=10)
    cluster.apply("cart", "fixed", None)
    look(cluster, times=400)
    assert {rs.hash for rs in cluster.views["cart"].replica_sets if rs.pods} == {"fixed"}
    assert wanted(cluster, "new") == wanted(cluster, "old") == 0


def test_a_sleeping_batch_writes_nothing_until_it_is_woken() -> None:
    cluster = in_a_batch("50%")
    cluster.scale("shop", 0)
    look(cluster, times=20)
    writes, log = cluster.status_writes, len(cluster.log)
    look(cluster, times=100)
    assert (cluster.status_writes, len(cluster.log)) == (writes, log)


def test_a_batch_whose_release_was_paused_sleeps_as_safely() -> None:
    cluster = in_a_batch("50%")
    cluster.say("pause")
    look(cluster, times=3)
    cluster.scale("shop", 0)
    look(cluster, times=20)
    cluster.scale("shop", 10)
    look(cluster, times=20)
    assert (wanted(cluster, "old"), wanted(cluster, "new")) == (10, 0)
