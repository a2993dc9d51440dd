"""A user's chart with helm, at each moment of docs/helm.md at which the operator is at work, applied on the server and by the client."""

from __future__ import annotations

import pytest

from tests.cluster.shop import Revision
from tests.helm.moments import Moment
from tests.helm.story import Story
from tests.helm.ways_out import WAYS_OUT

pytestmark = pytest.mark.usefixtures("operator_at_work")
server_side_only = pytest.mark.parametrize("server_side", [True], indirect=True)
"""For moments that don't depend on how the chart is applied: helm waits after it has applied, and says the same."""

SLOW_READER = Revision("shop:1", "events: {reads: [1]}", "slow:2")
NEXT_READER, NEXT_WRITER = Revision("shop:2", "events: {reads: [1, 2]}", "slow:2"), Revision("shop:2", "events: {writes: [2]}")
QUICK_READER = Revision("shop:2", "events: {reads: [1, 2]}")
UNREAD_WRITER = Revision("shop:9", "events: {writes: [9]}")
HOTFIX_READER = Revision("shop:3", "events: {reads: [1, 2]}")
LONG_BAKE = {"bakeSeconds": 600}
OWN_PACE = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
OTHER_PACE = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}}
BATCHES = ["25%", "50%"]
CONFLICT = "a batch bakes, and the chart states another strategy, applied on the server"
NO_CONFLICT = "a batch bakes, and the chart states another strategy, applied by the client"
WAIT = ("--wait", "--timeout=60s")
WAIT_BRIEFLY = ("--wait", "--timeout=3s")


def leave(story: Story, moment: Moment) -> None:
    """Take a way out that the row names: the first where the server applies, the last where the client does."""
    WAYS_OUT[moment.ways_out[0 if story.release.server_side else -1]](story)


def test_a_first_install_and_a_release_in_order(story: Story) -> None:
    story.shows("first install", story.install())
    moment = story.shows("a release in order: the reader rolls", story.upgrade(reader=NEXT_READER, writer=NEXT_WRITER))
    leave(story, moment)
    assert not story.diary.met("writer=shop:2", "reader=shop:1")


@server_side_only
def test_waiting_ends_when_everything_runs_and_not_before(story: Story) -> None:
    story.install(*WAIT, reader=SLOW_READER)
    assert story.shop.images("reader") == story.shop.images("writer") == {"shop:1": 4}
    said = story.upgrade(*WAIT, reader=NEXT_READER, writer=NEXT_WRITER)
    assert story.shop.images("reader") == story.shop.images("writer") == {"shop:2": 4}, "helm returned before it was released"
    story.shows("a release in order, with `--wait`", said)


def test_a_refused_release_stays_held_whatever_is_applied_again(story: Story) -> None:
    story.install()
    story.shows("refused", story.upgrade(writer=UNREAD_WRITER))
    story.shows("refused, with `--wait`", story.upgrade(*WAIT))
    story.shows("refused, with `--wait=legacy`", story.upgrade("--wait=legacy", "--timeout=60s"))
    leave(story, story.shows("refused, and the same again", story.upgrade()))
    assert "shop:9" not in story.diary.images("writer")


@server_side_only
def test_helm_takes_a_refused_release_back_by_itself_where_it_was_told_to(story: Story) -> None:
    story.install()
    said = story.upgrade("--rollback-on-failure", "--timeout=60s", writer=UNREAD_WRITER)
    story.shows("refused, with `--rollback-on-failure`", said)
    assert story.diary.images("writer") == {"shop:1"}


@server_side_only
def test_a_release_that_waits_for_a_person(story: Story) -> None:
    story.install()
    said = story.upgrade(*WAIT_BRIEFLY, reader=QUICK_READER, spec={"mode": "Paused"})
    leave(story, story.shows("`mode: Paused`, with `--wait`", said))


@server_side_only
def test_a_safe_rollout_outside_the_chart_is_not_waited_for(story: Story) -> None:
    story.shop.apply(story.shop.safe_rollout("reader", "writer"))
    story.install(safeRollout=False)
    story.shows("refused, with `--wait`, the SafeRollout is not in the chart", story.upgrade(*WAIT, writer=UNREAD_WRITER))


def in_the_middle_of_batches(story: Story, pace: dict[str, object]) -> None:
    story.install(batches=BATCHES, pace=pace)
    assert story.upgrade(reader=QUICK_READER, spec=LONG_BAKE).code == 0
    story.shop.wait_for_images("reader", {"shop:1": 4, "shop:2": 1})


def test_a_chart_without_a_strategy_meets_no_conflict_in_the_middle_of_batches(story: Story) -> None:
    in_the_middle_of_batches(story, {})
    story.shows("a batch bakes, with `--wait`", story.upgrade(*WAIT_BRIEFLY))
    story.shows("a batch bakes, and another template comes", story.upgrade(reader=HOTFIX_READER))
    assert story.shop.images("reader").get("shop:3", 0) <= 1


def test_a_chart_that_states_the_strategy_meets_conflicts_in_the_middle_of_batches(story: Story) -> None:
    in_the_middle_of_batches(story, OWN_PACE)
    said = story.upgrade(reader=HOTFIX_READER, pace=OTHER_PACE)
    leave(story, story.shows(CONFLICT if story.release.server_side else NO_CONFLICT, said))
    assert story.shop.deployment("reader")["spec"]["strategy"] == OTHER_PACE["strategy"]


@server_side_only
def test_after_the_last_batch_a_conflict_is_over(story: Story) -> None:
    in_the_middle_of_batches(story, OWN_PACE)
    moment = story.shows(CONFLICT, story.upgrade(reader=HOTFIX_READER, pace=OTHER_PACE))
    delivered = story.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts", "shop")["spec"]["delivery"]
    assert delivered == "3", "the other objects of the failed upgrade were applied"
    WAYS_OUT[moment.ways_out[-1]](story)
    assert story.shop.deployment("reader")["spec"]["strategy"] == OTHER_PACE["strategy"]
