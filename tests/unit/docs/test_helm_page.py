"""Every row of the page about helm is played by the tests with a real helm, and every way out is one that they take."""

from __future__ import annotations

from localcluster.paths import CHECKOUT
from tests.helm.moments import moments

PLAYED = "\n".join(file.read_text() for file in sorted((CHECKOUT / "tests" / "helm").glob("*.py")))


def test_every_moment_is_played() -> None:
    assert [name for name in moments() if f'"{name}"' not in PLAYED.replace("{side}", "on the server") + PLAYED.replace("{side}", "by the client")] == []


def test_every_way_out_is_taken() -> None:
    assert sorted({way for moment in moments().values() for way in moment.ways_out if f'"{way}"' not in PLAYED}) == []
