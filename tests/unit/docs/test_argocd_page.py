"""The page on Argo CD: its table is checked row by row against a real one, its health and its actions are the chart's."""

from __future__ import annotations

import re
from pathlib import Path

from saferollout.api.status import State
from tests.argocd.moments import moments, table
from tests.argocd.test_health import CASES
from tests.unit.chart.test_argocd_snippet import actions

TESTS = Path(__file__).parents[2] / "argocd"


def checked() -> set[str]:
    sources = [file.read_text() for file in TESTS.glob("test_*.py")]
    return {name for source in sources for name in re.findall(r"story\.(?:shows|rests)\(\"(.+?)\"\)", source)}


def test_every_row_of_the_table_is_checked_by_a_test_with_a_real_argo_cd() -> None:
    assert set(moments()) == checked()


def test_every_word_for_a_deployment_is_explained() -> None:
    explained = {row[0] for row in table("a Deployment")}
    assert {stance for moment in moments().values() for stance, _ in moment.deployments.values()} == explained


def test_the_health_of_each_state_is_what_the_real_controller_shows() -> None:
    listed = {row[0]: row[1] for row in table("`summary.state`")}
    assert set(listed) == {state.value for state in State}
    for case in CASES:
        goes_on_alone = case.state is State.WAITING and not case.waiting_for
        stuck = case.stalled and case.health != listed[case.state]
        if not (goes_on_alone or stuck or case.generation_behind):
            assert case.health == listed[case.state]


def test_every_action_is_on_the_page() -> None:
    assert [row[0].strip("`") for row in table("action")] == [definition["name"] for definition in actions()["definitions"]]
