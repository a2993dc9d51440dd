"""A bypass counts for one update: its reason is used up, whoever brings it again in whatever way."""

from __future__ import annotations

from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from tests.cluster.workload_stage import NAME, Answer, Stage, all_available


def applied(stage: Stage, image: str, reason: str) -> Answer:
    """Replace the whole object with what lies in Git, as a sync by a cluster administrator does."""
    return stage.put(image, stage.admin, annotations={names.ANNOTATION_BYPASS: reason})


def is_held(answer: Answer) -> bool:
    assert answer.status == 200, answer.body
    return answer.body["spec"].get("paused") is True and answer.body["metadata"]["labels"].get(names.LABEL_HELD) == "true"


def used(answer: Answer) -> str | None:
    reasons: str | None = (answer.body["metadata"].get("annotations") or {}).get(names.ANNOTATION_BYPASSED)
    return reasons


@pytest.fixture
def released(stage: Stage) -> Stage:
    """A second revision was let past the hold by a bypass that lies in Git."""
    stage.run_first()
    assert not is_held(applied(stage, "billing:2", "fire"))
    return stage


@pytest.mark.parametrize("cleared", [True, False], ids=["operator at work", "operator down"])
def test_a_bypass_that_lies_in_git_releases_nothing_later(released: Stage, cleared: bool) -> None:
    for _ in range(3):
        if cleared:
            released.act(actions.ClearBypass(NAME))
        assert not is_held(applied(released, "billing:2", "fire")), "nothing changes, so nothing is to be held"
    if cleared:
        released.act(actions.ClearBypass(NAME))
    assert is_held(applied(released, "billing:3", "fire"))
    assert not is_held(applied(released, "billing:3", "smoke")), "a new reason counts"
    assert is_held(applied(released, "billing:4", "smoke"))


@pytest.mark.parametrize("cleared", [True, False], ids=["operator at work", "operator down"])
def test_a_reason_of_gits_does_not_count_again_after_a_persons_own(released: Stage, cleared: bool) -> None:
    for reason in ("smoke", "fire"):
        if cleared:
            released.act(actions.ClearBypass(NAME))
        answer = released.patch({"metadata": {"annotations": {names.ANNOTATION_BYPASS: reason}}}, released.admin)
        assert used(answer) == "fire\nsmoke"
    if cleared:
        released.act(actions.ClearBypass(NAME))
    assert is_held(applied(released, "billing:3", "fire"))


def test_an_annotation_that_was_taken_off_and_comes_back_is_used_up(released: Stage) -> None:
    released.put("billing:2", released.admin)
    assert is_held(applied(released, "billing:3", "fire"))


def test_nobody_but_the_policy_and_the_operator_writes_down_what_was_used(released: Stage) -> None:
    forged = released.patch({"metadata": {"annotations": {names.ANNOTATION_BYPASSED: "other"}}}, released.admin)
    assert used(forged) == "fire"
    assert used(released.patch({"metadata": {"annotations": None}})) == "fire"


def test_what_was_written_down_while_the_label_was_missing_goes_when_it_comes_back(stage: Stage) -> None:
    stage.create(labels={})
    forged = {names.ANNOTATION_BYPASS: "fire", names.ANNOTATION_BYPASSED: "fire"}
    assert used(stage.patch({"metadata": {"annotations": forged}})) == "fire", "no policy looks"
    assert used(stage.patch({"metadata": {"labels": {names.LABEL_MANAGED_BY: "shop"}}})) is None


def test_a_bypass_without_the_verb_uses_nothing_up(stage: Stage) -> None:
    stage.run_first()
    refused = stage.set_image("billing:2", **{names.ANNOTATION_BYPASS: "fire"})
    assert is_held(refused) and used(refused) is None


def test_a_reason_of_several_lines_is_used_up_too(stage: Stage) -> None:
    stage.run_first()
    assert used(applied(stage, "billing:2", "fire\nin the shop")) == "fire in the shop"
    stage.act(actions.ClearBypass(NAME))
    assert is_held(applied(stage, "billing:3", "fire\nin the shop"))
    assert is_held(applied(stage, "billing:3", "in the shop\nfire")) is False


def test_whoever_writes_a_bypass_that_does_not_count_is_warned(released: Stage) -> None:
    released.act(actions.ClearBypass(NAME))
    again = applied(released, "billing:3", "fire")
    assert any("a reason that was not used before" in warning for warning in again.warnings)
    by_owner = released.patch({"metadata": {"annotations": {names.ANNOTATION_BYPASS: "mine"}}})
    assert any("it takes the verb bypass" in warning for warning in by_owner.warnings)
    counts: dict[str, Any] = {"metadata": {"annotations": {names.ANNOTATION_BYPASS: "smoke"}}}
    assert not any("does not count" in warning for warning in released.patch(counts, released.admin).warnings)


def test_giving_back_forgets_what_was_used(released: Stage) -> None:
    released.wait("rolled", lambda view: all_available(view, 10))
    released.act(actions.ClearBypass(NAME))
    released.act(actions.GiveBack(NAME, leave_paused=False, drop_managed_by=False))
    assert names.ANNOTATION_BYPASSED not in (released.deployment()["metadata"].get("annotations") or {})
