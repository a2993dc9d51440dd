"""Leaving: pods stay, borrowed fields come back by value, and nothing is released by going away."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from tests.cluster.workload_stage import NAME, Stage, all_available, shares, spec_without_template

STRATEGY: dict[str, Any] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 3, "maxSurge": 0}}
BY_OPERATOR = actions.GiveBack(NAME, leave_paused=False, drop_managed_by=True)
TWO_TEMPLATES = actions.GiveBack(NAME, leave_paused=True, drop_managed_by=True)

ROLLS_LOOSE = actions.GiveBack(NAME, leave_paused=True, drop_managed_by=True, rolls_loose=True)


def ours(deployment: dict[str, Any]) -> set[str]:
    metadata = deployment["metadata"]
    keys = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    return {key for key in keys if key.startswith("saferollout.io/")}


def test_a_workload_at_rest_only_loses_our_label(stage: Stage) -> None:
    stage.run_first(strategy=STRATEGY)
    before = stage.deployment()["spec"]
    stage.act(BY_OPERATOR)
    assert stage.deployment()["spec"] == before
    assert ours(stage.deployment()) == set()
    assert all_available(stage.view(), 10)


def test_a_label_that_git_wrote_stays(stage: Stage) -> None:
    stage.run_first()
    stage.act(actions.GiveBack(NAME, leave_paused=False, drop_managed_by=False))
    assert ours(stage.deployment()) == {names.LABEL_MANAGED_BY}


@pytest.mark.parametrize("ready_seconds", [None, 1])
def test_in_the_middle_of_a_roll_fields_return_by_value_pods_stay_and_nothing_is_released(stage: Stage, ready_seconds: int | None) -> None:
    fields = {} if ready_seconds is None else {"minReadySeconds": ready_seconds}
    stage.run_first(strategy=STRATEGY, **fields)
    before = spec_without_template(stage.deployment())
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.act(TWO_TEMPLATES)
    assert spec_without_template(stage.deployment()) == {**before, "paused": True}
    assert ours(stage.deployment()) == {names.ANNOTATION_LEFT_PAUSED}
    stage.stays("3 new, 7 old", lambda view: shares(view) == {"new": 3, "old": 7} and view.left_paused)


@pytest.mark.parametrize(
    "rolling", [{"maxUnavailable": 3, "maxSurge": 0}, {"maxUnavailable": "10%", "maxSurge": "30%"}, {"maxUnavailable": 0, "maxSurge": 2}]
)
def test_a_native_roll_of_ours_is_stopped_and_resumes_as_the_annotation_says(stage: Stage, rolling: dict[str, Any]) -> None:
    """Nothing is borrowed: un-batched, or the last batch. New pods that get ready afterwards move nothing either."""
    stage.run_first(strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    stage.set_image_of_slow_pods("billing:2", seconds=1.5)
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("half-way", lambda view: sum(rs.ready for rs in view.of(view.template)) >= 2 and shares(view)["old"] > 2)
    stage.act(ROLLS_LOOSE)
    stopped = stage.wait("the controller has seen it", lambda view: view.settled and view.left_paused and not stage.has_ending_pods())
    before, names_before = shares(stopped), stage.pod_names()
    assert min(before.values()) > 0
    stage.stays(f"the pods {before}", lambda view: shares(view) == before and stage.pod_names() == names_before, seconds=5)
    assert {names.ANNOTATION_LEFT_PAUSED} <= ours(stage.deployment()) <= {names.ANNOTATION_LEFT_PAUSED, names.ANNOTATION_LEFT_STRATEGY}
    sentence = stage.deployment()["metadata"]["annotations"][names.ANNOTATION_LEFT_PAUSED]
    assert f"kubectl -n {stage.namespace} rollout resume deployment/{NAME}" in sentence
    stage.cluster.kubectl("-n", stage.namespace, "rollout", "resume", f"deployment/{NAME}")
    stage.wait("released by its owner", lambda view: all_available(view, 10))


def test_a_native_roll_that_is_nobodys_of_ours_goes_on(stage: Stage) -> None:
    stage.run_first(strategy=STRATEGY)
    stage.set_image_of_slow_pods("billing:2", seconds=0.5)
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.act(TWO_TEMPLATES)
    stage.wait("it goes on", lambda view: all_available(view, 10))
    assert ours(stage.deployment()) == set()


def test_the_annotation_tells_the_command_that_resumes_and_it_works(stage: Stage) -> None:
    stage.run_first(strategy=STRATEGY)
    stage.set_image("billing:2")
    stage.act(actions.GiveBack(NAME, leave_paused=True, drop_managed_by=False))
    sentence = stage.deployment()["metadata"]["annotations"][names.ANNOTATION_LEFT_PAUSED]
    assert f"kubectl -n {stage.namespace} rollout resume deployment/{NAME}" in sentence
    stage.cluster.kubectl("-n", stage.namespace, "rollout", "resume", f"deployment/{NAME}")
    stage.wait("released by its owner", lambda view: all_available(view, 10))


def test_a_workload_that_was_given_back_is_its_owners_again(stage: Stage) -> None:
    stage.run_first()
    stage.act(BY_OPERATOR)
    assert stage.set_image("billing:2").warnings == ()
    stage.wait("rolled without us", lambda view: all_available(view, 10))


def test_a_pinned_workload_keeps_what_runs_and_waits_with_gits_template(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    first = stage.old()
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("all new", lambda view: all_available(view, 10))
    stage.act(actions.PinBack(NAME, replica_set=first.name, uid=first.uid))
    stage.wait("back", lambda view: all_available(view, 10))
    stage.act(TWO_TEMPLATES)
    assert stage.deployment()["spec"]["template"]["spec"]["containers"][0]["image"] == "billing:2"
    assert ours(stage.deployment()) == {names.ANNOTATION_LEFT_PAUSED}
    stage.stays("10 old", lambda view: shares(view) == {"new": 0, "old": 10}, seconds=1)


def test_a_workload_taken_up_again_after_a_reinstall_is_held(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    stage.act(TWO_TEMPLATES)
    stage.act(actions.AddLabel(NAME, managed_by="shop"))
    stage.act(actions.Hold(NAME))
    view = stage.view()
    assert (view.held, view.paused, view.left_paused, view.managed_by) == (True, True, False, "shop")
    stage.stays("10 old", lambda view: shares(view) == {"new": 0, "old": 10}, seconds=1)


def test_without_the_policies_hold_can_be_written_by_the_operator_alone(stage: Stage) -> None:
    stage.create(labels={})
    stage.wait("runs", lambda view: all_available(view, 10))
    stage.act(actions.AddLabel(NAME, managed_by="shop"))
    stage.act(actions.Hold(NAME))
    assert stage.view().held
    stage.stays("nothing moves", lambda view: view.held and shares(view) == {"new": 10, "old": 0}, seconds=1)
