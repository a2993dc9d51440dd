"""A user's chart with helm while a release goes back, and after it: each moment is a row of docs/helm.md."""

from __future__ import annotations

import pytest

from tests.cluster.shop import Revision
from tests.helm.story import Story
from tests.helm.test_users_chart import WAIT, leave
from tests.helm.ways_out import FIXED_READER

SLOW_READER = Revision("shop:1", "events: {reads: [1]}", "slow:6")
FAILING_READER = Revision("shop:2", "events: {reads: [1, 2]}", "crash-after:1.5")
LEAKING_READER = Revision("shop:2", "events: {reads: [1, 2]}")
JUDGED = {"bakeSeconds": 6, "progressDeadlineSeconds": 3}

pytestmark = pytest.mark.usefixtures("operator_at_work")


def going_back(story: Story) -> None:
    """All pods were new, so the old template is pinned until its pods are back, which takes six seconds."""
    story.install(reader=SLOW_READER)
    assert story.upgrade(*WAIT, reader=LEAKING_READER).code == 0
    assert story.shop.say("rollback", "--reason", "it leaks").code == 0
    story.shop.wait("it is pinned", lambda: "pinned" in story.shop.labels("reader"))


def test_a_failed_release_ends_the_wait_when_it_is_back(story: Story) -> None:
    story.install(spec=JUDGED)
    story.shows("it fails and goes back, with `--wait`", story.upgrade(*WAIT, reader=FAILING_READER))
    story.shows("after a failure, and the same again", story.upgrade())
    leave(story, story.shows("after a failure, and the same again, with `--wait`", story.upgrade(*WAIT)))


def test_while_an_old_template_is_pinned_nothing_else_comes_in_and_a_fix_has_to_come_again(story: Story) -> None:
    going_back(story)
    side = "on the server" if story.release.server_side else "by the client"
    story.shows(f"going back, and the same again, applied {side}", story.upgrade())
    moment = story.shows(f"going back, and a fix comes, applied {side}", story.upgrade(reader=FIXED_READER))
    again = story.upgrade("--force-conflicts") if story.release.server_side else story.upgrade()
    assert again.code == 0 and "was not taken in: apply it again" in again.error, again
    assert story.diary.images("reader") == {"shop:1", "shop:2"}
    leave(story, moment)
