"""Every row of the page about readiness is played by the tests on a real API server."""

from __future__ import annotations

from localcluster.paths import CHECKOUT
from tests.cluster.readings import moments

PLAYED = "\n".join(file.read_text() for file in sorted((CHECKOUT / "tests" / "cluster").glob("test_readiness*.py")))


def test_every_moment_is_played() -> None:
    assert [name for name in moments() if f'shows(shop, "{name}")' not in PLAYED] == []


def test_a_row_names_a_condition_exactly_where_kstatus_says_that_it_is_over() -> None:
    over = {"Current": "Ready", "Failed": "Stalled", "InProgress": "neither", "Terminating": "neither"}
    assert [name for name, moment in moments().items() if moment.ends != "-" and moment.ends != over[moment.picture["SafeRollout"].split(", ")[1]]] == []
