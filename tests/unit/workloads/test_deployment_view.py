"""What decisions see of a Deployment."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from saferollout.core.views import Pace, WorkloadView
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.protocol import RawWorkload
from saferollout.workloads.template_hash import template_hash
from tests.unit.workloads.objects import NOW, RESTARTS, deployment, pod, replica_set, template

ORIGINAL = json.dumps({"minReadySeconds": 30, "progressDeadlineSeconds": 600, "maxUnavailable": 1, "maxSurge": "25%"})
PACED = {"minReadySeconds": 2147483646, "progressDeadlineSeconds": 2147483647}
PACED_STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "30%", "maxSurge": 0}}


def view(owner: dict[str, Any], replica_sets: Any = (), pods: Any = ()) -> WorkloadView:
    raw = RawWorkload(workload=owner, revisions=tuple(replica_sets), pods=tuple(pods))
    return DeploymentKind().view(raw, restart_annotations=RESTARTS, now=NOW)


def paced(**changes: Any) -> dict[str, Any]:
    annotations = changes.pop("annotations", {"saferollout.io/original": ORIGINAL})
    return deployment(labels={"saferollout.io/paced": "true"}, annotations=annotations, **{**PACED, "strategy": PACED_STRATEGY, **changes})


def test_a_template_and_its_replica_set_have_one_name() -> None:
    seen = view(deployment(template("billing:2")), [replica_set("b", template("billing:2"), replicas=10)])
    assert seen.replica_sets[0].hash == seen.template
    assert seen.replica_sets[0].pod_hash == "b"


def test_a_restart_is_the_same_revision_and_says_when() -> None:
    restarted = template(annotations={"kubectl.kubernetes.io/restartedAt": "2026-11-24T11:00:00Z"})
    seen = view(deployment(restarted), [replica_set("a", template(), replicas=10), replica_set("b", restarted, replicas=0, hour=11)])
    assert {rs.hash for rs in seen.replica_sets} == {seen.template}
    assert seen.template_restarted_at == "2026-11-24T11:00:00Z"
    assert [rs.restarted_at for rs in seen.replica_sets] == ["2026-11-24T11:00:00Z", ""]


def test_any_other_annotation_is_another_revision() -> None:
    plain = template_hash(template(), restart_annotations=RESTARTS)
    assert template_hash(template(annotations={"checksum/config": "1"}), restart_annotations=RESTARTS) != plain


def test_a_declaration_is_another_revision_with_the_same_body() -> None:
    declared = template(annotations={"saferollout.io/contracts": "events: {writes: [1]}"})
    restarted = template(annotations={"kubectl.kubernetes.io/restartedAt": "2026-11-24T11:00:00Z"})
    seen = view(deployment(declared), [replica_set("a", template(), replicas=9), replica_set("b", restarted, replicas=1, hour=7)])
    assert {rs.hash for rs in seen.replica_sets} != {seen.template}
    assert {rs.body for rs in seen.replica_sets} == {seen.body}


def test_another_image_is_another_body() -> None:
    seen = view(deployment(template("billing:2")), [replica_set("a", template(), replicas=9)])
    assert seen.replica_sets[0].body != seen.body


def test_an_empty_creation_timestamp_is_no_difference() -> None:
    odd = template()
    odd["metadata"]["creationTimestamp"] = None
    assert template_hash(odd, restart_annotations=RESTARTS) == template_hash(template(), restart_annotations=RESTARTS)


def test_hashing_leaves_the_template_as_it_was() -> None:
    given = template(annotations={"kubectl.kubernetes.io/restartedAt": "x"}, labels={"pod-template-hash": "b"})
    template_hash(given, restart_annotations=RESTARTS)
    assert given == template(annotations={"kubectl.kubernetes.io/restartedAt": "x"}, labels={"pod-template-hash": "b"})


def test_strangers_replica_sets_and_pods_are_not_counted() -> None:
    seen = view(
        deployment(),
        [replica_set("a", template(), replicas=1), replica_set("x", template(), replicas=1, owner="another-uid")],
        [pod("one", "a"), pod("other", "x")],
    )
    assert [rs.name for rs in seen.replica_sets] == ["billing-a"]
    assert seen.replica_sets[0].pods == 1


def test_replica_sets_are_newest_first() -> None:
    sets = [replica_set("a", template("1"), replicas=1, hour=8), replica_set("b", template("2"), replicas=1, hour=9)]
    assert [rs.pod_hash for rs in view(deployment(), sets).replica_sets] == ["b", "a"]


def test_a_terminating_pod_is_alive_but_not_ready_and_a_finished_one_is_gone() -> None:
    pods = [pod("going", "a", terminating=True), pod("done", "a", phase="Succeeded"), pod("failed", "a", phase="Failed"), pod("up", "a")]
    seen = view(deployment(), [replica_set("a", template(), replicas=2)], pods).replica_sets[0]
    assert (seen.pods, seen.ready, seen.available) == (2, 1, 1)


def test_availability_counts_from_the_users_own_min_ready_seconds_even_while_paced() -> None:
    pods = [pod("old-enough", "a", ready_for=31), pod("too-young", "a", ready_for=10), pod("youngest", "a", ready_for=4)]
    seen = view(paced(), [replica_set("a", template(), replicas=3)], pods).replica_sets[0]
    assert (seen.ready, seen.available) == (3, 1)
    assert seen.next_available == NOW + timedelta(seconds=20)


@pytest.mark.parametrize(("restarts", "seconds"), [(1, 10), (2, 20), (5, 160), (6, 300), (60, 300)])
def test_a_pod_that_crashed_counts_again_once_it_was_ready_as_long_as_the_kubelet_backs_off(restarts: int, seconds: int) -> None:
    pods = [pod("young", "a", restarts=restarts, ready_for=seconds - 1), pod("old", "a", restarts=restarts, ready_for=seconds)]
    seen = view(deployment(), [replica_set("a", template(), replicas=2)], pods).replica_sets[0]
    assert (seen.ready, seen.available) == (2, 1)
    assert seen.next_available == NOW + timedelta(seconds=1)


def test_min_ready_seconds_and_distrust_do_not_add_up() -> None:
    crashed = pod("one", "a", restarts=1, ready_for=60)
    seen = view(deployment(minReadySeconds=60), [replica_set("a", template(), replicas=1)], [crashed]).replica_sets[0]
    assert seen.available == 1


def test_a_restarted_container_is_available_but_not_steady() -> None:
    seen = view(deployment(), [replica_set("a", template(), replicas=2)], [pod("one", "a", restarts=1), pod("two", "a")]).replica_sets[0]
    assert (seen.available, seen.steady) == (2, 1)


@pytest.mark.parametrize(
    "reason", ["CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "InvalidImageName"]
)
def test_containers_that_wait_in_vain_are_named(reason: str) -> None:
    seen = view(deployment(), [replica_set("a", template(), replicas=1)], [pod("p", "a", ready_for=None, waiting=(reason, "why"))])
    assert [(trouble.pod, trouble.reason, trouble.message) for trouble in seen.replica_sets[0].trouble] == [("p", reason, "why")]


def test_a_container_that_is_being_created_is_no_trouble() -> None:
    creating = pod("p", "a", ready_for=None, waiting=("ContainerCreating", ""))
    assert view(deployment(), [replica_set("a", template(), replicas=1)], [creating]).replica_sets[0].trouble == ()


def test_unschedulable_pods_and_exhausted_quotas_are_named() -> None:
    failing = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: small"}
    sets = [replica_set("a", template(), replicas=2, conditions=[failing])]
    seen = view(deployment(), sets, [pod("p", "a", ready_for=None, unschedulable=True)])
    assert [trouble.reason for trouble in seen.replica_sets[0].trouble] == ["FailedCreate", "Unschedulable"]


def test_a_paced_deployment_shows_its_pace_and_the_users_own_strategy() -> None:
    seen = view(paced())
    assert seen.paced == Pace(max_unavailable="30%", max_surge=0)
    assert (seen.strategy.max_unavailable, seen.strategy.max_surge, seen.strategy.min_ready_seconds) == (1, "25%", 30)
    assert seen.trouble is None


@pytest.mark.parametrize(
    "annotation",
    [None, "not json", "[]", "{}", '{"minReadySeconds": 1}', ORIGINAL.replace("30", '"thirty"'), ORIGINAL.replace('"25%"', '"many"')],
)
def test_originals_that_are_lost_are_trouble_and_never_a_guess(annotation: str | None) -> None:
    annotations = {} if annotation is None else {"saferollout.io/original": annotation}
    seen = view(paced(annotations=annotations))
    assert seen.trouble is not None
    assert "saferollout.io/original" in seen.trouble


OWN = {"minReadySeconds": 30, "progressDeadlineSeconds": 600, "maxUnavailable": 1, "maxSurge": "25%"}


@pytest.mark.parametrize(
    "fields",
    [
        {"maxUnavailable": "150%"},
        {"maxUnavailable": "00%", "maxSurge": 0},
        {"maxSurge": 2**31},
        {"maxSurge": "9999999999%"},
        {"maxSurge": "\N{ARABIC-INDIC DIGIT FIVE}%"},
        {"progressDeadlineSeconds": 30},
        {"progressDeadlineSeconds": None, "minReadySeconds": 600},
    ],
)
def test_originals_that_the_api_server_would_refuse_for_ever_are_trouble(fields: dict[str, object]) -> None:
    """Without a policy anybody can write the annotation; the sentence tells the way out, an endless refusal would not."""
    seen = view(paced(annotations={"saferollout.io/original": json.dumps({**OWN, **fields})}))
    assert seen.trouble is not None and "saferollout.io/original" in seen.trouble


@pytest.mark.parametrize("fields", [{}, {"maxSurge": "150%", "maxUnavailable": "100%"}, {"progressDeadlineSeconds": 2**31 - 1}, {"maxUnavailable": 20}])
def test_originals_that_are_unusual_and_valid_are_none(fields: dict[str, object]) -> None:
    assert view(paced(annotations={"saferollout.io/original": json.dumps({**OWN, **fields})})).trouble is None


def test_a_pace_whose_label_and_annotation_are_gone_is_trouble_too() -> None:
    assert view(deployment(**PACED, strategy=PACED_STRATEGY)).trouble is not None


def test_a_pace_that_somebody_took_out_of_spec_is_none() -> None:
    seen = view(paced(minReadySeconds=0, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}))
    assert seen.paced is None
    assert seen.lends, "its fields still have to be given back"
    assert seen.strategy.min_ready_seconds == 30


def test_unset_originals_have_kubernetes_defaults() -> None:
    unset = json.dumps({"minReadySeconds": None, "progressDeadlineSeconds": None, "maxUnavailable": None, "maxSurge": None})
    strategy = view(paced(annotations={"saferollout.io/original": unset})).strategy
    assert (strategy.min_ready_seconds, strategy.max_unavailable, strategy.max_surge) == (0, "25%", "25%")


def test_a_generation_the_native_controller_has_not_seen_is_not_settled() -> None:
    fresh = deployment()
    fresh["metadata"]["generation"] = 4
    assert not view(fresh).settled
    assert view(deployment()).settled


def test_labels_and_annotations_become_facts() -> None:
    labels = {"saferollout.io/managed-by": "shop", "saferollout.io/held": "true", "saferollout.io/template-came": "true"}
    annotations = {"saferollout.io/paused": "moving house", "saferollout.io/bypass": "fire", "saferollout.io/left-paused": "why"}
    seen = view(deployment(labels=labels, annotations=annotations, paused=True))
    assert (seen.managed_by, seen.held, seen.paused, seen.template_came_while_pinned) == ("shop", True, True, True)
    assert (seen.owner_paused, seen.bypass) == ("moving house", "fire")


@pytest.mark.parametrize(("labels", "paused", "left"), [({}, True, True), ({}, False, False), ({"saferollout.io/held": "true"}, True, False)])
def test_only_a_paused_workload_that_is_not_held_counts_as_left_paused(labels: dict[str, str], paused: bool, left: bool) -> None:
    """The annotation stays behind when its owner resumes the workload, or applies a template that is held."""
    seen = view(deployment(labels=labels, annotations={"saferollout.io/left-paused": "why"}, paused=paused))
    assert seen.left_paused is left


def test_declarations_come_from_each_template() -> None:
    new = template("2", annotations={"saferollout.io/contracts": "events: {writes: [2]}"})
    seen = view(deployment(new), [replica_set("a", template("1"), replicas=1)])
    assert seen.contracts == "events: {writes: [2]}"
    assert seen.replica_sets[0].contracts is None


def test_refusals_name_what_makes_a_rollback_or_batches_impossible() -> None:
    kind = DeploymentKind()
    assert kind.refusals(view(deployment()), batches=["20%"]) == ()
    assert "revisionHistoryLimit" in kind.refusals(view(deployment(revisionHistoryLimit=0)), batches=())[0]
    recreate = view(deployment(strategy={"type": "Recreate"}))
    assert kind.refusals(recreate, batches=()) == ()
    assert "Recreate" in kind.refusals(recreate, batches=["20%"])[0]
    narrow = view(deployment(replicas=500, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}))
    assert "fewer than 1 % of its 500 pods" in kind.refusals(narrow, batches=["20%"])[0]
    assert kind.refusals(narrow, batches=()) == ()


def test_a_pause_of_the_owner_is_refused_but_not_ours() -> None:
    kind = DeploymentKind()
    assert "saferollout.io/paused" in kind.refusals(view(deployment(paused=True)), batches=())[0]
    held = deployment(paused=True, labels={"saferollout.io/held": "true"})
    assert kind.refusals(view(held), batches=()) == ()
    left = deployment(paused=True, annotations={"saferollout.io/left-paused": "why"})
    assert kind.refusals(view(left), batches=()) == ()
