"""Beside a Git that states the strategy: how loud a paced batch is in each way in which Argo CD compares and applies."""

from __future__ import annotations

import time
from typing import Any

import pytest

from localcluster.argocd_application import Mode
from tests.argocd.moments import table
from tests.argocd.story import Story
from tests.argocd.test_git_is_the_truth import READER, READS_BOTH, WRITER
from tests.cluster.shop import Revision
from tests.cluster.stances import stance

ROWS = {cells[0]: (cells[1], cells[2] == "never") for cells in table("the Application has")}
SERVER_SIDE_DIFF = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
PACING = {
    "group": "apps", "kind": "Deployment",
    "jsonPointers": ["/spec/strategy/rollingUpdate", "/spec/minReadySeconds", "/spec/progressDeadlineSeconds"],
}  # fmt: skip
MODES = {
    "nothing special": Mode(),
    "`Replace=true`": Mode(options=("Replace=true",)),
    "`ServerSideApply=true`": Mode(options=("ServerSideApply=true",)),
    "`ServerSideDiff=true`": Mode(annotations=SERVER_SIDE_DIFF),
    "`ServerSideDiff=true` and `ServerSideApply=true`": Mode(options=("ServerSideApply=true",), annotations=SERVER_SIDE_DIFF),
    "`RespectIgnoreDifferences=true`, pacing ignored": Mode(options=("RespectIgnoreDifferences=true",), ignore=(PACING,)),
}
OWN: dict[str, Any] = {"minReadySeconds": 0, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
HALF, PACED = ("50%",), {"shop:1": 3, "shop:2": 2}
_LOOK_SECONDS = 6.0
"""Longer than Argo CD's look at everything, 5 s."""


def test_the_page_has_every_mode() -> None:
    assert set(ROWS) == set(MODES)


@pytest.mark.parametrize(("name", "mode"), list(MODES.items()), ids=[name.replace("`", "") for name in MODES])
def test_the_pace_holds_and_argo_cd_is_as_loud_as_the_page_says(story: Story, name: str) -> None:
    sync, quiet = ROWS[name]
    story.strategy = OWN
    story.begin(reader=READER, writer=WRITER, batches=HALF)
    story.shows("first sync, done")
    story.change_spec("A long bake", story.safe_rollout(batches=HALF, bake_seconds=600))
    synced = story.application.syncs()
    story.commit("Two pods first", reader=Revision("shop:2", READS_BOTH))
    story.wait("the batch bakes", lambda: "bakes" in story.shop.message() and story.shop.images("reader") == PACED)
    story.wait(f"it is {sync}, {'and nobody heals' if quiet else 'though healed'}", lambda: is_as_loud(story, sync, quiet=quiet), seconds=30)
    assert quiet or story.application.syncs() > synced + 1
    assert stance(story.shop, "reader") == "paced" and story.shop.images("reader") == PACED
    story.commit("On to the rest", story.safe_rollout(batches=HALF))
    story.rests("released")
    spec = story.shop.deployment("reader")["spec"]
    assert (spec["strategy"], spec.get("minReadySeconds", 0), spec["progressDeadlineSeconds"]) == (OWN["strategy"], 0, 600)


def is_as_loud(story: Story, sync: str, *, quiet: bool) -> bool:
    """Tell whether it is so for a while: right after a sync Argo CD may see the objects as they were, and heal what needs no healing."""
    before = story.application.syncs()
    until = time.monotonic() + _LOOK_SECONDS
    while time.monotonic() < until:
        assert story.shop.images("reader") == PACED
        if story.application.seen().sync != sync or quiet and story.application.syncs() != before:
            return False
    return True
