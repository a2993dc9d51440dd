"""Rows of docs/situations.md about changes that concern one workload."""

from datetime import timedelta

from saferollout.api.status import State
from saferollout.core.actions import LetThrough, PinBack, SetPace
from tests.golden.native_controller import Pod
from tests.golden.shop import NEW, OLD, baking, release_all
from tests.unit.situations.scene import condition, order, ordinary_day, state, steps, untouched, waits, workload
from tests.unit.situations.table import ROOT, situation

FIX = "user-events: {reads: [1]}"


@situation("its owner wants a workload paused")
def test_a_workload_that_its_owner_pauses_is_waited_for_only_where_the_order_needs_it() -> None:
    stage = ordinary_day()
    stage.change("billing", "its owner pauses billing", owner_paused="index rebuild")
    release_all(stage)
    stage.wait(120)
    assert order(stage) == ["notification", "gateway"], "who needs nothing of billing goes on"
    assert stage.pods("user-service") == {"u1": 10}, "the writer needs billing to read its new version"
    assert workload(stage, "billing").state == "OwnerPaused"
    assert "billing is paused by its owner: index rebuild" in waits(stage)
    stage.change("billing", "its owner lets billing go on", owner_paused=None)
    stage.play()
    assert stage.pods("user-service") == {"u2": 10}


@situation("bug fix in one service, declaration unchanged or none")
def test_a_bug_fix_is_one_step_that_waits_for_nobody_and_is_watched_by_its_gates() -> None:
    stage = ordinary_day()
    stage.apply("billing", "b2", FIX)
    stage.play_until(lambda: baking(stage, "billing"), seconds=10)
    assert baking(stage, "billing"), "it starts at once"
    assert list(steps(stage)) == ["Roll/billing"]
    stage.measure("dead-letters", 40.0)
    stage.play()
    assert stage.pods("billing") == {"b1": 4}, "its gates watch"
    assert untouched(stage, "notification", "user-service", "gateway")


@situation("`kubectl rollout restart`, a reloader's change")
def test_a_restart_is_no_release_and_is_let_through_at_once() -> None:
    stage = ordinary_day()
    stage.change("billing", "kubectl rollout restart", template_restarted_at="2026-01-01T01:00:00Z", held=True, paused=True)
    stage.play()
    assert stage.writes == [LetThrough(workload="billing", revision="b1")]
    assert stage.status.release is None
    assert all(rs.restarted_at for rs in stage.views["billing"].replica_sets if rs.pods), "every pod was replaced"


@situation("`kubectl rollout restart`, a reloader's change")
def test_a_held_workload_is_restarted_by_command_on_what_runs() -> None:
    stage = ordinary_day()
    release_all(stage, "user-service")
    stage.play()
    stage.say("restart", subject="user-service")
    stage.play()
    assert any(isinstance(write, PinBack) and write.restarted_at for write in stage.writes)
    assert stage.pods("user-service") == {"u1": 10}
    assert stage.views["user-service"].template == "u2" and stage.views["user-service"].held, "Git's template waits again"


@situation("new checksum annotation, env or ConfigMap name in the template")
def test_a_new_checksum_is_a_release_with_batches_and_gates_and_no_contract_change() -> None:
    stage = ordinary_day()
    before = stage.status.contracts
    stage.apply("user-service", "u2", OLD["user-service"])
    stage.play()
    assert [type(write) for write in stage.writes][:2] == [SetPace, SetPace]
    assert state(stage) is State.COMPLETED
    assert stage.status.contracts == before
    assert {gate.name for gate in stage.status.gates} == {"dead-letters", "gateway-4xx"}


@situation("a ConfigMap changed in place")
def test_a_config_map_that_changes_in_place_is_in_no_template_so_the_page_recommends_checksums() -> None:
    page = (ROOT / "docs" / "situations.md").read_text(encoding="utf-8")
    assert "Put a checksum of it into a template annotation" in page


@situation("a template that a mutating webhook rewrites, or a PUT without defaulted fields")
def test_a_hold_that_was_set_for_nothing_is_taken_off() -> None:
    stage = ordinary_day()
    stage.change("gateway", "a webhook rewrites the template to what it was", held=True, paused=True)
    stage.play()
    assert stage.writes == [LetThrough(workload="gateway", revision="g1")]
    assert stage.pods("gateway") == {"g1": 3}
    assert state(stage) is State.IDLE


@situation("autoscaler scales mid-batch")
def test_an_autoscaler_in_the_middle_of_a_batch_keeps_the_share_of_new_pods() -> None:
    stage = ordinary_day()
    stage.apply("user-service", "u2", OLD["user-service"])
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    assert stage.pods("user-service")["u2"] == 5
    stage.checks_strength = False  # the autoscaler's pods take their time
    stage.change("user-service", "an autoscaler scales from 10 to 20", replicas=20)
    stage.wait(5)
    assert stage.pods("user-service")["u2"] == 10
    stage.play()
    assert stage.pods("user-service") == {"u2": 20}


@situation("autoscaler scales mid-batch")
def test_an_autoscaler_on_a_held_workload_scales_what_runs() -> None:
    stage = ordinary_day()
    release_all(stage, "user-service")
    stage.play()
    stage.checks_strength = False
    stage.change("user-service", "an autoscaler scales from 10 to 20", replicas=20)
    stage.wait(5)
    assert stage.pods("user-service") == {"u1": 20}


@situation("scaled to 0 and back (KEDA) while something is held or failed")
def test_what_ran_comes_back_from_zero_while_another_template_is_held_and_after_one_failed() -> None:
    stage = ordinary_day()
    stage.checks_strength = False
    release_all(stage, "user-service")
    stage.play()
    stage.apply("billing", "b2", FIX)
    stage.play_until(lambda: baking(stage, "billing"))
    stage.measure("dead-letters", 40.0)
    stage.wait(30)
    for name in ("user-service", "billing"):
        size = stage.views[name].replicas
        stage.change(name, f"KEDA scales {name} to 0", replicas=0)
        stage.wait(10)
        assert stage.pods(name) == {}
        stage.change(name, f"KEDA scales {name} back", replicas=size)
        stage.wait(10)
    assert stage.pods("user-service") == {"u1": 10}, "held"
    assert stage.pods("billing") == {"b1": 4}, "failed"


@situation("hotfix for another workload during a release")
def test_an_unrelated_hotfix_is_released_beside_the_release_under_way() -> None:
    stage = ordinary_day(maxParallel=2, bakeSeconds=60)
    release_all(stage, "billing")
    stage.play_until(lambda: baking(stage, "billing"))
    stage.apply("gateway", "g2", OLD["gateway"])
    stage.wait(20)
    assert stage.pods("gateway") == {"g2": 3}
    assert baking(stage, "billing"), "nobody waited for anybody"
    stage.play()
    assert stage.pods("billing") == {"b2": 4}


@situation("hotfix for another workload during a release")
def test_a_related_hotfix_is_planned_in() -> None:
    stage = ordinary_day()
    release_all(stage, "notification", "user-service", "gateway")
    stage.wait(5)
    release_all(stage, "billing")
    stage.play()
    assert order(stage)[-1] == "user-service", "it waited for billing, which came last"
    assert "Joined billing" in stage.log


@situation("hotfix for the workload that is rolling")
def test_a_hotfix_for_the_rolling_workload_goes_on_from_where_it_is() -> None:
    stage = ordinary_day()
    stage.apply("user-service", "u2", OLD["user-service"])
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    stage.apply("user-service", "u3", OLD["user-service"])
    stage.wait(3)
    assert stage.pods("user-service").get("u2"), "pods of the one before stay until the new ones replace them"
    stage.play()
    assert stage.pods("user-service") == {"u3": 10}
    assert "Superseded user-service" in stage.log


@situation("someone's new image lost its annotation")
def test_an_image_that_lost_its_annotation_is_held_and_named() -> None:
    stage = ordinary_day()
    stage.apply("billing", "b2", None)
    stage.apply("gateway", "g2", OLD["gateway"])
    stage.wait(60)
    assert stage.pods("billing") == {"b1": 4} and stage.views["billing"].held
    assert "billing lost its annotation" in condition(stage, "PlanAccepted")[1]
    assert workload(stage, "billing").state == "Invalid"
    assert stage.pods("gateway") == {"g2": 3}, "the others go on"


@situation("Kafka or Postgres restarts, a node dies mid-release")
def test_a_node_that_dies_in_a_bake_is_waited_for_and_fails_nothing() -> None:
    stage = ordinary_day(bakeSeconds=120)
    stage.checks_strength = False
    stage.apply("user-service", "u2", NEW["user-service"].replace("[2]", "[1]"))
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    stage.wait(100)
    stage.change("user-service", "a node dies with two of the new pods")
    newest = stage.natives["user-service"].sets[0]
    newest.pods[:2] = [Pod(born=stage.now + timedelta(seconds=10)), Pod(born=stage.now + timedelta(seconds=10))]
    stage.wait(2)
    assert not baking(stage, "user-service", batch=1), "the bake begins anew when they are back"
    stage.play()
    assert stage.pods("user-service") == {"u2": 10}
