"""Pace and pin stay, whoever writes whatever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from saferollout.core.views import Pace
from tests.cluster.workload_stage import APPLY, NAME, Answer, Person, Stage, all_available, shares

STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 3, "maxSurge": 0}}
OTHER_STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 10, "maxSurge": 0}}


@pytest.fixture
def paced(stage: Stage) -> Stage:
    """Three of ten pods are new."""
    stage.run_first(strategy=STRATEGY, minReadySeconds=1)
    stage.set_image("billing:2")
    stage.run_batch(30)
    return stage


@pytest.fixture
def pinned(stage: Stage) -> Stage:
    """The first revision has been put back over the second."""
    stage.run_first()
    stage.set_image("billing:2")
    first = stage.view().replica_sets[0]
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("all pods are new", lambda view: all_available(view, 10))
    stage.act(actions.PinBack(NAME, replica_set=first.name, uid=first.uid))
    return stage


def borrowed(deployment: dict[str, Any]) -> dict[str, Any]:
    spec = deployment["spec"]
    fields = {key: spec[key] for key in ("minReadySeconds", "progressDeadlineSeconds", "strategy")}
    labels, annotations = deployment["metadata"]["labels"], deployment["metadata"]["annotations"]
    return {
        **fields,
        "labels": {key: labels.get(key) for key in (names.LABEL_MANAGED_BY, names.LABEL_PACED)},
        "has originals": names.ANNOTATION_ORIGINAL in annotations,
    }


def own_fields(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return what the workload is given back at the end."""
    parsed: dict[str, Any] = json.loads(deployment["metadata"]["annotations"][names.ANNOTATION_ORIGINAL])
    return parsed


def still_paced(stage: Stage, before: dict[str, Any], answer: Answer) -> bool:
    assert answer.status == 200, answer.body
    return borrowed(answer.body) == borrowed(before) and shares(stage.view()) == {"new": 3, "old": 7}


def test_a_put_without_our_labels_and_annotations_keeps_the_pace(paced: Stage) -> None:
    before = paced.deployment()
    answer = paced.put("billing:2", labels={}, strategy=OTHER_STRATEGY, minReadySeconds=0, progressDeadlineSeconds=30)
    assert still_paced(paced, before, answer)
    assert not paced.view().held


def test_a_put_by_an_administrator_keeps_the_pace_too(paced: Stage) -> None:
    before = paced.deployment()
    assert still_paced(paced, before, paced.put("billing:2", paced.admin, labels={}, strategy=OTHER_STRATEGY))


def test_an_object_without_any_metadata_of_ours_gets_it_back(paced: Stage) -> None:
    before = paced.deployment()
    bare: dict[str, Any] = {"metadata": {"labels": None, "annotations": None}}
    assert still_paced(paced, before, paced.patch(bare))


def test_forced_server_side_apply_keeps_the_pace_and_unforced_conflicts(paced: Stage) -> None:
    before = paced.deployment()
    manifest = paced.manifest("billing:2", strategy=OTHER_STRATEGY, replicas=None)
    unforced = paced.owner.send("PATCH", paced.path, manifest, content_type=APPLY, fieldManager="helm")
    assert unforced.status == 409
    assert still_paced(paced, before, paced.owner.send("PATCH", paced.path, manifest, content_type=APPLY, fieldManager="argo", force="true"))


OWN = {"maxSurge": 0, "maxUnavailable": 3, "minReadySeconds": 1, "progressDeadlineSeconds": 600}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ({"minReadySeconds": 7}, {"minReadySeconds": 7}),
        ({"minReadySeconds": None}, {"minReadySeconds": None}),
        ({"progressDeadlineSeconds": 90}, {"progressDeadlineSeconds": 90}),
        ({"strategy": {"rollingUpdate": {"maxSurge": "50%"}}}, {"maxSurge": "50%"}),
        ({"strategy": {"rollingUpdate": {"maxUnavailable": 2, "maxSurge": 1}}, "minReadySeconds": 5}, {"maxUnavailable": 2, "maxSurge": 1, "minReadySeconds": 5}),
        ({"strategy": {"rollingUpdate": {"maxSurge": "150%", "maxUnavailable": "100%"}}}, {"maxSurge": "150%", "maxUnavailable": "100%"}),
        ({"strategy": {"rollingUpdate": {"maxUnavailable": "007%"}}}, {"maxUnavailable": "007%"}),
        ({"strategy": {"rollingUpdate": {"maxUnavailable": "150%"}}, "minReadySeconds": 5}, {"minReadySeconds": 5}),
        ({"progressDeadlineSeconds": 2147483646}, {"progressDeadlineSeconds": 2147483646}),
        ({"replicas": 11}, {}),
    ],
)  # fmt: skip
def test_what_somebody_writes_to_borrowed_fields_comes_into_force_at_the_end(paced: Stage, written: dict[str, Any], kept: dict[str, Any]) -> None:
    before = paced.deployment()
    assert own_fields(before) == OWN
    answer = paced.patch({"spec": written})
    assert borrowed(answer.body) == borrowed(before)
    assert own_fields(answer.body) == {**OWN, **kept}
    paced.act(actions.Finish(NAME, revision=paced.view().template))
    spec = paced.deployment()["spec"]
    after = {**spec["strategy"]["rollingUpdate"], **{key: spec.get(key) for key in ("minReadySeconds", "progressDeadlineSeconds")}}
    assert after == {**OWN, **kept}


@pytest.mark.parametrize(
    "written",
    [
        {"strategy": {"rollingUpdate": {"maxSurge": "many"}}},
        {"strategy": {"rollingUpdate": {"maxUnavailable": 0}}},
        {"strategy": {"rollingUpdate": {"maxUnavailable": "00%"}}},
        {"strategy": {"rollingUpdate": {"maxUnavailable": "150%"}}},
        {"strategy": {"rollingUpdate": {"maxUnavailable": "99999999999999999999%"}}},
        {"strategy": {"rollingUpdate": {"maxSurge": "99999999999999999999%"}}},
        {"strategy": {"rollingUpdate": {"maxSurge": "5"}}},
        {"strategy": {"rollingUpdate": {"maxSurge": -1}}},
        {"strategy": {"type": "Recreate", "rollingUpdate": None}},
        {"minReadySeconds": -1},
        {"minReadySeconds": 700},
    ],
)
def test_what_the_api_server_would_refuse_at_the_end_is_not_taken(paced: Stage, written: dict[str, Any]) -> None:
    before = paced.deployment()
    answer = paced.patch({"spec": written})
    assert borrowed(answer.body) == borrowed(before)
    assert own_fields(answer.body) == OWN


def test_originals_that_somebody_garbled_are_put_back(paced: Stage) -> None:
    answer = paced.patch({"metadata": {"annotations": {names.ANNOTATION_ORIGINAL: '{"maxSurge": "a"}'}}, "spec": {"minReadySeconds": 9}})
    assert own_fields(answer.body) == {**OWN, "minReadySeconds": 9}


@pytest.mark.parametrize(
    "fields",
    [
        {"maxUnavailable": "150%"},
        {"maxUnavailable": "00%"},
        {"maxUnavailable": 3_000_000_000},
        {"maxSurge": 99_999_999_999_999_999_999},
        {"minReadySeconds": 3_000_000_000, "progressDeadlineSeconds": 3_000_000_001},
        {"minReadySeconds": 600},
    ],
)
def test_originals_written_by_hand_that_could_never_be_given_back_are_put_back(paced: Stage, fields: dict[str, Any]) -> None:
    written = json.dumps({**OWN, **fields}, sort_keys=True)
    answer = paced.patch({"metadata": {"annotations": {names.ANNOTATION_ORIGINAL: written}}})
    assert own_fields(answer.body) == OWN


def test_numbers_that_json_does_not_know_are_put_back(paced: Stage) -> None:
    written = json.dumps(OWN, sort_keys=True).replace(": 600", ": 0600")
    assert own_fields(paced.patch({"metadata": {"annotations": {names.ANNOTATION_ORIGINAL: written}}}).body) == OWN


def test_whoever_writes_to_a_paced_workload_is_told_what_becomes_of_it(paced: Stage) -> None:
    [warning] = paced.patch({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}).warnings
    assert "stay borrowed until it is done" in warning
    assert "a changed strategy.type does not" in warning
    assert f"kubectl safe-rollout explain {NAME} -n {paced.namespace}" in warning


def test_a_new_template_without_labels_is_held_and_stays_paced(paced: Stage) -> None:
    before = paced.deployment()
    answer = paced.put("billing:3", labels={}, strategy=OTHER_STRATEGY)
    assert borrowed(answer.body) == borrowed(before)
    assert answer.body["spec"]["paused"] is True
    assert answer.body["metadata"]["labels"][names.LABEL_HELD] == "true"


def test_an_autoscaler_passes_while_paced(paced: Stage) -> None:
    paced.scale(20)
    paced.wait("6 of 20", lambda view: shares(view) == {"new": 6, "old": 14})


def test_a_dry_run_of_a_paced_workload_shows_the_pace(paced: Stage) -> None:
    before = paced.deployment()
    assert borrowed(paced.patch({"spec": {"minReadySeconds": 0}}, dryRun="All").body) == borrowed(before)


def test_the_operator_may_step_the_pace(paced: Stage) -> None:
    paced.act(actions.SetPace(NAME, revision=paced.view().template, pace=Pace("50%", 0)))
    assert paced.view().paced == Pace("50%", 0)


def test_a_bypass_lifts_the_pace_for_the_one_who_may(paced: Stage) -> None:
    bypass = {"metadata": {"annotations": {names.ANNOTATION_BYPASS: "fire"}}, "spec": {"minReadySeconds": 0, "strategy": OTHER_STRATEGY}}
    answer = paced.patch(bypass, paced.admin)
    assert answer.body["spec"]["strategy"] == OTHER_STRATEGY


def test_a_bypass_in_the_middle_of_a_batch_finishes_the_roll_without_the_operator_and_fields_return_later(paced: Stage) -> None:
    paced.patch({"metadata": {"annotations": {names.ANNOTATION_BYPASS: "fire"}}}, paced.admin)
    paced.wait("all new, nobody helped", lambda view: all_available(view, 10))
    paced.act(actions.ClearBypass(NAME))
    spec = paced.deployment()["spec"]
    assert (spec["strategy"], spec["minReadySeconds"], spec["progressDeadlineSeconds"]) == (STRATEGY, 1, 600)
    assert names.ANNOTATION_ORIGINAL not in paced.deployment()["metadata"]["annotations"]


def test_a_bypass_by_somebody_without_the_verb_leaves_the_pace(paced: Stage) -> None:
    before = paced.deployment()
    assert still_paced(paced, before, paced.patch({"metadata": {"annotations": {names.ANNOTATION_BYPASS: "fire"}}}))
    paced.act(actions.ClearBypass(NAME))
    assert borrowed(paced.deployment()) == borrowed(before)


@pytest.mark.parametrize("person", ["owner", "admin"])
def test_a_pinned_template_stays_whatever_is_applied(pinned: Stage, person: str) -> None:
    somebody: Person = getattr(pinned, person)
    before = pinned.deployment()
    answer = pinned.put("billing:2", somebody, labels={})
    assert answer.status == 200
    assert answer.body["spec"]["template"] == before["spec"]["template"]
    assert answer.body["spec"].get("paused") in (None, False)
    labels, annotations = answer.body["metadata"]["labels"], answer.body["metadata"]["annotations"]
    assert (labels[names.LABEL_PINNED], labels[names.LABEL_MANAGED_BY]) == ("true", "shop")
    for key in (names.ANNOTATION_WAITING_TEMPLATE, names.ANNOTATION_WAITING_FINGERPRINT):
        assert annotations[key] == before["metadata"]["annotations"][key]


def test_the_waiting_template_applied_again_is_no_news(pinned: Stage) -> None:
    pinned.put("billing:2", labels={})
    assert not pinned.view().template_came_while_pinned


def test_the_pinned_template_applied_again_is_no_news(pinned: Stage) -> None:
    pinned.put("billing:1", labels={})
    assert not pinned.view().template_came_while_pinned


def test_whoever_writes_to_a_pinned_workload_is_told_that_its_template_stays(pinned: Stage) -> None:
    answer = pinned.put("billing:2", labels={})
    assert any("putting the previous revision back" in warning for warning in answer.warnings)


def test_another_template_that_comes_while_pinned_is_labelled_and_warned_about(pinned: Stage) -> None:
    answer = pinned.put("billing:3", labels={})
    assert pinned.view().template_came_while_pinned
    assert any("apply it again" in warning for warning in answer.warnings)
    pinned.put("billing:2", labels={})
    assert pinned.view().template_came_while_pinned, "the label must stay until the operator has seen it"
    pinned.act(actions.Unpin(NAME))
    assert not pinned.view().template_came_while_pinned


def test_a_pinned_workload_without_labels_and_annotations_gets_them_back(pinned: Stage) -> None:
    answer = pinned.patch({"metadata": {"labels": None, "annotations": None}})
    assert answer.body["metadata"]["labels"][names.LABEL_PINNED] == "true"
    assert names.ANNOTATION_WAITING_TEMPLATE in answer.body["metadata"]["annotations"]


def test_a_pinned_workload_cannot_be_paused_by_others(pinned: Stage) -> None:
    assert pinned.patch({"spec": {"paused": True}}).body["spec"].get("paused") in (None, False)


def test_an_autoscaler_passes_while_pinned(pinned: Stage) -> None:
    pinned.scale(4)
    pinned.wait("4 old pods in spec", lambda view: all_available(view, 4))


def test_a_bypass_ends_a_pin(pinned: Stage) -> None:
    answer = pinned.put("billing:3", pinned.admin, annotations={names.ANNOTATION_BYPASS: "fire"})
    assert names.LABEL_PINNED not in answer.body["metadata"]["labels"]
    assert answer.body["spec"]["template"]["spec"]["containers"][0]["image"] == "billing:3"
    pinned.wait("the third revision runs", lambda view: all_available(view, 10))
