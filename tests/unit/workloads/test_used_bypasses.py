"""The reasons of bypasses stay on the workload, so that each counts once."""

from __future__ import annotations

import pytest

from saferollout.api import names
from saferollout.core import actions
from saferollout.workloads.used_bypasses import has_counted
from tests.unit.workloads.acting import MANAGED, after, annotations
from tests.unit.workloads.objects import deployment


def used_after(reason: str, before: str = "") -> str:
    marks = {names.ANNOTATION_BYPASS: reason, **({names.ANNOTATION_BYPASSED: before} if before else {})}
    cleared = after(actions.ClearBypass("billing"), deployment(labels=MANAGED, annotations=marks))
    assert names.ANNOTATION_BYPASS not in cleared["metadata"]["annotations"]
    used: str = cleared["metadata"]["annotations"].get(names.ANNOTATION_BYPASSED, "")
    return used


@pytest.mark.parametrize(
    ("reason", "before", "used"),
    [
        ("fire", "", "fire"),
        ("smoke", "fire", "fire\nsmoke"),
        ("fire", "fire\nsmoke", "smoke\nfire"),
        ("fire\nin the shop", "", "fire in the shop"),
        ("", "fire", "fire"),
        ("", "", ""),
    ],
)
def test_what_is_cleared_is_used_up_and_stands_last(reason: str, before: str, used: str) -> None:
    assert used_after(reason, before) == used


def test_the_oldest_reasons_are_forgotten_and_the_newest_is_kept_whole_however_long() -> None:
    old = [f"{number} " + "x" * 990 for number in range(6)]
    assert used_after("fire", "\n".join(old)) == "\n".join([*old[2:], "fire"])
    assert used_after("y" * 9000, "\n".join(old)) == "y" * 9000


@pytest.mark.parametrize(("used", "counted"), [("fire", True), ("smoke\nfire", True), ("fires", False), ("", False)])
def test_a_bypass_has_counted_where_the_api_server_wrote_it_down(used: str, counted: bool) -> None:
    marks = {names.ANNOTATION_BYPASS: "fire", names.ANNOTATION_BYPASSED: used}
    assert has_counted(deployment(annotations=marks)) is counted
    assert not has_counted(deployment(annotations={names.ANNOTATION_BYPASSED: used}))


def test_giving_back_forgets_what_was_used_also_where_nothing_was_borrowed() -> None:
    owner = deployment(labels=MANAGED, annotations={names.ANNOTATION_BYPASSED: "fire"})
    given = after(actions.GiveBack("billing", leave_paused=True, drop_managed_by=False), owner)
    assert annotations(given) == set()
    assert given["spec"] == owner["spec"]
