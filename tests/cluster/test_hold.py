"""The API server itself holds: no pod of a changed template, whoever writes whatever."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from saferollout.workloads.protocol import MERGE_PATCH
from tests.cluster.workload_stage import APPLY, NAME, Answer, Stage, all_available, shares

OTHER = {"new": 0, "old": 10}


def is_held(answer: Answer) -> bool:
    body = answer.body
    return (
        answer.status in (200, 201)
        and body["spec"].get("paused") is True
        and body["metadata"]["labels"].get(names.LABEL_HELD) == "true"
        and body["metadata"]["labels"].get(names.LABEL_MANAGED_BY) == "shop"
    )


def test_a_created_workload_that_carries_the_label_has_no_replica_set(stage: Stage) -> None:
    assert is_held(stage.create())
    stage.stays("no ReplicaSet", lambda view: view.replica_sets == ())


def test_a_changed_template_makes_no_pod_and_what_runs_goes_on(stage: Stage) -> None:
    stage.run_first()
    assert is_held(stage.set_image("billing:2"))
    stage.stays("10 old pods", lambda view: shares(view) == OTHER)


def test_the_same_put_again_stays_held(stage: Stage) -> None:
    stage.run_first()
    assert is_held(stage.put("billing:2"))
    assert is_held(stage.put("billing:2"))
    stage.stays("10 old pods", lambda view: shares(view) == OTHER)


def test_a_put_that_drops_our_labels_stays_held_and_labelled(stage: Stage) -> None:
    stage.run_first()
    stage.put("billing:2")
    assert is_held(stage.put("billing:2", labels={}))
    assert is_held(stage.put("billing:3", labels={"team": "shop"}))


def test_a_put_that_drops_the_label_and_changes_the_template_at_once_is_held(stage: Stage) -> None:
    stage.run_first()
    assert is_held(stage.put("billing:2", labels={}))


def test_an_unheld_workload_may_leave_management(stage: Stage) -> None:
    stage.run_first()
    left = stage.patch({"metadata": {"labels": {names.LABEL_MANAGED_BY: None}}})
    assert names.LABEL_MANAGED_BY not in (left.body["metadata"].get("labels") or {})
    assert stage.set_image("billing:2").body["spec"].get("paused") is None


def test_a_mistyped_name_can_be_corrected_while_held(stage: Stage) -> None:
    stage.create(labels={names.LABEL_MANAGED_BY: "shpo"})
    corrected = stage.patch({"metadata": {"labels": {names.LABEL_MANAGED_BY: "shop"}}})
    assert is_held(corrected)


def test_taking_the_hold_off_by_hand_is_taken_back(stage: Stage) -> None:
    stage.create()
    by_hand: dict[str, Any] = {"metadata": {"labels": {names.LABEL_HELD: None}}, "spec": {"paused": False}}
    assert is_held(stage.patch(by_hand))


def test_server_side_apply_is_held_too(stage: Stage) -> None:
    stage.run_first()
    applied = stage.owner.send("PATCH", stage.path, stage.manifest("billing:2"), content_type=APPLY, fieldManager="helm", force="true")
    assert is_held(applied)


def test_a_dry_run_shows_the_hold_and_changes_nothing(stage: Stage) -> None:
    stage.run_first()
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "billing:2"}]}}}}
    assert is_held(stage.patch(body, dryRun="All"))
    assert not stage.view().held


def test_everything_but_the_template_passes(stage: Stage) -> None:
    stage.run_first()
    changed = stage.patch({"metadata": {"annotations": {"team": "shop"}}, "spec": {"revisionHistoryLimit": 3}})
    assert names.LABEL_HELD not in changed.body["metadata"]["labels"]
    assert changed.body["spec"]["revisionHistoryLimit"] == 3


def test_a_put_without_defaulted_fields_is_no_change(stage: Stage) -> None:
    stage.run_first()
    again = stage.put("billing:1")
    assert again.body["spec"].get("paused") is None


def test_the_native_controllers_own_writes_pass_unharmed(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("rolled", lambda view: all_available(view, 10))
    annotations = stage.deployment()["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision"] == "2"


def test_resume_is_refused_with_the_reason_and_the_way_out(stage: Stage) -> None:
    stage.create()
    refused = stage.patch({"spec": {"paused": False}}, fieldManager="kubectl-rollout")
    assert refused.status == 403
    assert "held by SafeRollout shop" in refused.body["message"]
    assert f"kubectl safe-rollout explain {NAME} -n {stage.namespace}" in refused.body["message"]


def test_resume_on_a_workload_that_is_not_held_passes(stage: Stage) -> None:
    stage.run_first()
    assert stage.patch({"spec": {"paused": True}}, fieldManager="kubectl-rollout").status == 200
    assert stage.patch({"spec": {"paused": False}}, fieldManager="kubectl-rollout").status == 200


def test_whoever_applies_is_warned_and_told_where_to_look(stage: Stage) -> None:
    created = stage.create()
    assert any("created without pods, held by SafeRollout shop" in warning for warning in created.warnings)
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    changed = stage.set_image("billing:2")
    assert any(f"kubectl safe-rollout explain {NAME}" in warning for warning in changed.warnings)


def test_nobody_is_warned_where_nothing_is_held(stage: Stage) -> None:
    stage.run_first()
    assert stage.patch({"metadata": {"annotations": {"team": "shop"}}}).warnings == ()


def test_an_autoscaler_on_a_held_workload_scales_what_runs(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    stage.scale(14)
    stage.wait("14 old pods", lambda view: shares(view) == {"new": 0, "old": 14} and view.held)


def test_scaled_to_zero_and_back_while_held_brings_back_what_ran(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    stage.scale(0)
    stage.wait("no pods", lambda view: shares(view) == {"new": 0, "old": 0})
    stage.scale(10)
    stage.wait("10 old pods", lambda view: shares(view) == OTHER and view.held and view.paused)


def test_a_restart_is_held_for_an_instant_and_let_through_by_the_operator(stage: Stage) -> None:
    stage.run_first()
    before = stage.view().template
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-11-24T12:00:00Z"}
    restarted = stage.patch({"spec": {"template": {"metadata": {"annotations": stamp}}}}, fieldManager="kubectl-rollout")
    assert is_held(restarted)
    assert stage.view().template == before
    stage.act(actions.LetThrough(NAME, revision=before))
    stage.wait("restarted", lambda view: all_available(view, 10) and len(view.of(before)) == 2 and view.replica_sets[0].pods == 10)


def test_without_the_label_nothing_is_held(stage: Stage) -> None:
    created = stage.create(labels={})
    assert created.body["spec"].get("paused") is None
    assert created.warnings == ()


def test_a_thousand_environment_variables_are_within_the_policies_cost(stage: Stage) -> None:
    variables = [{"name": f"SETTING_{number}", "value": "x" * 300} for number in range(1000)]
    manifest = stage.manifest("billing:1")
    manifest["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    assert is_held(stage.owner.send("POST", stage.collection, manifest))
    manifest["spec"]["template"]["spec"]["containers"][0]["env"][7]["value"] = "changed"
    assert is_held(stage.owner.send("PUT", stage.path, manifest))


REASON = {"metadata": {"annotations": {names.ANNOTATION_BYPASS: "the shop is on fire"}}}


def test_a_bypass_needs_the_verb(stage: Stage) -> None:
    stage.run_first()
    assert is_held(stage.set_image("billing:2", **{names.ANNOTATION_BYPASS: "the shop is on fire"}))


def test_a_bypass_by_somebody_with_the_verb_works_without_the_operator(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    assert stage.patch(REASON, stage.admin).body["spec"].get("paused") in (None, False)
    stage.wait("rolled", lambda view: all_available(view, 10) and not view.held)
    assert stage.view().bypass == "the shop is on fire"


def test_a_bypass_counts_for_one_update(stage: Stage) -> None:
    stage.run_first()
    stage.patch(REASON, stage.admin)
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "billing:2"}]}}}}
    assert is_held(stage.patch(body, stage.admin))
    stage.act(actions.ClearBypass(NAME))
    assert stage.view().bypass is None


@pytest.mark.parametrize("reason", ["", None])
def test_a_bypass_without_a_reason_is_none(stage: Stage, reason: str | None) -> None:
    stage.run_first()
    annotation = {"metadata": {"annotations": {names.ANNOTATION_BYPASS: reason}}}
    body = {**annotation, "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "billing:2"}]}}}}
    assert is_held(stage.patch(body, stage.admin))


def test_the_verb_alone_is_not_enough(stage: Stage) -> None:
    stage.run_first()
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "billing:2"}]}}}}
    assert is_held(stage.patch(body, stage.admin))


def test_a_bypass_at_creation_is_not_held(stage: Stage) -> None:
    manifest = stage.manifest("billing:1", annotations={names.ANNOTATION_BYPASS: "first aid"})
    created = stage.admin.send("POST", stage.collection, manifest)
    assert created.body["spec"].get("paused") is None


def test_the_role_bypass_gives_the_verb(stage: Stage) -> None:
    stage.run_first()
    helper = stage.cluster.service_account(stage.namespace, "helper")
    for role in ("edit", "saferollout-bypass"):
        subject = f"--serviceaccount={stage.namespace}:helper"
        stage.cluster.kubectl("create", "rolebinding", f"helper-{role}", "-n", stage.namespace, f"--clusterrole={role}", subject)
    stage.set_image("billing:2")
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": helper.user, "resourceAttributes": {
            "namespace": stage.namespace, "group": "saferollout.io", "resource": "saferollouts", "verb": "bypass"}},
    }  # fmt: skip
    stage.wait("the role is known", lambda _: bool(
        stage.cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]))  # fmt: skip
    person = type(stage.owner)(stage.cluster, helper.token)
    answer = person.send("PATCH", stage.path, REASON, content_type=MERGE_PATCH)
    assert answer.body["spec"].get("paused") in (None, False)
