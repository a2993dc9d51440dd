"""Other people write to what rolls: tools that heal, and the one who breaks the glass."""

from dataclasses import replace
from datetime import timedelta

from saferollout.api.spec import Mode
from saferollout.api.status import State, Status
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_1, READS_BOTH, WRITES_1, little_cluster, state


def in_the_first_batch() -> LittleCluster:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.look()
    return cluster


def test_a_bake_goes_on_while_a_tool_writes_all_the_time() -> None:
    cluster = in_the_first_batch()
    for _ in range(12):
        cluster.views["writer"] = replace(cluster.views["writer"], settled=False)
        cluster.look()
        cluster.now += timedelta(seconds=1)
    cluster.views["writer"] = replace(cluster.views["writer"], settled=True)
    cluster.look()
    assert cluster.status.release is not None and cluster.status.release.rolls[0].batch == 1
    assert cluster.log.count("BatchReady writer") == 1


def test_a_bypass_in_the_middle_of_a_batch_ends_the_roll_and_is_on_record() -> None:
    cluster = in_the_first_batch()
    view = cluster.views["writer"]
    cluster.views["writer"] = replace(view, paced=None, pace_left=True, bypass="the site is down", bypass_counted=True)
    cluster.look()
    assert "Bypassed writer" in cluster.log and "ClearBypass writer" in cluster.log
    assert cluster.log[-1] == "ClearBypass writer", "no new pace is set"
    cluster.play()
    assert state(cluster) in (State.IDLE, State.COMPLETED)


def without_labels(cluster: LittleCluster, name: str) -> None:
    """Replace all labels, as some tools do; the pause stays."""
    cluster.views[name] = replace(cluster.views[name], held=False, managed_by=None)


def test_a_hold_whose_label_was_taken_off_is_still_known_as_ours() -> None:
    cluster = little_cluster(mode="Paused")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play(looks=5)
    without_labels(cluster, "reader")
    cluster.look(dies_before_acting=True)
    cluster.play(looks=5)
    assert cluster.views["reader"].held and "HeldAgain reader" in cluster.log
    cluster.spec = cluster.spec.model_copy(update={"mode": Mode.AUTOMATIC})
    cluster.play()
    assert cluster.pods("reader") == {"r2": 10}


def test_a_failed_template_whose_labels_were_taken_off_stays_held_and_can_be_reverted() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.broken.add("r2")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play(looks=100)
    without_labels(cluster, "reader")
    cluster.play(looks=5)
    assert cluster.views["reader"].held
    without_labels(cluster, "reader")
    cluster.views["reader"] = replace(cluster.views["reader"], template="r1", contracts=READS_1, body="r1")
    cluster.play()
    assert not cluster.views["reader"].paused and cluster.pods("reader") == {"r1": 10}


def test_a_pause_of_its_owners_own_is_not_taken_for_a_hold() -> None:
    cluster = little_cluster()
    cluster.views["reader"] = replace(cluster.views["reader"], paused=True)
    cluster.play(looks=10)
    assert not cluster.views["reader"].held


def test_a_revert_clears_a_failure_so_that_the_same_template_may_come_again() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.broken.add("r2")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play(looks=100)
    assert state(cluster) is State.ROLLED_BACK
    cluster.apply("reader", "r1", "events: {reads: [1]}")
    cluster.play(looks=10)
    assert cluster.status.workloads[1].failed_hash == ""
    cluster.broken.clear()
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play()
    assert cluster.pods("reader") == {"r2": 10}


def restored_while_pinned(*, status_lost: bool) -> LittleCluster:
    """Return a cluster in which a pinned Deployment was deleted and created anew from an export: its labels came along, nothing else."""
    cluster = little_cluster(gating="Disabled")
    view = cluster.views["reader"]
    cluster.texts["r2"], cluster.bodies["r2"] = READS_BOTH, "r2"
    cluster.views["reader"] = replace(
        view, uid="anew", paused=True, held=True, pinned=True, waiting="r2", waiting_contracts=READS_BOTH, waiting_body="r2", replica_sets=(),
    )
    cluster.status = Status() if status_lost else failed(cluster.status, "reader", "r2")
    cluster.log.clear()
    return cluster


def failed(status: Status, name: str, revision: str) -> Status:
    workloads = [known.model_copy(update={"failed_hash": revision}) if known.name == name else known for known in status.workloads]
    return status.model_copy(update={"workloads": workloads})


def test_a_pinned_workload_that_is_created_anew_is_a_held_first_creation() -> None:
    cluster = restored_while_pinned(status_lost=True)
    cluster.play(looks=60)
    assert cluster.log.index("Unpin reader") < cluster.log.index("LetThrough reader")
    assert "PinEnded reader" in cluster.log
    assert cluster.pods("reader") == {"r2": 10}
    assert state(cluster) is State.COMPLETED


def test_a_pinned_workload_that_is_created_anew_says_what_it_waits_for() -> None:
    cluster = restored_while_pinned(status_lost=True)
    cluster.views["reader"] = replace(cluster.views["reader"], settled=False)
    cluster.play(looks=5)
    assert cluster.status.summary is not None
    assert "reader, created anew while it was pinned" in cluster.status.summary.message


def test_a_failed_template_stays_held_when_its_pinned_workload_is_created_anew_and_may_be_tried_again() -> None:
    cluster = restored_while_pinned(status_lost=False)
    cluster.play(looks=30)
    assert cluster.pods("reader") == {}
    assert state(cluster) is State.ROLLED_BACK
    assert cluster.status.summary is not None and "stays held" in cluster.status.summary.message
    cluster.say("retry")
    cluster.play(looks=60)
    assert cluster.pods("reader") == {"r2": 10}
