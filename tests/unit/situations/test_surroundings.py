"""Rows of docs/situations.md about what is around a release: what exists, what can be measured, and who says what."""

from saferollout.api.status import State
from saferollout.core.actions import AddLabel, LetThrough, RemoveFinalizer, SetPace
from saferollout.core.views import Absent
from tests.golden.shop import API, NEW, OLD, TOPIC, baking, release_all, rolling
from tests.unit.situations.scene import condition, order, ordinary_day, state, untouched, waits, workload
from tests.unit.situations.table import situation

WITH_AUDIT = [{"name": name} for name in (*OLD, "audit")]


@situation("a first producer or consumer (new Deployment, label in Git)")
def test_a_first_consumer_is_held_at_its_creation_and_starts_in_its_turn_without_batches() -> None:
    entries = [*WITH_AUDIT[:-1], {"name": "audit", "batches": ["50%"]}]
    stage = ordinary_day(workloads=entries)
    stage.create("audit", "a1", "user-events: {reads: [1, 2]}", replicas=2)
    release_all(stage)
    stage.play()
    assert order(stage).index("audit") < order(stage).index("user-service"), "a reader of what will be written"
    assert not any(isinstance(write, SetPace) and write.workload == "audit" for write in stage.writes)
    assert stage.pods("audit") == {"a1": 2}


@situation("a first creation that fails")
def test_what_does_not_need_a_first_creation_that_never_gets_ready_goes_on_without_it() -> None:
    stage = ordinary_day(workloads=WITH_AUDIT)
    stage.ill("a1")
    stage.create("audit", "a1", "user-events: {reads: [1, 2]}", replicas=2)
    release_all(stage)
    stage.play()
    assert stage.pods("audit") == {} and workload(stage, "audit").state == "Failed", "it had no pods before, and no one takes it for running"
    assert (stage.pods("notification"), stage.pods("billing"), stage.pods("user-service"), stage.pods("gateway")) == (
        {"n2": 2}, {"b2": 4}, {"u2": 10}, {"g2": 3},
    )  # fmt: skip
    assert stage.log.count("RolledBack") == 1 and stage.log.count("Completed") == 1, "the release fails, what is left goes on as the next one"
    assert state(stage) is State.ROLLED_BACK and "audit stays held" in waits(stage)


@situation("a first creation that fails")
def test_what_needs_a_first_creation_that_fails_its_gates_waits_for_it() -> None:
    stage = ordinary_day(workloads=WITH_AUDIT, contracts=[TOPIC, API, {"name": "audits", "topic": {"name": "audits"}}])
    stage.create("audit", "a1", "audits: {writes: [1]}", replicas=2)
    stage.apply("billing", "b2", "{user-events: {reads: [1]}, audits: {reads: [1], required: true}}")
    stage.apply("gateway", "g2", OLD["gateway"])
    stage.play_until(lambda: baking(stage, "audit"))
    stage.measure("dead-letters", 40.0)
    stage.wait(60)
    stage.measure("dead-letters", 0.0)
    stage.play()
    assert stage.pods("audit") == {} and stage.pods("billing") == {"b1": 4}, "a reader that requires a writer would stall without it"
    assert stage.pods("gateway") == {"g2": 3}
    assert "billing can't go without it" in waits(stage)
    stage.say("retry", reason="the letters were somebody else's")
    stage.play()
    assert stage.pods("audit") == {"a1": 2} and stage.pods("billing") == {"b2": 4}


@situation("a first producer or consumer (new Deployment, label in Git)")
def test_a_workload_that_git_left_without_the_label_gets_it() -> None:
    stage = ordinary_day()
    stage.change("gateway", "Git applies gateway without the label", managed_by=None)
    stage.play()
    assert stage.writes == [AddLabel(workload="gateway", managed_by="shop")]


@situation("a workload removed")
def test_a_removed_workload_is_named_and_the_others_go_on_without_it() -> None:
    stage = ordinary_day()
    del stage.views["billing"], stage.natives["billing"]
    message = "there is no Deployment 'billing' in namespace shop"
    stage.absent["billing"] = Absent(name="billing", kind="Deployment", reason="NotFound", message=message)
    stage.woken = True
    release_all(stage, "notification", "user-service", "gateway")
    stage.play()
    assert stage.pods("user-service") == {"u2": 10}, "a reader that is gone blocks no writer"
    assert workload(stage, "billing").state == "Absent" and workload(stage, "billing").message == message
    assert message in condition(stage, "Ready")[1]


@situation("two SafeRollouts name one workload")
def test_a_workload_of_another_saferollout_is_named_and_not_touched() -> None:
    stage = ordinary_day()
    theirs = stage.views.pop("billing")
    del stage.natives["billing"]
    stage.absent["billing"] = Absent(
        name="billing", kind="Deployment", reason="ManagedByAnother", message="Deployment 'billing' belongs to the SafeRollout 'other'"
    )
    stage.woken = True
    stage.wait(5)
    assert condition(stage, "PlanAccepted")[0] == "False"
    assert "belongs to the SafeRollout 'other'" in condition(stage, "PlanAccepted")[1]
    assert untouched(stage, theirs.name)


@situation("no Prometheus yet")
def test_without_prometheus_gating_that_is_disabled_leaves_order_holds_and_readiness() -> None:
    stage = ordinary_day(gating="Disabled")
    stage.prometheus_goes()
    release_all(stage)
    stage.play()
    assert order(stage) == ["notification", "billing", "gateway", "user-service"]
    assert state(stage) is State.COMPLETED


@situation("no Prometheus yet")
def test_without_prometheus_gates_that_are_not_disabled_hold() -> None:
    stage = ordinary_day()
    stage.prometheus_goes()
    release_all(stage)
    stage.wait(300)
    assert order(stage) == []
    assert "Prometheus can't be reached" in waits(stage)


@situation("staging without traffic")
def test_without_traffic_a_person_may_be_asked_at_once_for_every_batch() -> None:
    stage = ordinary_day(onInconclusive="Approve")
    stage.apply("billing", "b2", OLD["billing"])
    stage.play_until(lambda: rolling(stage, "billing"))
    stage.measure("dead-letters", None)
    stage.wait(20)
    assert state(stage) is State.AWAITING_APPROVAL and "gate/dead-letters" in waits(stage)
    stage.say("approve", subject="gate/dead-letters", reason="nobody uses staging")
    stage.wait(5)
    assert rolling(stage, "billing", batch=1)
    stage.wait(20)
    assert state(stage) is State.AWAITING_APPROVAL, "a waiver stands for one batch"


@situation("gate already failing before the first step")
def test_a_gate_that_fails_already_asks_for_approval_and_never_blocks_the_fix() -> None:
    stage = ordinary_day()
    stage.measure("gateway-4xx", 0.4)
    stage.apply("gateway", "g2", OLD["gateway"])
    stage.wait(30)
    assert state(stage) is State.AWAITING_APPROVAL and stage.pods("gateway") == {"g1": 3}
    stage.say("approve", subject="gate/gateway-4xx", reason="this is the fix")
    stage.play_until(lambda: baking(stage, "gateway"))
    stage.measure("gateway-4xx", 0.0)
    stage.play()
    assert stage.pods("gateway") == {"g2": 3}


@situation("Friday night emergency")
def test_expedite_with_a_reason_skips_bakes_and_inconclusive_holds_and_keeps_the_order() -> None:
    stage = ordinary_day(bakeSeconds=3600)
    stage.prometheus_goes()
    release_all(stage)
    stage.wait(10)
    stage.say("expedite", reason="")
    stage.wait(5)
    assert order(stage) == [], "not without a reason"
    stage.say("expedite", reason="CVE of tonight")
    stage.wait(120)
    assert order(stage) == ["notification", "billing", "gateway", "user-service"]
    assert state(stage) is State.COMPLETED


@situation("Friday night emergency")
def test_a_bypass_is_taken_as_what_runs_and_put_on_record() -> None:
    stage = ordinary_day()
    release_all(stage, "user-service")
    stage.play()
    stage.checks_safety = False  # nobody checks a bypass
    stage.change("user-service", "an administrator bypasses the hold", held=False, paused=False, bypass="the site is down", bypass_counted=True)
    stage.wait(30)
    assert stage.pods("user-service") == {"u2": 10}
    assert "Bypassed user-service" in stage.log
    assert stage.views["user-service"].bypass is None
    assert workload(stage, "user-service").stable_hash == "u2"


@situation("Prometheus restarts mid-release")
def test_prometheus_that_restarts_mid_release_is_waited_for_with_the_reason_and_the_release_goes_on_alone() -> None:
    stage = ordinary_day()
    release_all(stage, "billing")
    stage.play_until(lambda: rolling(stage, "billing"))
    stage.prometheus_goes()
    stage.wait(120)
    assert baking(stage, "billing"), "neither on nor back"
    assert "Prometheus can't be reached" in waits(stage)
    stage.prometheus_comes_back()
    stage.play()
    assert stage.pods("billing") == {"b2": 4}


@situation("SafeRollout deleted, operator uninstalled")
def test_a_deleted_saferollout_leaves_pods_and_gives_back_what_it_borrowed() -> None:
    stage = ordinary_day(bakeSeconds=600)
    release_all(stage, "billing", "user-service")
    stage.play_until(lambda: baking(stage, "billing"))
    before = stage.pods("billing")
    stage.deleting, stage.woken = True, True
    stage.wait(10)
    billing, writer = stage.views["billing"], stage.views["user-service"]
    assert stage.pods("billing") == before and stage.pods("user-service") == {"u1": 10}
    assert billing.paced is None and not billing.held and billing.left_paused, "two templates: un-pausing would release one of them"
    assert writer.left_paused, "Git's template does not run"
    assert stage.writes[-1] == RemoveFinalizer()


@situation("20 services, three batches each")
def test_workloads_with_no_path_between_them_roll_side_by_side_if_told() -> None:
    one, two = ordinary_day(), ordinary_day(maxParallel=2)
    for stage in (one, two):
        release_all(stage)
        stage.play_until(lambda stage=stage: rolling(stage, "notification"))
        stage.wait(3)
    assert not rolling(one, "billing")
    assert rolling(two, "billing"), "two readers of one topic need nothing of each other"
    two.play()
    assert order(two)[-1] == "user-service", "the writer waits for all of its readers"


@situation("20 services, three batches each")
def test_one_after_the_other_is_the_default() -> None:
    stage = ordinary_day(contracts=[TOPIC, API])
    release_all(stage, *reversed(NEW))
    started: list[int] = []
    stage.play_until(lambda: bool(started.append(len(stage.status.release.rolls)) if stage.status.release else None) or stage.is_over())
    assert max(started) == 1
    assert LetThrough(workload="gateway", revision="g2") in stage.writes
