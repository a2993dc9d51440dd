"""A label that the operator added stays whoever writes the object without it, until Git states it or the workload is given back."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from saferollout.engine.ownership import only_we_labelled
from tests.cluster.shop import Revision, Shop
from tests.cluster.workload_stage import APPLY, NAME, Answer, Stage, all_available, shares


@pytest.fixture
def labelled(stage: Stage) -> Stage:
    """The first revision runs; Git does not know the label."""
    stage.create(labels={})
    stage.wait("runs", lambda view: all_available(view, 10))
    stage.act(actions.AddLabel(NAME, managed_by="shop"))
    return stage


def marks(deployment: dict[str, Any]) -> tuple[str | None, str | None]:
    metadata = deployment["metadata"]
    return (metadata.get("labels") or {}).get(names.LABEL_MANAGED_BY), (metadata.get("annotations") or {}).get(names.ANNOTATION_LABELLED_BY)


def leave_label_out(stage: Stage, how: str) -> Answer:
    if how == "put":
        return stage.put("billing:1", labels={})
    gone: dict[str, Any] = {"labels": {names.LABEL_MANAGED_BY: None}, "annotations": {names.ANNOTATION_LABELLED_BY: None}}
    return stage.patch({"metadata": gone if how == "patch" else {"labels": None, "annotations": None}})


@pytest.mark.parametrize("how", ["put", "patch", "no metadata"])
def test_an_update_without_it_keeps_it_and_the_next_template_is_held_with_the_operator_down(labelled: Stage, how: str) -> None:
    assert marks(leave_label_out(labelled, how).body) == ("shop", "operator")
    held = labelled.put("billing:2", labels={})
    assert held.body["spec"]["paused"] is True and marks(held.body) == ("shop", "operator")
    labelled.stays("10 old pods", lambda view: shares(view) == {"new": 0, "old": 10})


def test_it_is_taken_off_in_the_end_although_field_ownership_has_forgotten_it(labelled: Stage) -> None:
    labelled.put("billing:1", labels={})
    assert only_we_labelled(labelled.deployment())
    labelled.act(actions.GiveBack(NAME, leave_paused=False, drop_managed_by=True))
    assert marks(labelled.deployment()) == (None, None)


def test_once_kubectl_apply_states_it_dropping_it_in_git_means_leaving(labelled: Stage) -> None:
    def apply(labels: dict[str, str] | None) -> tuple[str | None, str | None]:
        labelled.cluster.kubectl("apply", "-n", labelled.namespace, "-f", "-", manifest=labelled.manifest("billing:1", labels=labels))
        return marks(labelled.deployment())

    assert apply({}) == ("shop", "operator")
    assert apply(None) == ("shop", None)
    assert apply({}) == (None, None)


def test_once_server_side_apply_states_it_field_ownership_tells_whose_it_is(labelled: Stage) -> None:
    def apply(labels: dict[str, str] | None) -> bool:
        manifest = labelled.manifest("billing:1", labels=labels)
        answer = labelled.owner.send("PATCH", labelled.path, manifest, content_type=APPLY, fieldManager="argocd", force="true")
        assert answer.status == 200, answer.body
        return only_we_labelled(answer.body)

    assert apply({})
    assert not apply(None)
    assert marks(labelled.deployment()) == ("shop", None)
    assert apply({}), "the API server keeps what another manager, the operator, owns as well"


def test_whoever_states_another_name_makes_it_theirs(labelled: Stage) -> None:
    assert marks(labelled.put("billing:1", labels={names.LABEL_MANAGED_BY: "other"}).body) == ("other", None)
    assert marks(labelled.put("billing:1", labels={}).body) == (None, None)


def test_nobody_else_writes_down_that_the_operator_did_it(stage: Stage) -> None:
    stage.run_first()
    forged: dict[str, Any] = {"metadata": {"annotations": {names.ANNOTATION_LABELLED_BY: "operator"}}}
    assert marks(stage.patch(forged).body) == ("shop", None)


def test_a_workload_taken_out_of_the_saferollout_loses_the_operators_label_after_a_replace(shop: Shop) -> None:
    manifest = shop.service("billing", Revision("shop:1"), labelled=False)
    shop.start(shop.safe_rollout("billing", "cart"), manifest, shop.service("cart", Revision("shop:1")))
    shop.wait("labelled", lambda: shop.labels("billing") == {"managed-by"})
    assert shop.kubectl("replace", "-f", "-", manifest=[manifest]).code == 0
    assert marks(shop.deployment("billing")) == ("shop", "operator")
    shop.apply(shop.safe_rollout("cart"))
    shop.wait("given back", lambda: marks(shop.deployment("billing")) == (None, None))
