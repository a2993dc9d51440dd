"""What somebody clicks in Argo CD is heard as what somebody types, and nothing that was not meant."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

import pytest

from tests.argocd.story import Story
from tests.argocd.test_git_is_the_truth import READER, READS_BOTH, WRITER, WRITES_2, WRITES_9
from tests.cluster.shop import Revision

SLOW = Revision("shop:2", READS_BOTH, "slow:4")


def offered(story: Story) -> set[str]:
    return {name for name, usable in story.application.actions(story.shop.namespace, "shop").items() if usable}


def act(story: Story, action: str) -> dict[str, Any]:
    """Click, and return the operator's answer."""
    before = set(story.shop.answers())
    story.application.act(action, namespace=story.shop.namespace, name="shop")
    story.wait(f"an answer to {action}", lambda: set(story.shop.answers()) > before)
    [answer] = [story.shop.answers()[key] for key in set(story.shop.answers()) - before]
    story.wait("the annotation is gone", lambda: not any(key.startswith("command.") for key in story.shop.annotations()))
    return answer


def test_pause_and_resume(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    assert offered(story) == {"rollback"}
    story.commit("Version 2 of events", reader=SLOW, writer=Revision("shop:2", WRITES_2))
    story.shows("a release in order: the reader rolls")
    assert offered(story) == {"pause", "abort", "rollback"}
    answer = act(story, "pause")
    assert answer["accepted"] and answer["by"] == "Argo CD"
    story.rests("paused after the reader")
    assert offered(story) == {"resume", "abort", "rollback"}
    assert act(story, "resume")["accepted"]
    story.shows("released")


def test_abort_and_retry(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("Slow", reader=SLOW)
    story.wait("it rolls", lambda: "shop:2" in story.shop.images("reader"))
    assert act(story, "abort")["accepted"]
    story.rests("aborted")
    assert offered(story) == {"retry"}
    assert act(story, "retry")["accepted"]
    story.shows("released")
    assert story.shop.images("reader") == {"shop:2": 4}


def test_rollback_of_a_release_that_is_complete(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("Quick", reader=Revision("shop:2", READS_BOTH))
    story.shows("released")
    story.wait("it can be taken back", lambda: offered(story) == {"rollback"})
    assert act(story, "rollback")["accepted"]
    story.rests("taken back")
    assert story.shop.images("reader") == {"shop:1": 4}
    assert offered(story) == {"retry"}
    story.revert()
    story.rests("went back, then `git revert`")
    assert story.diary.images("reader") == {"shop:1", "shop:2"}


def test_approve_names_the_one_thing_that_waits(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    gate = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}
    story.change_spec("A gate, where no Prometheus is", story.safe_rollout(gating="Enabled", gates=[gate]))
    story.commit("Version 2 reads both", reader=Revision("shop:2", READS_BOTH))
    story.rests("a gate can't tell")
    asking = story.safe_rollout(gating="Enabled", gates=[gate], onInconclusive="Approve")
    story.commit("Ask", asking)
    story.shows("a gate wants an approval")
    assert "approve" in offered(story)
    assert act(story, "approve")["message"] == "approved: gate/letters"
    story.shows("released")
    assert story.diary.images("reader") == {"shop:1", "shop:2"}


def test_a_click_that_fits_nothing_changes_nothing_and_says_so(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    answer = act(story, "pause")
    assert not answer["accepted"] and answer["message"] == "nothing is being released"
    with pytest.raises(urllib.error.HTTPError) as refused:
        story.application.act("approve", namespace=story.shop.namespace, name="shop")
    with refused.value as error:
        assert "not exactly one thing waits" in json.loads(error.read())["message"]
    story.rests("first sync, done")


def test_argo_cds_own_resume_of_a_held_deployment_releases_nothing(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("A version nobody reads", writer=Revision("shop:9", WRITES_9))
    story.shows("refused")
    story.application.act("resume", namespace=story.shop.namespace, name="writer", group="apps", version="v1", kind="Deployment")
    story.rests("refused")
    assert story.diary.images("writer") == {"shop:1"}
