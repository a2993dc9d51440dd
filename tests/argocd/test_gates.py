"""A gate that fails on what a real Prometheus measured: Argo CD shows the figures while it goes back and afterwards, until the fix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster.argocd_application import Mode
from localcluster.prometheus import Target, standalone_prometheus
from tests.argocd.story import Story
from tests.argocd.test_diff_modes import SERVER_SIDE_DIFF
from tests.argocd.test_git_is_the_truth import READS_1, READS_BOTH, WRITER, WRITES_2
from tests.cluster.scraped import Exposed, serving
from tests.cluster.shop import Revision

GATE = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 1}
FIRST_POD = ("25%",)
SLOW_READER = Revision("shop:1", READS_1, "slow:6")
ONE_AT_A_TIME = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
"""With no surge the way back is as long as an old pod takes to be ready again."""


@pytest.fixture
def mode() -> Mode:
    """As the page recommends where Git states the strategy."""
    return Mode(annotations=SERVER_SIDE_DIFF)


@pytest.fixture
def exporter() -> Iterator[Exposed]:
    """What Prometheus scrapes every second."""
    with serving() as exposed:
        exposed.set("letters", 0)
        yield exposed


@pytest.fixture
def prometheus_url(exporter: Exposed, namespace: str, tmp_path: Path) -> Iterator[str]:
    target = Target(exporter.address, {"namespace": namespace})
    with standalone_prometheus(tmp_path / "prometheus", targets=[target], scrape_seconds=2) as prometheus:
        yield prometheus.url


def test_a_gate_fails_at_the_first_pod_and_the_next_commit_fixes_it(story: Story, exporter: Exposed) -> None:
    story.strategy = ONE_AT_A_TIME
    story.begin(reader=SLOW_READER, writer=WRITER)
    story.shows("first sync, done")
    story.change_spec("A gate", story.safe_rollout(gating="Enabled", gates=[GATE], batches=FIRST_POD, bake_seconds=600))
    story.commit("Writes letters", reader=Revision("shop:2", READS_BOTH), writer=Revision("shop:2", WRITES_2))
    story.wait("the first pod bakes", lambda: "bakes" in story.shop.message() and story.shop.images("reader").get("shop:2") == 1)
    exporter.set("letters", 40)
    story.shows("going back, few pods were new")
    story.rests("went back, and the writer can't go without the reader")
    assert "gate letters 40 > 5" in story.application.objects()["SafeRollout/shop"].message
    exporter.set("letters", 0)
    story.change_spec("A shorter bake", story.safe_rollout(gating="Enabled", gates=[GATE], batches=FIRST_POD))
    story.commit("The fix", reader=Revision("shop:3", READS_BOTH), writer=Revision("shop:3", WRITES_2))
    story.rests("fixed forward")
    assert story.diary.images("writer") == {"shop:1", "shop:3"}
