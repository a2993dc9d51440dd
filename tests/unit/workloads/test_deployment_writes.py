"""Every action on a Deployment, as the object it leaves behind."""

from __future__ import annotations

import json
import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saferollout.core import actions
from saferollout.core.views import Pace
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.merge_patch import difference
from saferollout.workloads.protocol import MERGE_PATCH, CannotWrite, RawWorkload, Verb, Write
from tests.unit.workloads.objects import NOW, RESTARTS, deployment, merge, pod, replica_set, template

OURS = "saferollout.io/"
OLD, NEW = template("billing:1"), template("billing:2")
MANAGED = {"saferollout.io/managed-by": "shop"}
HELD = {**MANAGED, "saferollout.io/held": "true"}
PACE = Pace(max_unavailable="30%", max_surge="10%")


def write(action: actions.Action, owner: dict[str, Any], *replica_sets: dict[str, Any]) -> Write:
    return DeploymentKind().write(action, RawWorkload(workload=owner, replica_sets=replica_sets), now=NOW)


def after(action: actions.Action, owner: dict[str, Any], *replica_sets: dict[str, Any]) -> dict[str, Any]:
    """Carry an action out on the object, as the API server would."""
    request = write(action, owner, *replica_sets)
    assert (request.verb, request.content_type) == (Verb.PATCH, MERGE_PATCH)
    assert request.body["metadata"]["resourceVersion"] == owner["metadata"]["resourceVersion"]
    result: dict[str, Any] = merge(owner, request.body)
    return result


def labels(owner: dict[str, Any]) -> set[str]:
    return {key.removeprefix(OURS) for key in owner["metadata"]["labels"] if key.startswith(OURS)}


def annotations(owner: dict[str, Any]) -> set[str]:
    return {key.removeprefix(OURS) for key in owner["metadata"]["annotations"] if key.startswith(OURS)}


def held(**spec: Any) -> dict[str, Any]:
    return deployment(NEW, labels=HELD, paused=True, **spec)


def test_adding_the_label_touches_nothing_else() -> None:
    request = write(actions.AddLabel("billing", managed_by="shop"), deployment())
    metadata = {"labels": {"saferollout.io/managed-by": "shop"}, "resourceVersion": "7", "uid": "deployment-uid"}
    assert request.body == {"metadata": metadata}
    assert request.path == "/apis/apps/v1/namespaces/shop/deployments/billing"


def test_holding_pauses_and_labels() -> None:
    held_now = after(actions.Hold("billing"), deployment(labels=MANAGED))
    assert held_now["spec"]["paused"] is True
    assert labels(held_now) == {"managed-by", "held"}


def test_letting_through_leaves_the_object_as_its_owner_wrote_it() -> None:
    assert after(actions.LetThrough("billing", revision="x"), held())["spec"] == deployment(NEW)["spec"]


def test_a_pace_saves_the_originals_in_the_same_patch_and_never_the_type() -> None:
    request = write(actions.SetPace("billing", revision="x", pace=PACE), held(minReadySeconds=5))
    assert request.body["spec"] == {
        "paused": None, "minReadySeconds": 2147483646, "progressDeadlineSeconds": 2147483647,
        "strategy": {"rollingUpdate": {"maxUnavailable": "30%", "maxSurge": "10%"}},
    }  # fmt: skip
    saved = json.loads(request.body["metadata"]["annotations"]["saferollout.io/original"])
    assert saved == {"minReadySeconds": 5, "progressDeadlineSeconds": 600, "maxUnavailable": 1, "maxSurge": 1}


def test_a_second_pace_keeps_the_first_originals() -> None:
    first = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    second = after(actions.SetPace("billing", revision="x", pace=Pace("50%", "10%")), first)
    assert second["metadata"]["annotations"] == first["metadata"]["annotations"]
    assert second["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "50%", "maxSurge": "10%"}


amounts = st.one_of(st.none(), st.integers(0, 9), st.integers(0, 100).map(lambda percent: f"{percent}%"))


@given(st.one_of(st.none(), st.integers(0, 60)), st.one_of(st.none(), st.integers(1, 900)), amounts, amounts)
@pytest.mark.parametrize("action", [actions.Finish("billing", revision="x"), actions.LetThrough("billing", revision="x")])
def test_what_was_borrowed_comes_back_by_value_and_unset_fields_unset(
    action: actions.Action, ready: int | None, deadline: int | None, unavailable: int | str | None, surge: int | str | None
) -> None:
    before = deployment(NEW, labels=MANAGED)
    fields = {"minReadySeconds": ready, "progressDeadlineSeconds": deadline}
    rolling = {"maxUnavailable": unavailable, "maxSurge": surge}
    before["spec"] = {**{k: v for k, v in before["spec"].items() if k != "progressDeadlineSeconds"},
                      **{k: v for k, v in fields.items() if v is not None}, "strategy": {"type": "RollingUpdate"}}  # fmt: skip
    if any(value is not None for value in rolling.values()):
        before["spec"]["strategy"]["rollingUpdate"] = {k: v for k, v in rolling.items() if v is not None}
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), before)
    given_back = after(action, paced)
    assert given_back["spec"] == before["spec"]
    assert given_back["metadata"]["labels"] == before["metadata"]["labels"]
    assert given_back["metadata"]["annotations"] == before["metadata"]["annotations"]


def test_lost_originals_are_never_guessed() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    del paced["metadata"]["annotations"]["saferollout.io/original"]
    with pytest.raises(CannotWrite, match="saferollout.io/original is missing"):
        write(actions.Finish("billing", revision="x"), paced)


def test_recreate_is_never_paced() -> None:
    with pytest.raises(CannotWrite, match="Recreate"):
        write(actions.SetPace("billing", revision="x", pace=PACE), held(strategy={"type": "Recreate"}))


@pytest.mark.parametrize(("old", "new", "surge"), [(7, 3, 0), (8, 4, 2), (5, 3, 0)])
def test_freezing_keeps_exactly_the_surge_that_is_in_use(old: int, new: int, surge: int) -> None:
    rolling = deployment(NEW, labels=MANAGED, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "30%", "maxSurge": "40%"}})
    frozen = after(actions.Freeze("billing"), rolling, replica_set("a", OLD, replicas=old), replica_set("b", NEW, replicas=new, hour=9))
    assert frozen["spec"]["paused"] is True
    assert frozen["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == surge
    assert labels(frozen) == {"managed-by", "paced", "held"}
    assert after(actions.GiveBackHeld("billing"), frozen)["spec"] == {**rolling["spec"], "paused": True}


def test_freezing_never_writes_a_strategy_of_zero_and_zero() -> None:
    rolling = deployment(NEW, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}})
    frozen = after(actions.Freeze("billing"), rolling, replica_set("a", OLD, replicas=10))
    assert frozen["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "1%", "maxSurge": 0}


def test_freezing_writes_unavailable_pods_as_a_percentage() -> None:
    rolling = deployment(NEW, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 3, "maxSurge": 1}})
    frozen = after(actions.Freeze("billing"), rolling, replica_set("a", OLD, replicas=10))
    assert frozen["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == "30%"


def test_freezing_a_recreate_only_pauses() -> None:
    frozen = after(actions.Freeze("billing"), deployment(NEW, strategy={"type": "Recreate"}))
    assert frozen["spec"]["strategy"] == {"type": "Recreate"}
    assert frozen["spec"]["paused"] is True


def test_emptying_a_replica_set_is_guarded_by_its_own_version() -> None:
    request = write(actions.EmptyReplicaSet("billing", replica_set="billing-b", uid="b-uid"), held(), replica_set("b", NEW, replicas=3))
    assert request.body == {"spec": {"replicas": 0}, "metadata": {"resourceVersion": "5", "uid": "b-uid"}}
    assert (request.plural, request.name) == ("replicasets", "billing-b")


def test_emptying_is_refused_while_the_native_controller_would_fill_it_again() -> None:
    with pytest.raises(CannotWrite, match="not paused"):
        write(actions.EmptyReplicaSet("billing", replica_set="billing-b", uid="b-uid"), deployment(), replica_set("b", NEW, replicas=3))


def test_deleting_a_replica_set_names_its_uid_and_version() -> None:
    request = write(actions.DeleteReplicaSet("billing", replica_set="billing-b", uid="b-uid"), held(), replica_set("b", NEW, replicas=0))
    assert request.verb is Verb.DELETE
    assert request.body["preconditions"] == {"uid": "b-uid", "resourceVersion": "5"}


def test_a_replica_set_with_pods_is_deleted_only_on_purpose() -> None:
    with_pods = replica_set("b", NEW, replicas=3)
    with pytest.raises(CannotWrite, match="still has pods"):
        write(actions.DeleteReplicaSet("billing", replica_set="billing-b", uid="b-uid"), held(), with_pods)
    request = write(actions.DeleteReplicaSet("billing", replica_set="billing-b", uid="b-uid", with_pods=True), held(), with_pods)
    assert request.body["propagationPolicy"] == "Background"
    with pytest.raises(CannotWrite, match="not paused"):
        write(actions.DeleteReplicaSet("billing", replica_set="billing-b", uid="b-uid", with_pods=True), deployment(), with_pods)


def test_a_replica_set_that_is_gone_is_said() -> None:
    with pytest.raises(CannotWrite, match="no ReplicaSet with uid b-uid any more"):
        write(actions.EmptyReplicaSet("billing", replica_set="billing-b", uid="b-uid"), held())


PIN = actions.PinBack("billing", replica_set="billing-a", uid="a-uid")


def test_pinning_back_puts_the_old_template_in_and_gives_the_pace_back_in_one_patch() -> None:
    paced = after(actions.SetPace("billing", revision="x", pace=PACE), held())
    pinned = after(PIN, paced, replica_set("a", OLD, replicas=0))
    assert pinned["spec"] == deployment(OLD)["spec"]
    assert labels(pinned) == {"managed-by", "pinned"}
    assert annotations(pinned) == {"waiting-template", "waiting-fingerprint"}


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
    assert after(actions.ClearBypass("billing"), owner)["metadata"]["annotations"] == {"team": "shop"}


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


def test_writes_never_change_the_objects_they_were_computed_from() -> None:
    owner, old, new = held(), replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=3, hour=9)
    before = json.dumps([owner, old, new])
    for action in every_action():
        try:
            write(action, owner, old, new)
        except CannotWrite:
            continue
    assert json.dumps([owner, old, new]) == before


def test_no_write_ever_touches_the_strategy_type_or_the_replicas() -> None:
    for action in every_action():
        if isinstance(action, actions.EmptyReplicaSet | actions.DeleteReplicaSet):
            continue
        spec = write(action, held(), replica_set("a", OLD, replicas=7), replica_set("b", NEW, replicas=3, hour=9)).body.get("spec", {})
        assert "type" not in spec.get("strategy", {})
        assert "replicas" not in spec
        assert "selector" not in spec


def every_action() -> list[actions.Action]:
    return [
        actions.AddLabel("billing", managed_by="x"), actions.Hold("billing"), actions.LetThrough("billing", revision="x"),
        actions.SetPace("billing", revision="x", pace=PACE), actions.Finish("billing", revision="x"), actions.Freeze("billing"),
        actions.EmptyReplicaSet("billing", replica_set="billing-b", uid="b-uid"),
        actions.DeleteReplicaSet("billing", replica_set="billing-b", uid="b-uid"), actions.GiveBackHeld("billing"), PIN,
        actions.Unpin("billing"), actions.ClearBypass("billing"), actions.GiveBack("billing", leave_paused=True, drop_managed_by=True),
    ]  # fmt: skip


def test_every_action_on_a_workload_has_a_write() -> None:
    assert {type(action).__name__ for action in every_action()} == {kind.__name__ for kind in actions.Action.__subclasses__()}


json_values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4)),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text("abc", min_size=1, max_size=2), json_values, max_size=5)


@given(json_objects, json_objects)
def test_a_merge_patch_turns_one_object_into_exactly_the_other(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert merge(before, difference(before, wanted)) == wanted


def test_the_time_is_only_used_to_say_when() -> None:
    later = datetime(2027, 1, 1, tzinfo=NOW.tzinfo)
    raw = RawWorkload(workload=held(), pods=(pod("p", "a"),))
    kind, action = DeploymentKind(), actions.SetPace("billing", revision="x", pace=PACE)
    assert kind.write(action, raw, now=NOW) == kind.write(action, raw, now=later)
