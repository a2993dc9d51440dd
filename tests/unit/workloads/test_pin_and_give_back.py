"""Going back by pinning, bypasses, and giving everything back."""

from __future__ import annotations

import dataclasses
import random

import pytest

from saferollout.core import actions
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import RawWorkload
from tests.unit.workloads.acting import HELD, MANAGED, NEW, OLD, PACE, PIN, after, annotations, held, labels
from tests.unit.workloads.objects import NOW, RESTARTS, deployment, replica_set, template


def test_pinning_back_puts_the_old_template_in_and_gives_the_pace_back_in_one_patch() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    pinned = after(PIN, paced, replica_set("a", OLD, replicas=0))
    assert pinned["spec"] == deployment(OLD)["spec"]
    assert labels(pinned) == {"managed-by", "pinned"}
    assert annotations(pinned) == {"waiting-template"}


def test_a_template_is_replaced_whole_and_not_merged() -> None:
    two = template("billing:2", annotations={"team": "shop"}, labels={"tier": "back"})
    two["spec"]["containers"].append({"name": "sidecar", "image": "proxy:1"})
    two["spec"]["priorityClassName"] = "high"
    pinned = after(PIN, deployment(two, labels=MANAGED), replica_set("a", OLD, replicas=0))
    assert pinned["spec"]["template"] == OLD


def test_unpinning_restores_gits_template_held() -> None:
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    seen = DeploymentKind().view(RawWorkload(workload=pinned), restart_annotations=RESTARTS, now=NOW)
    unpinned = after(actions.Unpin("billing"), pinned)
    assert unpinned["spec"] == deployment(NEW, paused=True)["spec"]
    assert labels(unpinned) == {"managed-by", "held"}
    assert annotations(unpinned) == set()
    released = DeploymentKind().view(RawWorkload(workload=unpinned), restart_annotations=RESTARTS, now=NOW)
    assert seen.waiting == released.template


def test_pinning_twice_keeps_gits_template_and_not_the_pinned_one() -> None:
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    older = template("billing:0")
    again = after(actions.PinBack("billing", replica_set="billing-z", uid="z-uid"), pinned, replica_set("z", older, replicas=0))
    assert again["spec"]["template"] == older
    assert after(actions.Unpin("billing"), again)["spec"]["template"] == NEW


def test_pinning_with_a_restart_replaces_the_pods_of_the_same_revision() -> None:
    restart = actions.PinBack("billing", replica_set="billing-a", uid="a-uid", restarted_at="2026-11-24T12:00:00Z")
    pinned = after(restart, held(), replica_set("a", OLD, replicas=10))
    assert pinned["spec"]["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": "2026-11-24T12:00:00Z"}


def test_the_same_template_is_put_aside_as_the_same_text() -> None:
    first = after(PIN, deployment(NEW), replica_set("a", OLD, replicas=0))
    second = after(PIN, deployment(dict(reversed(NEW.items()))), replica_set("a", OLD, replicas=0))
    assert first["metadata"]["annotations"] == second["metadata"]["annotations"]


def test_a_template_too_large_for_an_annotation_is_left_to_git() -> None:
    noise = random.Random(1).randbytes(200_000).hex()
    large = template("billing:2", annotations={"noise": noise})
    pinned = after(PIN, deployment(large), replica_set("a", OLD, replicas=0))
    assert annotations(pinned) == set()
    assert after(actions.Unpin("billing"), pinned)["spec"] == deployment(OLD, paused=True)["spec"]


def test_other_peoples_annotations_leave_less_room() -> None:
    noise = random.Random(1).randbytes(60_000).hex()
    large = template("billing:2", annotations={"noise": noise})
    alone = after(PIN, deployment(large), replica_set("a", OLD, replicas=0))
    assert "waiting-template" in annotations(alone)
    crowded = after(PIN, deployment(large, annotations={"last-applied": "x" * 190_000}), replica_set("a", OLD, replicas=0))
    assert annotations(crowded) == set()


def test_a_waiting_template_that_somebody_broke_is_left_to_git() -> None:
    pinned = after(PIN, deployment(NEW), replica_set("a", OLD, replicas=0))
    pinned["metadata"]["annotations"]["saferollout.io/waiting-template"] = "H4sIbroken"
    assert after(actions.Unpin("billing"), pinned)["spec"]["template"] == OLD


def test_a_bypass_is_cleared_alone() -> None:
    owner = deployment(annotations={"saferollout.io/bypass": "fire", "team": "shop"})
    assert after(actions.ClearBypass("billing"), owner)["metadata"]["annotations"] == {"team": "shop", "saferollout.io/bypassed": "fire"}


def test_a_bypass_that_took_the_pace_off_gets_the_fields_back_and_one_that_did_not_count_leaves_the_pace() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held(minReadySeconds=5))
    paced["metadata"]["annotations"]["saferollout.io/bypass"] = "fire"
    ignored = after(actions.ClearBypass("billing"), paced)
    assert ignored["spec"] == paced["spec"]
    assert (labels(ignored), annotations(ignored)) == ({"managed-by", "paced"}, {"original", "bypassed"})
    del paced["metadata"]["labels"]["saferollout.io/paced"]
    paced["spec"]["minReadySeconds"] = 0
    counted = after(actions.ClearBypass("billing"), paced)
    assert counted["spec"] == deployment(NEW, minReadySeconds=5)["spec"]
    assert (labels(counted), annotations(counted)) == ({"managed-by"}, {"bypassed"})


def test_letting_a_bypassed_workload_through_clears_what_was_put_aside() -> None:
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    del pinned["metadata"]["labels"]["saferollout.io/pinned"]
    let = after(actions.LetThrough("billing", revision="x"), pinned)
    assert (labels(let), annotations(let)) == ({"managed-by"}, set())


def test_giving_back_a_paced_workload_leaves_nothing_of_ours() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    given = after(actions.GiveBack("billing", leave_paused=False, drop_managed_by=True), paced)
    assert given["spec"] == deployment(NEW)["spec"]
    assert labels(given) == annotations(given) == set()


def test_giving_back_two_templates_leaves_it_paused_and_says_why_and_how_to_resume() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    given = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False), paced)
    assert given["spec"] == deployment(NEW, paused=True)["spec"]
    assert labels(given) == {"managed-by"}
    assert "kubectl -n shop rollout resume deployment/billing" in given["metadata"]["annotations"]["saferollout.io/left-paused"]


def test_giving_back_a_pinned_workload_paused_restores_gits_template() -> None:
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    given = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=True), pinned)
    assert given["spec"]["template"] == NEW
    assert annotations(given) == {"left-paused"}
    kept = after(actions.GiveBack("billing", leave_paused=False, drop_managed_by=True), pinned)
    assert kept["spec"] == deployment(OLD)["spec"]
    assert labels(kept) == annotations(kept) == set()


def test_a_workload_taken_up_again_is_no_longer_left_paused() -> None:
    left = deployment(NEW, paused=True, annotations={"saferollout.io/left-paused": "why"})
    assert annotations(after(actions.Hold("billing"), left)) == set()
    assert annotations(after(actions.LetThrough("billing", revision="x"), left)) == set()


def test_a_template_that_a_bypass_left_aside_does_not_wait_any_more() -> None:
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    bypassed = {**pinned, "metadata": {**pinned["metadata"], "labels": MANAGED}}
    assert DeploymentKind().view(RawWorkload(workload=bypassed), restart_annotations=RESTARTS, now=NOW).waiting is None
    given = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False), bypassed)
    assert given["spec"]["template"] == pinned["spec"]["template"]


def test_what_was_borrowed_from_a_workload_that_became_recreate_is_given_back_without_a_rolling_update() -> None:
    """The API server refuses rollingUpdate beside Recreate; without a policy its owner can change the strategy while it is paced."""
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held(minReadySeconds=30))
    paced["spec"]["strategy"] = {"type": "Recreate"}
    given = after(actions.GiveBack("billing", leave_paused=False, drop_managed_by=False), paced)
    assert given["spec"] == deployment(NEW, minReadySeconds=30, strategy={"type": "Recreate"})["spec"]


@pytest.mark.parametrize("leave_paused", [True, False])
@pytest.mark.parametrize("paused", [True, False])
def test_taking_the_label_off_leaves_a_workload_from_which_nothing_was_borrowed_as_it_is(leave_paused: bool, paused: bool) -> None:
    """It may roll natively, or be paused by its owner."""
    owned = deployment(NEW, labels=MANAGED, paused=paused)
    given = after(actions.GiveBack("billing", leave_paused=leave_paused, drop_managed_by=True), owned, replica_set("a", OLD, replicas=3))
    assert given["spec"] == owned["spec"]
    assert labels(given) == annotations(given) == set()


def test_a_roll_of_ours_that_nothing_was_borrowed_for_is_paused_with_the_surge_that_is_in_use() -> None:
    own = {"maxUnavailable": 1, "maxSurge": 4}
    rolling = deployment(NEW, labels=MANAGED, strategy={"type": "RollingUpdate", "rollingUpdate": own})
    sets = (replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=5))
    left = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False, rolls_loose=True), rolling, *sets)
    assert left["spec"] == rolling["spec"] | {"paused": True, "strategy": {"type": "RollingUpdate", "rollingUpdate": own | {"maxSurge": 2}}}
    assert annotations(left) == {"left-paused", "left-strategy"}
    sentence = left["metadata"]["annotations"]["saferollout.io/left-paused"]
    assert "kubectl -n shop rollout resume deployment/billing" in sentence and "maxSurge was 4" in sentence
    again = after(actions.LetThrough("billing", revision="x"), after(actions.Hold("billing"), left, *sets), *sets)
    assert again["spec"] == rolling["spec"]


def test_a_template_that_took_the_place_of_a_pinned_one_is_put_aside_in_its_turn() -> None:
    """No policy keeps the pin there: what came is Git's newest word."""
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    newest = template("billing:3")
    pinned["spec"]["template"] = newest
    again = after(dataclasses.replace(PIN, overwritten=True), pinned, replica_set("a", OLD, replicas=0))
    assert again["spec"]["template"] == OLD
    assert after(actions.Unpin("billing"), again)["spec"]["template"] == newest


def test_a_large_template_in_the_place_of_a_pinned_one_leaves_nothing_older_waiting() -> None:
    """What waited before would come back at the end, two templates behind Git."""
    pinned = after(PIN, deployment(NEW, labels=MANAGED), replica_set("a", OLD, replicas=0))
    pinned["metadata"]["annotations"]["saferollout.io/waiting-fingerprint"] = "text of the second"
    pinned["spec"]["template"] = template("billing:3", annotations={"noise": random.Random(1).randbytes(200_000).hex()})
    again = after(dataclasses.replace(PIN, overwritten=True), pinned, replica_set("a", OLD, replicas=0))
    assert (labels(again), annotations(again)) == ({"managed-by", "pinned"}, set())


@pytest.mark.parametrize("own", [{"maxUnavailable": 1, "maxSurge": "25%"}, {"maxUnavailable": 0, "maxSurge": 1}])
def test_a_surge_that_was_held_back_returns_by_value_when_the_workload_is_taken_up_again(own: dict[str, object]) -> None:
    rolling = deployment(NEW, labels=MANAGED, strategy={"type": "RollingUpdate", "rollingUpdate": own})
    sets = (replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=3))
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), rolling, *sets)
    left = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False), paced, *sets)
    assert left["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0
    again = after(actions.Hold("billing"), left, *sets)
    assert again["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 0, "nothing is added now"
    assert annotations(again) == {"original"}
    assert after(actions.Finish("billing", revision="x"), again)["spec"] == rolling["spec"]


def test_a_strategy_that_its_owner_set_since_then_stays() -> None:
    sets = (replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=3))
    held_back = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False), deployment(NEW, labels=HELD), *sets)
    held_back["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2, "maxSurge": 2}}
    again = after(actions.Hold("billing"), held_back, *sets)
    assert again["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 2, "maxSurge": 2}
    assert annotations(again) == set()


@pytest.mark.parametrize(
    "following",
    [actions.SetPace("billing", revision="x", pace=PACE), actions.Freeze("billing"), actions.LetThrough("billing", revision="x")],
    ids=["paced", "frozen", "let through"],
)
def test_a_surge_that_was_held_back_returns_although_the_next_template_was_held_before_anybody_took_it_up(following: actions.Action) -> None:
    """The label is the owner's, so admission holds what they apply while no SafeRollout is there."""
    own = {"maxUnavailable": 1, "maxSurge": 4}
    rolling = deployment(NEW, labels=MANAGED, strategy={"type": "RollingUpdate", "rollingUpdate": own})
    sets = (replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=5))
    left = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False, rolls_loose=True), rolling, *sets)
    left["metadata"]["labels"] |= HELD
    left["spec"]["template"] = template("billing:3")
    again = after(following, left, *sets)
    assert "left-strategy" not in annotations(again)
    assert after(actions.Finish("billing", revision="x"), again)["spec"]["strategy"]["rollingUpdate"] == own
