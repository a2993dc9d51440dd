"""Every action on a Deployment, as the object it leaves behind."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from saferollout.core import actions
from saferollout.core.views import Pace, Partition
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.merge_patch import difference
from saferollout.workloads.protocol import CannotWrite, RawWorkload, Verb
from tests.unit.workloads.acting import MANAGED, NEW, OLD, PACE, PIN, after, held, labels, write
from tests.unit.workloads.objects import NOW, deployment, merge, pod, replica_set


def test_adding_the_label_says_who_did_it_and_touches_nothing_else() -> None:
    request = write(actions.AddLabel("billing", managed_by="shop"), deployment())
    marks = {"labels": {"saferollout.io/managed-by": "shop"}, "annotations": {"saferollout.io/labelled-by": "operator"}}
    metadata = {**marks, "resourceVersion": "7", "uid": "deployment-uid"}
    assert request.body == {"metadata": metadata}
    assert request.path == "/apis/apps/v1/namespaces/shop/deployments/billing"


def test_holding_pauses_and_labels() -> None:
    held_now = after(actions.Hold("billing"), deployment(labels=MANAGED))
    assert held_now["spec"]["paused"] is True
    assert labels(held_now) == {"managed-by", "held"}


def test_letting_through_leaves_the_object_as_its_owner_wrote_it() -> None:
    assert after(actions.LetThrough("billing", revision="x"), held())["spec"] == deployment(NEW)["spec"]


def test_restarting_changes_only_the_time_that_kubectl_would_change() -> None:
    request = write(actions.Restart("billing", restarted_at="2026-01-01T00:00:00Z"), deployment(labels=MANAGED))
    assert request.body["spec"] == {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}}


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
    assume({str(unavailable).strip("%"), str(surge).strip("%")} != {"0"} and (ready or 0) < (600 if deadline is None else deadline))
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
        actions.Restart("billing", restarted_at="2026-01-01T00:00:00Z"), actions.Unpin("billing"), actions.ClearBypass("billing"), actions.GiveBack("billing", leave_paused=True, drop_managed_by=True),
        actions.Disown("billing"),
    ]  # fmt: skip


def test_every_action_on_a_workload_has_a_write() -> None:
    of_statefulsets = {"ReplacePod"}
    assert {type(action).__name__ for action in every_action()} == {kind.__name__ for kind in actions.Action.__subclasses__()} - of_statefulsets


def test_a_deployment_takes_no_action_of_a_statefulset() -> None:
    with pytest.raises(CannotWrite):
        write(actions.ReplacePod("billing", replica_set="billing-b", uid="b-uid", broken=True), held())
    with pytest.raises(CannotWrite):
        write(actions.SetPace("billing", revision="x", pace=Partition(first_new=3)), held())


json_values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4)),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text("abc", min_size=1, max_size=2), json_values, max_size=5)


@settings(suppress_health_check=[HealthCheck.too_slow])  # to make the objects takes longer than to compare them
@given(json_objects, json_objects)
def test_a_merge_patch_turns_one_object_into_exactly_the_other(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert merge(before, difference(before, wanted)) == wanted


def test_the_time_is_only_used_to_say_when() -> None:
    later = datetime(2027, 1, 1, tzinfo=NOW.tzinfo)
    raw = RawWorkload(workload=held(), pods=(pod("p", "a"),))
    kind, action = DeploymentKind(), actions.SetPace("billing", revision="x", pace=PACE)
    assert kind.write(action, raw, now=NOW) == kind.write(action, raw, now=later)
