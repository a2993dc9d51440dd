"""Exact batches by the real Deployment controller."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.core import actions
from saferollout.core.pacing import target_pods
from saferollout.core.views import Pace, WorkloadView
from tests.cluster.workload_stage import NAME, Stage, all_available, shares, spec_without_template


def rolling(unavailable: int | str, surge: int | str) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}


def exactly(new: int, old: int):
    return lambda view: shares(view) == {"new": new, "old": old} and view.settled


@pytest.mark.parametrize(
    ("unavailable", "surge", "replicas"),
    [(1, 0, 10), (0, 1, 10), ("25%", "25%", 10), ("50%", 2, 6), (0, "100%", 5), (1, 0, 1), (0, 1, 1)],
)
def test_every_batch_is_exact_and_ready_pods_never_fall_below_what_the_user_allows(
    stage: Stage, unavailable: int | str, surge: int | str, replicas: int
) -> None:
    stage.run_first(strategy=rolling(unavailable, surge), replicas=replicas, behaviour="slow:1")
    before = spec_without_template(stage.deployment())
    strategy = stage.view().strategy
    stage.set_image("billing:2")
    for percent in (20, 50):
        stage.run_batch(percent)
        wanted = target_pods(strategy, replicas=replicas, batch_percent=percent)
        view = stage.wait(f"the batch of {percent} % is at rest", lambda view, wanted=wanted: shares(view)["new"] == wanted)
        stage.stays("exactly the batch", lambda view, wanted=wanted: shares(view)["new"] == wanted, seconds=1)
        assert view.paced is not None
    stage.act(actions.Finish(NAME, revision=stage.view().template))
    stage.wait("finished", lambda view: all_available(view, replicas))
    user_allows = {(1, 0): replicas - 1, (0, 1): replicas, ("25%", "25%"): 8, ("50%", 2): 3, (0, "100%"): 5}
    assert stage.least_ready >= user_allows[(unavailable, surge)]
    assert spec_without_template(stage.deployment()) == before


def test_a_paced_deployment_follows_an_autoscaler_with_the_same_share(stage: Stage) -> None:
    stage.run_first(strategy=rolling("30%", 0))
    stage.set_image("billing:2")
    stage.act(actions.SetPace(NAME, revision=stage.view().template, pace=Pace("30%", 0)))
    stage.wait("3 of 10", exactly(3, 7))
    stage.scale(20)
    stage.wait("6 of 20", exactly(6, 14))
    stage.scale(10)
    stage.wait("3 of 10 again", exactly(3, 7))


def test_new_pods_that_never_get_ready_stop_the_batch_at_the_first_step(stage: Stage) -> None:
    stage.run_first(strategy=rolling(0, 1))
    patch = {"metadata": {"annotations": {"fakelet.saferollout.io/behaviour": "never-ready"}}}
    stage.patch({"spec": {"template": patch}})
    with pytest.raises(AssertionError, match="was not complete in time"):
        stage.run_batch(50, give_up=4)
    view = stage.view()
    assert shares(view) == {"new": 1, "old": 10}
    assert sum(rs.ready for rs in view.replica_sets) == 10
    assert stage.least_ready == 10


def test_the_users_min_ready_seconds_count_although_they_are_borrowed(stage: Stage) -> None:
    stage.run_first(strategy=rolling(10, 0), minReadySeconds=3)
    stage.set_image("billing:2")
    stage.act(actions.SetPace(NAME, revision=stage.view().template, pace=Pace("20%", 0)))

    def ready_but_young(view: WorkloadView) -> bool:
        new = view.of(view.template)
        return sum(rs.ready for rs in new) == 2 and sum(rs.available for rs in new) == 0 and new[0].next_available is not None

    stage.wait("ready, not yet available", ready_but_young)
    stage.wait("available", lambda view: sum(rs.available for rs in view.of(view.template)) == 2)


def test_a_template_that_comes_in_the_middle_of_a_batch_is_held_and_makes_no_pod(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, 0))
    stage.set_image("billing:2")
    stage.run_batch(30)
    second = stage.view().template
    stage.set_image("billing:3")
    stage.stays("3 of the second, 7 of the first", lambda view: view.held and view.paused and view.paced is not None
                and sum(rs.pods for rs in view.of(second)) == 3 and shares(view) == {"new": 0, "old": 10})  # fmt: skip


@pytest.mark.parametrize(("unavailable", "surge"), [(3, 0), (0, 2), ("25%", "25%")])
def test_a_superseding_template_is_paced_exactly_over_a_half_rolled_one(stage: Stage, unavailable: int | str, surge: int | str) -> None:
    stage.run_first(strategy=rolling(unavailable, surge), behaviour="slow:1")
    stage.set_image("billing:2")
    stage.run_batch(40)
    stage.set_image("billing:3")
    stage.run_batch(20)
    stage.stays("2 of the third", lambda view: shares(view)["new"] == 2, seconds=1)
    stage.run_batch(70)
    stage.act(actions.Finish(NAME, revision=stage.view().template))
    stage.wait("finished", lambda view: all_available(view, 10))
    assert stage.least_ready >= {3: 7, 0: 10, "25%": 8}[unavailable]


def test_a_restart_in_the_middle_of_a_batch_stays_the_same_batch(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, 0))
    stage.set_image("billing:2")
    stage.run_batch(30)
    revision = stage.view().template
    stamp = {"kubectl.kubernetes.io/restartedAt": "2026-11-24T12:00:00Z"}
    stage.patch({"spec": {"template": {"metadata": {"annotations": stamp}}}})
    assert stage.view().template == revision
    stage.run_batch(30)
    stage.wait("at rest", lambda view: view.settled and sum(rs.available for rs in view.of(revision)) >= 3)
    stage.act(actions.Finish(NAME, revision=revision))
    stage.wait("all restarted", lambda view: all_available(view, 10) and view.replica_sets[0].available == 10)
    assert stage.least_ready >= 7


def test_a_restart_in_the_middle_of_a_batch_replaces_its_pods_in_steps_and_never_an_old_one(stage: Stage) -> None:
    stage.run_first(behaviour="slow:1")
    stage.set_image("billing:2")
    stage.run_batch(80)
    stage.wait("most of it is new", exactly(8, 5))
    restart = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-24T05:00:00Z"}}}
    stage.patch({"spec": {"template": restart}}, fieldManager="kubectl-rollout")
    assert stage.view().paused, "admission holds it until the operator has a pace for it"
    stage.least_ready = 10**6
    stage.run_batch(80)
    assert stage.least_ready >= 8
    stage.wait("only restarted pods in the batch", lambda view: len([rs for rs in view.of(view.template) if rs.pods]) == 1)
    stage.wait("the same share", exactly(8, 5))


def test_finishing_after_the_users_fields_were_unset_leaves_them_unset(stage: Stage) -> None:
    stage.run_first(strategy=rolling(3, 0))
    assert "minReadySeconds" not in stage.deployment()["spec"]
    stage.set_image("billing:2")
    stage.run_batch(30)
    stage.act(actions.Finish(NAME, revision=stage.view().template))
    stage.wait("finished", lambda view: all_available(view, 10))
    assert "minReadySeconds" not in stage.deployment()["spec"]


def test_zero_replicas_need_no_pace_and_scaling_up_starts_the_new_revision_at_its_turn(stage: Stage) -> None:
    stage.run_first(strategy=rolling(1, 0), replicas=2)
    stage.scale(0)
    stage.wait("no pods", lambda view: shares(view) == {"new": 0, "old": 0})
    stage.set_image("billing:2")
    stage.run_batch(50)
    stage.act(actions.Finish(NAME, revision=stage.view().template))
    stage.scale(2)
    stage.wait("the new revision", lambda view: all_available(view, 2))
