"""Workloads that live and can't be touched, or not be seen: what they read and write counts all the same, and nobody says they are gone."""

from dataclasses import replace
from datetime import timedelta

from saferollout.api.status import State
from saferollout.core.actions import GiveBack
from saferollout.core.leaving import leave
from saferollout.core.views import Absent, Pace
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, WRITES_1, WRITES_2, condition, little_cluster, state

LOST = "the fields that were borrowed from it can't be given back"


def trouble(cluster: LittleCluster, name: str, sentence: str | None = LOST) -> None:
    cluster.views[name] = replace(cluster.views[name], trouble=sentence)


def test_a_writer_is_not_released_past_a_reader_that_cant_be_touched() -> None:
    cluster = little_cluster(gating="Disabled")
    trouble(cluster, "reader")
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}
    assert condition(cluster, "PlanAccepted") == "False"


def test_a_version_is_not_proved_gone_while_a_writer_that_cant_be_touched_writes_it() -> None:
    cluster = little_cluster(gating="Disabled")
    trouble(cluster, "writer")
    cluster.apply("reader", "r2", "events: {reads: [2]}")
    cluster.play(looks=10)
    cluster.now += timedelta(hours=3)
    cluster.play(looks=10)
    assert cluster.pods("reader") == {"r1": 10}
    assert [contract.drains for contract in cluster.status.contracts] == [[]]


def test_a_roll_of_a_workload_that_cant_be_touched_any_more_is_waited_for_by_name_and_goes_on() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=5)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    trouble(cluster, "writer")
    cluster.play(looks=200)
    assert cluster.pods("writer")["w2"] == 2
    assert cluster.status.summary is not None and LOST in cluster.status.summary.waiting_for
    trouble(cluster, "writer", None)
    cluster.play()
    assert state(cluster) is State.COMPLETED
    assert cluster.log.count("RollStarted writer") == 1


def test_a_workload_that_cant_be_touched_is_not_said_to_be_back() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 50.0
    cluster.look()
    trouble(cluster, "writer")
    cluster.play(looks=30)
    assert "WentBack writer" not in cluster.log
    assert state(cluster) is State.ROLLING_BACK
    assert condition(cluster, "Stalled") == "True"
    trouble(cluster, "writer", None)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}


def test_no_step_starts_beside_a_workload_that_exists_and_cant_be_seen() -> None:
    cluster = little_cluster(gating="Disabled")
    del cluster.views["reader"]
    cluster.absent["reader"] = Absent("reader", "StatefulSet", "UnsupportedKind", "StatefulSet of apps/v1 can't be released")
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=30)
    assert cluster.pods("writer") == {"w1": 10}
    assert state(cluster) is State.REFUSED
    assert condition(cluster, "PlanAccepted") == "False"


def test_what_does_not_exist_holds_nobody_up() -> None:
    cluster = little_cluster(gating="Disabled")
    del cluster.views["reader"]
    cluster.absent["reader"] = Absent("reader", "Deployment", "NotFound", "there is no Deployment 'reader'")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w2": 10}


def test_what_cant_be_given_back_does_not_keep_the_others_from_it() -> None:
    cluster = little_cluster()
    paced = Pace("20%", 0)
    for name in ("writer", "reader"):
        cluster.views[name] = replace(cluster.views[name], paced=paced)
    trouble(cluster, "writer")
    cluster.deleting = True
    action = leave(cluster.snapshot())
    assert isinstance(action, GiveBack) and action.workload == "reader"


def test_a_pace_that_somebody_overwrote_is_given_back_all_the_same() -> None:
    """No policy keeps it there, a tool applied Git's minReadySeconds: the deadline and the strategy are still ours."""
    cluster = little_cluster(gating="Disabled", bakeSeconds=0)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    for _ in range(20):
        cluster.look()
        cluster.now += timedelta(seconds=1)
        roll = next(iter(cluster.status.release.rolls), None) if cluster.status.release else None
        if roll is not None and roll.batch == 1:
            break
    cluster.views["writer"] = replace(cluster.views["writer"], paced=None, pace_left=True)
    cluster.play()
    assert not cluster.views["writer"].lends


def test_what_was_left_paused_is_taken_up_again_by_a_safe_rollout_that_comes_back() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.deleting = True
    for _ in range(5):
        cluster.look()
    assert cluster.views["writer"].left_paused
    again = little_cluster(gating="Disabled", bakeSeconds=5)
    again.views, again.texts, again.bodies = cluster.views, cluster.texts, cluster.bodies
    again.play()
    assert "TakenUpAgain writer" in again.log
    assert again.pods("writer") == {"w2": 10}
    assert not again.views["writer"].left_paused and not again.views["writer"].held
