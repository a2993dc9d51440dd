"""Whole releases played through `decide`: the situations of an ordinary day, each by its name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saferollout.api.spec import Gating, SafeRolloutSpec
from saferollout.api.status import State, Status
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import GATE, READS_BOTH, WRITES_1, WRITES_2, WRITES_3, condition, little_cluster, state


def test_nothing_to_release_is_idle_and_writes_nothing_more() -> None:
    cluster = little_cluster()
    written = cluster.status_writes
    for _ in range(20):
        cluster.now += timedelta(minutes=3)
        assert cluster.look().action is None
    assert state(cluster) is State.IDLE
    assert condition(cluster, "Ready") == "True"
    assert cluster.status_writes == written


def test_a_reader_rolls_before_its_writer_whatever_came_first() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play(looks=5)
    assert state(cluster) is State.REFUSED, "alone the writer would meet a reader that can't read it"
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play()
    assert state(cluster) is State.COMPLETED
    assert cluster.pods("writer") == {"w2": 10}
    assert not any({"w2", "r1"} <= alive for alive in cluster.alive_log)


def test_a_release_without_a_safe_order_is_refused_and_touches_no_pod() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w3", WRITES_3)
    cluster.play(looks=10)
    assert state(cluster) is State.REFUSED
    assert condition(cluster, "PlanAccepted") == "False"
    assert condition(cluster, "Stalled") == "True"
    assert cluster.pods("writer") == {"w1": 10}
    assert cluster.views["writer"].held


def test_a_revert_of_what_was_refused_is_let_through_with_no_hand() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w3", WRITES_3)
    cluster.play(looks=5)
    cluster.apply("writer", "w1", WRITES_1)
    cluster.play()
    assert state(cluster) is State.IDLE
    assert not cluster.views["writer"].held
    assert cluster.pods("writer") == {"w1": 10}


def test_a_failing_gate_in_the_first_batch_rolls_back_and_the_template_stays_held() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 50.0
    cluster.play()
    assert state(cluster) is State.ROLLED_BACK
    assert cluster.pods("writer") == {"w1": 10}
    assert cluster.views["writer"].held and cluster.views["writer"].template == "w2"
    assert cluster.views["writer"].paced is None
    assert cluster.status.release is not None and cluster.status.release.failure is not None
    assert cluster.status.release.failure.gate == "letters"
    cluster.play(looks=30)
    assert "w2" not in cluster.pods("writer"), "the same template stays held"


def test_a_failed_template_is_tried_again_only_when_someone_says_retry() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 50.0
    cluster.play()
    cluster.values["letters"] = 50.0
    cluster.say("retry")
    cluster.play()
    assert cluster.status.commands[-1].accepted
    assert cluster.pods("writer") == {"w2": 10}, "the depth is judged against its value at the start of the new release"


def test_a_fix_forward_after_a_failed_release_goes_out() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.broken.add("w2")
    cluster.play()
    assert state(cluster) is State.ROLLED_BACK
    cluster.apply("writer", "w3", WRITES_1)
    cluster.play()
    assert state(cluster) is State.COMPLETED
    assert cluster.pods("writer") == {"w3": 10}


def test_pods_that_never_get_ready_fail_at_the_deadline_and_go_back() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.broken.add("r2")
    cluster.play()
    assert state(cluster) is State.ROLLED_BACK
    assert cluster.pods("reader") == {"r1": 10}
    assert cluster.status.release is not None and cluster.status.release.failure is not None
    assert cluster.status.release.failure.reason == "ProgressDeadlineExceeded"


def test_no_data_holds_and_goes_on_alone_when_data_comes() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.values["letters"] = None
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=60)
    assert cluster.pods("writer") == {"w1": 10}, "no step starts without evidence"
    cluster.values["letters"] = 0.0
    cluster.play()
    assert state(cluster) is State.COMPLETED


def test_no_data_in_a_bake_neither_passes_nor_rolls_back() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = None
    cluster.play(looks=120)
    assert cluster.pods("writer")["w2"] == 2, "neither on nor back"
    assert condition(cluster, "Stalled") == "False"
    cluster.values["letters"] = 0.0
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}


def test_a_gate_that_fails_before_the_first_step_asks_for_approval_and_does_not_block_the_fix() -> None:
    gate = {"name": "errors", "promql": "sum(errors)", "max": "1", "intervalSeconds": 5}
    cluster = little_cluster(gates=[gate])
    cluster.values["errors"] = 9.0
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=20)
    assert state(cluster) is State.AWAITING_APPROVAL
    assert cluster.pods("writer") == {"w1": 10}
    cluster.say("approve", subject="gate/errors")
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}


def test_an_operator_that_forgets_everything_but_status_ends_the_same() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    for _ in range(200):
        cluster.marks = type(cluster.marks)()
        cluster.look()
        cluster.now += timedelta(seconds=1)
    assert state(cluster) is State.COMPLETED
    assert cluster.pods("writer") == {"w2": 10}
    assert cluster.log.count("RollStarted writer") == 1


def test_a_newer_template_supersedes_the_one_that_rolls() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=30)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.apply("writer", "w3", WRITES_1)
    cluster.play()
    assert cluster.pods("writer") == {"w3": 10}
    assert "Superseded writer" in cluster.log


def test_abort_brings_the_rolling_workload_back() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.say("abort", reason="it smells")
    cluster.play()
    assert cluster.pods("writer") == {"w1": 10}
    assert state(cluster) is State.ROLLED_BACK


def test_rollback_after_completion_pins_the_old_template_and_keeps_gits_held() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}
    cluster.say("rollback")
    cluster.play()
    assert cluster.pods("writer") == {"w1": 10}
    assert cluster.views["writer"].template == "w2" and cluster.views["writer"].held
    assert "PinBack writer" in cluster.log


@pytest.mark.parametrize("verb", ["pause", "resume", "approve", "abort", "expedite", "retry", "rollback"])
def test_a_command_that_does_not_fit_is_refused_with_a_reason(verb: str) -> None:
    cluster = little_cluster()
    cluster.say(verb)
    cluster.play(looks=5)
    answer = cluster.status.commands[-1]
    assert not answer.accepted and answer.message
    assert cluster.commands == (), "the annotation is removed"


def test_a_command_for_another_release_is_refused() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.look()
    cluster.say("pause")
    stale = cluster.commands[0]
    cluster.commands = (type(stale)(stale.annotation, stale.id, stale.verb, stale.by, stale.reason, "other", ""),)
    cluster.look()
    assert not cluster.status.commands[-1].accepted


def test_a_workload_back_from_a_lost_status_goes_on_without_harm() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    for _ in range(6):
        cluster.look()
    cluster.status = Status()
    cluster.play()
    assert not any({"w2", "r1"} <= alive for alive in cluster.alive_log)
    assert cluster.pods("writer") == {"w2": 10}


def test_a_deleted_safe_rollout_gives_back_and_leaves_the_pods() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    pods = cluster.pods("writer")
    cluster.deleting = True
    for _ in range(5):
        cluster.look()
    view = cluster.views["writer"]
    assert cluster.pods("writer") == pods
    assert view.paced is None and view.left_paused, "un-pausing would release the new template"
    assert not cluster.finalizer


def test_a_query_that_does_not_parse_is_refused_and_no_step_starts() -> None:
    gate = {"name": "broken", "promql": "sum(rate(x[5m])", "max": "1"}
    cluster = little_cluster(gates=[gate])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=20)
    assert condition(cluster, "PlanAccepted") == "False"
    assert state(cluster) is State.REFUSED
    assert cluster.pods("writer") == {"w1": 10}


def test_what_shares_no_contract_with_a_refused_template_goes_on_beside_it() -> None:
    cluster = little_cluster(workloads=[{"name": "writer"}, {"name": "reader"}, {"name": "other"}], gating="Disabled")
    cluster.running("other", "o1", None)
    cluster.play()
    cluster.apply("writer", "w3", WRITES_3)
    cluster.apply("other", "o2", "{}")
    cluster.play(looks=60)
    assert cluster.pods("other") == {"o2": 10}
    assert cluster.pods("writer") == {"w1": 10}


def test_a_broken_declaration_is_held_and_named_and_the_others_go_on() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w2", "events: {writes: [1")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.play(looks=60)
    assert cluster.pods("reader") == {"r2": 10}
    assert cluster.pods("writer") == {"w1": 10}
    assert condition(cluster, "PlanAccepted") == "False"
    writer = next(known for known in cluster.status.workloads if known.name == "writer")
    assert writer.state == "Invalid" and "line" in writer.message


def undeclared_cluster() -> LittleCluster:
    """Return a day one: roles are known, and no template declares anything."""
    contract = {"name": "events", "topic": {"name": "events"}, "readers": ["reader"], "writers": ["writer"]}
    spec = {"workloads": [{"name": "writer"}, {"name": "reader"}], "contracts": [contract], "gating": "Disabled", "bakeSeconds": 0, "settleSeconds": 0}
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("writer", "w1", None, body="w")
    cluster.running("reader", "r1", None, body="r")
    cluster.play()
    return cluster


def test_the_first_commits_that_only_add_annotations_go_through_described_backwards_to_what_runs() -> None:
    cluster = undeclared_cluster()
    cluster.apply("reader", "r2", "events: {reads: [7]}", body="r")
    cluster.apply("writer", "w2", "events: {writes: [7]}", body="w")
    decision = cluster.look()
    release = decision.status.release
    assert release is not None
    assert all("so it describes the replaced template as well" in step.because for step in release.steps)
    cluster.play()
    assert state(cluster) is State.COMPLETED
    assert cluster.pods("writer") == {"w2": 10}
    assert cluster.pods("reader") == {"r2": 10}


def test_annotations_that_come_with_other_images_describe_only_the_new_templates() -> None:
    cluster = undeclared_cluster()
    cluster.apply("reader", "r2", "events: {reads: [7]}", body="another image")
    cluster.apply("writer", "w2", "events: {writes: [7]}", body="another image")
    cluster.play(looks=20)
    assert cluster.pods("reader") == {"r1": 10}, "what runs is taken to write the base version, which the new reader can't read"
    assert condition(cluster, "PlanAccepted") == "False"


def test_a_corrected_annotation_describes_what_runs_also_while_it_rolls() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=30)
    cluster.apply("reader", "r2", READS_BOTH, body="r1")
    cluster.play_until_new_pods("reader", "r2")
    cluster.apply("writer", "w2", WRITES_2)
    cluster.look()
    assert condition(cluster, "PlanAccepted") == "True"
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}


def test_a_safe_successor_of_a_half_rolled_template_goes_on_from_there() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=30)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.apply("writer", "w3", WRITES_1)
    cluster.views["writer"] = replace(cluster.views["writer"], settled=False)
    decision = cluster.look()
    assert decision.action is None, "nothing is taken away while the native controller has not seen the new template"


def test_a_way_back_freezes_and_blames_nobody_for_a_late_hold() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.values["letters"] = 50.0
    cluster.play()
    assert "Freeze writer" in cluster.log
    assert not any(line.startswith(("HeldLate", "Hold ")) for line in cluster.log)


def test_a_writer_waits_for_the_bake_of_its_reader_also_where_both_may_roll_at_once() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=30, maxParallel=2)
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}
    assert cluster.log.index("RolledOut reader") < cluster.log.index("RollStarted writer")


def test_gates_that_are_switched_off_leave_no_verdict_behind() -> None:
    cluster = little_cluster(gates=[GATE])
    cluster.values["letters"] = None
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play(looks=5)
    assert [gate.verdict for gate in cluster.status.gates] == ["Inconclusive"]
    cluster.spec = cluster.spec.model_copy(update={"gating": Gating.DISABLED})
    cluster.play(looks=2)
    assert cluster.status.gates == []


def test_nothing_is_ready_while_a_hold_is_still_to_be_taken_off() -> None:
    cluster = little_cluster()
    cluster.apply("writer", "w3", WRITES_3)
    cluster.play(looks=5)
    cluster.apply("writer", "w1", WRITES_1)
    cluster.views["writer"] = replace(cluster.views["writer"], settled=False)
    cluster.look()
    assert cluster.views["writer"].held and condition(cluster, "Ready") == "False"
    cluster.views["writer"] = replace(cluster.views["writer"], settled=True)
    cluster.play()
    assert condition(cluster, "Ready") == "True"
