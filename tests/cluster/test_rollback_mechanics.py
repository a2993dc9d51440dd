"""The ways back, with the real Deployment controller: nothing but the old revision is left, and nothing brings the failed one back."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from saferollout.core.views import ReplicaSetView, WorkloadView
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.deployment_writes import write_deployment
from tests.cluster.workload_stage import NAME, Stage, all_available, shares, spec_without_template
from tests.unit.workloads.objects import NOW

ONLY_OLD = {"new": 0, "old": 10}


def rolling(unavailable: int | str, surge: int | str) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}


def old_is_whole(view: WorkloadView) -> bool:
    old = [rs for rs in view.replica_sets if rs.hash != view.template]
    return shares(view) == ONLY_OLD and sum(rs.available for rs in old) == 10


def empty(stage: Stage, failed: ReplicaSetView) -> None:
    stage.act(actions.EmptyReplicaSet(NAME, replica_set=failed.name, uid=failed.uid))


def delete(stage: Stage, failed: ReplicaSetView, *, with_pods: bool = False) -> None:
    stage.act(actions.DeleteReplicaSet(NAME, replica_set=failed.name, uid=failed.uid, with_pods=with_pods))


@pytest.mark.parametrize(("surge", "mid_roll"), [(0, {"new": 3, "old": 7}), ("40%", {"new": 3, "old": 10})])
def test_freezing_in_the_middle_of_a_batch_scales_nothing_up(stage: Stage, surge: int | str, mid_roll: dict[str, int]) -> None:
    stage.run_first(strategy=rolling(3, surge))
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.wait("mid-roll", lambda view: shares(view) == mid_roll)
    stage.act(actions.Freeze(NAME))
    stage.stays("nothing moves", lambda view: shares(view) == mid_roll)


def test_freezing_a_native_roll_scales_nothing_up(stage: Stage) -> None:
    stage.run_first(strategy=rolling(2, 4))
    stage.patch({"spec": {"template": {"metadata": {"annotations": {"fakelet.saferollout.io/behaviour": "never-ready"}}}}})
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("as far as it gets", lambda view: shares(view) == {"new": 6, "old": 8})
    stage.act(actions.Freeze(NAME))
    stage.stays("nothing moves", lambda view: shares(view) == {"new": 6, "old": 8})


def test_the_way_back_without_rewriting_the_template(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, "40%"), minReadySeconds=1)
    before = spec_without_template(stage.deployment())
    stage.set_image("billing:2")
    stage.run_batch(30)
    wanted = stage.deployment()["spec"]["template"]

    stage.act(actions.Freeze(NAME))
    failed = stage.new()
    stage.wait("settled", lambda view: view.settled)
    empty(stage, failed)
    stage.wait("the native controller restored the old one", old_is_whole)
    stage.act(actions.GiveBackHeld(NAME))
    assert spec_without_template(stage.deployment()) == {**before, "paused": True}
    delete(stage, failed)

    view = stage.view()
    assert (view.held, view.paced, len(view.replica_sets)) == (True, None, 1)
    assert stage.deployment()["spec"]["template"] == wanted, "Git's template must stay in spec"
    stage.scale(0)
    stage.wait("no pods", lambda view: shares(view) == {"new": 0, "old": 0})
    stage.scale(10)
    stage.wait("what ran comes back", old_is_whole)


def test_ready_pods_never_fall_while_going_back_from_a_surge(stage: Stage) -> None:
    stage.run_first(strategy=rolling(0, "30%"))
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.act(actions.Freeze(NAME))
    empty(stage, stage.new())
    least = 10

    def back(view: WorkloadView) -> bool:
        nonlocal least
        least = min(least, sum(rs.ready for rs in view.replica_sets))
        return old_is_whole(view)

    stage.wait("the old one is whole", back)
    assert least == 10


def test_a_failed_replica_set_left_behind_would_come_back_from_zero(stage: Stage) -> None:
    """Why it is deleted: the native controller scales the youngest ReplicaSet of a paused Deployment up from 0."""
    stage.run_first(strategy=rolling(3, 0))
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.act(actions.Freeze(NAME))
    empty(stage, stage.new())
    stage.wait("back", old_is_whole)
    stage.act(actions.GiveBackHeld(NAME))
    stage.scale(0)
    stage.wait("no pods", lambda view: shares(view) == {"new": 0, "old": 0})
    stage.scale(10)
    stage.wait("the failed one", lambda view: shares(view) == {"new": 10, "old": 0})


@pytest.fixture
def all_new(stage: Stage) -> Stage:
    """All ten pods run the second revision; the first ReplicaSet is retained."""
    stage.run_first(strategy=rolling(3, 0), minReadySeconds=1)
    stage.set_image("billing:2")
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("all new", lambda view: all_available(view, 10))
    return stage


def pin_back(stage: Stage, **more: str) -> ReplicaSetView:
    first = stage.old()
    stage.act(actions.PinBack(NAME, replica_set=first.name, uid=first.uid, **more))
    return first


def test_the_way_back_by_pinning_ends_with_gits_template_held(all_new: Stage) -> None:
    wanted = all_new.deployment()["spec"]["template"]
    failed = all_new.new()
    first = pin_back(all_new)
    all_new.put("billing:2", labels={})  # self-heal
    all_new.wait("the old one runs", lambda view: all_available(view, 10))
    assert all_new.view().replica_sets[-1].uid == first.uid, "the native controller must take the same ReplicaSet again"
    all_new.act(actions.Unpin(NAME))
    deployment = all_new.deployment()
    assert deployment["spec"]["template"] == wanted
    assert names.ANNOTATION_WAITING_TEMPLATE not in deployment["metadata"]["annotations"]
    delete(all_new, failed)
    all_new.stays("held, 10 old", lambda view: view.held and view.paused and not view.pinned and shares(view) == ONLY_OLD, seconds=1)
    all_new.scale(0)
    all_new.wait("no pods", lambda view: shares(view) == {"new": 0, "old": 0})
    all_new.scale(10)
    all_new.wait("what ran comes back", old_is_whole)


def test_pinning_in_the_middle_of_a_batch_gives_the_pace_back_at_once(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, 0), minReadySeconds=1)
    before = stage.deployment()["spec"]
    stage.set_image("billing:2")
    stage.run_batch(70)
    pin_back(stage)
    assert stage.deployment()["spec"] == before
    stage.wait("the old one runs", lambda view: all_available(view, 10))


def test_ready_pods_stay_within_the_users_strategy_while_pinned_back(all_new: Stage) -> None:
    pin_back(all_new)
    least = 10

    def back(view: WorkloadView) -> bool:
        nonlocal least
        least = min(least, sum(rs.ready for rs in view.replica_sets))
        return all_available(view, 10)

    all_new.wait("the old one runs", back)
    assert least >= 7


def test_a_template_that_came_while_pinned_is_asked_for_again_and_then_taken(all_new: Stage) -> None:
    pin_back(all_new)
    all_new.put("billing:3", labels={})
    all_new.wait("the old one runs", lambda view: all_available(view, 10))
    assert all_new.view().template_came_while_pinned
    all_new.act(actions.Unpin(NAME))
    all_new.put("billing:3", labels={})
    view = all_new.view()
    assert (view.held, view.paused, shares(view)) == (True, True, ONLY_OLD)
    assert all_new.deployment()["spec"]["template"]["spec"]["containers"][0]["image"] == "billing:3"


def test_the_reverted_template_is_let_through_at_once(all_new: Stage) -> None:
    pin_back(all_new)
    all_new.wait("the old one runs", lambda view: all_available(view, 10))
    all_new.act(actions.Unpin(NAME))
    all_new.put("billing:1")
    view = all_new.view()
    assert view.held
    assert view.alive() == (view.template,)
    all_new.act(actions.LetThrough(NAME, revision=view.template))
    all_new.stays("10 of the first", lambda view: shares(view) == {"new": 10, "old": 0} and not view.paused, seconds=1)


def test_a_restart_while_something_is_held_replaces_what_runs(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    waiting, running = stage.view().template, stage.old()
    stage.act(actions.PinBack(NAME, replica_set=running.name, uid=running.uid, restarted_at="2026-11-24T12:00:00Z"))

    def restarted(view: WorkloadView) -> bool:
        newest = view.replica_sets[0]
        return newest.restarted_at != "" and newest.hash == running.hash and newest.available == 10 and all_available(view, 10)

    stage.wait("every pod is a new one of the same revision", restarted)
    stage.act(actions.Unpin(NAME))
    view = stage.view()
    assert (view.template, view.held, shares(view)) == (waiting, True, ONLY_OLD)


def test_a_first_revision_that_fails_leaves_no_pod_and_stays_held(stage: Stage) -> None:
    stage.create(behaviour="crash-loop")
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("trouble", lambda view: any(trouble.reason == "CrashLoopBackOff" for rs in view.replica_sets for trouble in rs.trouble))
    stage.act(actions.Freeze(NAME))
    delete(stage, stage.new(), with_pods=True)
    stage.wait("no pods", lambda view: view.replica_sets == ())
    stage.stays("nothing is created again", lambda view: view.replica_sets == () and view.held and view.paused)
    stage.act(actions.GiveBackHeld(NAME))
    stage.scale(3)
    stage.stays("not by an autoscaler either", lambda view: view.replica_sets == ())


def test_pods_that_cannot_start_are_seen_and_make_no_progress(stage: Stage) -> None:
    stage.run_first(strategy=rolling(1, 0), minReadySeconds=3)
    for behaviour, reason in (("crash-loop", "CrashLoopBackOff"), ("image-pull-error", "ImagePullBackOff")):
        stage.patch({"spec": {"template": {"metadata": {"annotations": {"fakelet.saferollout.io/behaviour": behaviour}}}}})
        stage.act(actions.LetThrough(NAME, revision=stage.view().template))

        def in_trouble(view: WorkloadView, reason: str = reason) -> bool:
            return any(trouble.reason == reason for rs in view.of(view.template) for trouble in rs.trouble)

        view = stage.wait(reason, in_trouble)
        assert sum(rs.steady for rs in view.of(view.template)) == 0


def test_an_exhausted_quota_is_seen(stage: Stage) -> None:
    stage.run_first(replicas=2)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": "2"}}}
    stage.cluster.kubectl("apply", "-n", stage.namespace, "-f", "-", manifest=quota)
    stage.set_image("billing:2")
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    view = stage.wait("refused pods", lambda view: any(rs.trouble for rs in view.of(view.template)))
    assert "exceeded quota" in view.of(view.template)[0].trouble[0].message


def test_a_write_decided_on_an_older_object_is_a_conflict(stage: Stage) -> None:
    stage.run_first()
    stage.set_image("billing:2")
    raw = stage.raw()
    stage.patch({"metadata": {"annotations": {"team": "shop"}}})
    answer = stage.send(DeploymentKind().write(actions.LetThrough(NAME, revision="x"), raw, now=NOW))
    assert answer.status == 409
    stage.stays("nothing was released", lambda view: shares(view) == ONLY_OLD, seconds=1)


def test_deleting_a_replica_set_that_somebody_scaled_meanwhile_is_a_conflict(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, 0))
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.act(actions.Freeze(NAME))
    failed = stage.new()
    empty(stage, failed)
    stage.wait("back", old_is_whole)
    raw = stage.raw()
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/replicasets/{failed.name}"
    stage.admin.send("PATCH", path, {"metadata": {"annotations": {"touched": "yes"}}}, content_type="application/merge-patch+json")
    action = actions.DeleteReplicaSet(NAME, replica_set=failed.name, uid=failed.uid)
    assert stage.send(write_deployment(action, raw, now=NOW)).status == 409
