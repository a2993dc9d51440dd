"""A SafeRollout that is deleted leaves pods as they are: a roll of ours that nothing borrows for is stopped, anybody else's goes on."""

from dataclasses import replace
from datetime import timedelta

from saferollout.api.status import Rollback
from saferollout.core.actions import Disown, GiveBack, RemoveFinalizer
from saferollout.core.concluding import conclude_leaving
from saferollout.core.leaving import leave
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_1, WRITES_1, little_cluster


def half_rolled(name: str, revision: str, *, new_ready: int = 2) -> LittleCluster:
    """Return a cluster in which a roll has given everything back, and the native controller is half-way."""
    cluster = little_cluster(gating="Disabled", bakeSeconds=0)
    cluster.apply(name, revision, WRITES_1 if name == "writer" else READS_1)
    for _ in range(100):
        cluster.look()
        cluster.now += timedelta(seconds=1)
        view = cluster.views[name]
        if view.template == revision and not (view.held or view.paused or view.lends):
            break
    _split(cluster, name, revision, new_ready=new_ready)
    return cluster


def _split(cluster: LittleCluster, name: str, revision: str, *, new_ready: int) -> None:
    view = cluster.views[name]
    sets = tuple(
        replace(rs, replicas=5, pods=5, ready=new_ready, available=new_ready, steady=new_ready)
        if rs.hash == revision
        else replace(rs, replicas=8, pods=8, ready=8, available=8, steady=8)
        for rs in view.replica_sets
    )
    cluster.views[name] = replace(view, replica_sets=sets)


def test_a_roll_without_batches_is_stopped_where_it_is() -> None:
    cluster = half_rolled("reader", "r2")
    cluster.deleting = True
    assert leave(cluster.snapshot()) == GiveBack("reader", leave_paused=True, drop_managed_by=False, rolls_loose=True)
    for _ in range(5):
        cluster.look()
    assert cluster.pods("reader") == {"r1": 8, "r2": 5}
    assert cluster.views["reader"].left_paused and not cluster.finalizer
    assert cluster.log.count("GiveBack reader") == 1


def test_the_last_batch_is_stopped_where_it_is() -> None:
    cluster = half_rolled("writer", "w2")
    assert cluster.status.release is not None and [roll.batch for roll in cluster.status.release.rolls] == [1]
    cluster.deleting = True
    action = leave(cluster.snapshot())
    assert action == GiveBack("writer", leave_paused=True, drop_managed_by=False, rolls_loose=True)
    notes = conclude_leaving(cluster.snapshot(), action).notes
    assert "its roll was stopped" in notes[0].message


def test_a_roll_whose_first_pod_is_still_to_come_is_stopped_too() -> None:
    cluster = half_rolled("reader", "r2")
    view = cluster.views["reader"]
    cluster.views["reader"] = replace(view, replica_sets=view.of("r1"))
    cluster.deleting = True
    assert leave(cluster.snapshot()) == GiveBack("reader", leave_paused=True, drop_managed_by=False, rolls_loose=True)


def test_a_failed_roll_that_is_about_to_go_back_is_stopped_too() -> None:
    cluster = half_rolled("reader", "r2")
    release = cluster.status.release
    assert release is not None
    way = Rollback(back=["reader"], start_time=cluster.now, turn_time=cluster.now)
    cluster.status = cluster.status.model_copy(update={"release": release.model_copy(update={"rolls": [], "rollback": way})})
    cluster.deleting = True
    assert leave(cluster.snapshot()) == GiveBack("reader", leave_paused=True, drop_managed_by=False, rolls_loose=True)


def test_a_roll_that_is_nobodys_of_ours_goes_on() -> None:
    cluster = half_rolled("reader", "r2")
    release = cluster.status.release
    assert release is not None
    cluster.status = cluster.status.model_copy(update={"release": release.model_copy(update={"rolls": []})})
    cluster.deleting = True
    assert leave(cluster.snapshot()) == RemoveFinalizer()


def test_taking_our_label_off_stops_nobodys_roll_and_does_not_say_so() -> None:
    cluster = half_rolled("reader", "r2")
    status = cluster.status
    assert status.release is not None
    cluster.views["reader"] = replace(cluster.views["reader"], labelled_by_us=True)
    cluster.status = status.model_copy(update={"release": status.release.model_copy(update={"rolls": []})})
    cluster.deleting = True
    action = leave(cluster.snapshot())
    assert action == GiveBack("reader", leave_paused=False, drop_managed_by=True)
    assert "paused" not in conclude_leaving(cluster.snapshot(), action).notes[0].message


def test_what_an_owner_paused_stays_theirs() -> None:
    cluster = half_rolled("reader", "r2")
    cluster.views["reader"] = replace(cluster.views["reader"], paused=True)
    cluster.deleting = True
    assert leave(cluster.snapshot()) == RemoveFinalizer()


def test_a_roll_with_all_its_pods_there_can_not_be_stopped_any_more() -> None:
    """The native controller takes the old ReplicaSet away then, paused or not."""
    cluster = half_rolled("reader", "r2")
    view = cluster.views["reader"]
    sets = tuple(replace(rs, replicas=10, pods=10, available=10) if rs.hash == "r2" else rs for rs in view.replica_sets)
    cluster.views["reader"] = replace(view, replica_sets=sets)
    cluster.deleting = True
    assert leave(cluster.snapshot()) == RemoveFinalizer()


def test_a_recreate_whose_old_pods_were_told_to_go_gets_its_new_ones() -> None:
    """Stopped there, the native controller would bring the old ones back."""
    cluster = half_rolled("reader", "r2")
    view = cluster.views["reader"]
    sets = tuple(replace(rs, replicas=0) for rs in view.of("r1"))
    cluster.views["reader"] = replace(view, replica_sets=sets, strategy=replace(view.strategy, type="Recreate"))
    cluster.deleting = True
    assert leave(cluster.snapshot()) == RemoveFinalizer()


def test_what_was_given_back_is_let_go_of_on_the_record_too_before_the_finalizer_goes() -> None:
    cluster = little_cluster()
    cluster.views["writer"] = replace(cluster.views["writer"], owns_returned=True)
    cluster.deleting = True
    assert leave(cluster.snapshot()) == Disown(workload="writer")
    cluster.views["writer"] = replace(cluster.views["writer"], owns_returned=False)
    assert leave(cluster.snapshot()) == RemoveFinalizer()
