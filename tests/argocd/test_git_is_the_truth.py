"""Argo CD applies Git all the time, and heals; SafeRollout decides when. Each moment is a row of docs/argocd.md."""

from __future__ import annotations

from tests.argocd.story import Story
from tests.cluster.shop import Revision

READS_1, READS_BOTH = "events: {reads: [1]}", "events: {reads: [1, 2]}"
WRITES_1, WRITES_2, WRITES_9 = "events: {writes: [1]}", "events: {writes: [2]}", "events: {writes: [9]}"
READER, WRITER = Revision("shop:1", READS_1, "slow:2"), Revision("shop:1", WRITES_1)


def test_a_first_sync_and_a_release_in_order(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.rests("first sync, done")
    story.commit("Version 2 of events", writer=Revision("shop:2", WRITES_2), reader=Revision("shop:2", READS_BOTH, "slow:4"))
    story.shows("a release in order: the reader rolls")
    assert story.diary.images("writer") == {"shop:1"}
    story.rests("released")
    assert not story.diary.met("writer=shop:2", "reader=shop:1")


def test_a_refused_release_is_held_with_its_repair_until_it_is_reverted(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("A version nobody reads", writer=Revision("shop:9", WRITES_9))
    story.rests("refused")
    story.revert()
    story.rests("refused, then `git revert`")
    assert story.diary.images("writer") == {"shop:1"}


def test_a_release_that_fails_goes_back_by_itself_and_the_next_commit_fixes_it(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER, progressDeadlineSeconds=5)
    story.shows("first sync, done")
    story.commit("Never ready", reader=Revision("shop:2", READS_BOTH, "never-ready"), writer=Revision("shop:2", WRITES_2))
    story.shows("going back, few pods were new")
    story.rests("went back, and the writer can't go without the reader")
    story.commit("The fix", reader=Revision("shop:3", READS_BOTH), writer=Revision("shop:3", WRITES_2))
    story.rests("fixed forward")
    assert story.diary.images("writer") == {"shop:1", "shop:3"}, "what waited for the failed one never had a pod"


def test_most_pods_were_new_when_it_failed_so_the_old_template_is_pinned_until_they_are_back(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER, bake_seconds=8, progressDeadlineSeconds=8)
    story.shows("first sync, done")
    story.commit("Crashes later", reader=Revision("shop:2", READS_BOTH, "crash-after:3"))
    story.shows("going back, most pods were new")
    story.rests("went back")
    story.revert()
    story.rests("went back, then `git revert`")
    assert story.diary.images("reader") == {"shop:1", "shop:2"}


def test_a_newer_commit_in_the_middle_takes_the_place_of_what_was_held_and_of_what_rolls(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("Version 2 of events", writer=Revision("shop:2", WRITES_2), reader=Revision("shop:2", READS_BOTH, "slow:4"))
    story.shows("a release in order: the reader rolls")
    story.commit("Newer", writer=Revision("shop:3", WRITES_2), reader=Revision("shop:3", READS_BOTH, "slow:4"))
    story.shows("a release in order: the reader rolls")
    story.rests("released")
    assert story.diary.images("writer") == {"shop:1", "shop:3"}
    assert not story.diary.met("writer=shop:3", "reader=shop:1")
    assert story.shop.images("reader") == {"shop:3": 4}


def test_while_the_operator_is_down_a_commit_is_held_and_released_when_it_is_back(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.kill_operator()
    story.commit("While nobody looks", writer=Revision("shop:2", WRITES_1))
    story.rests("the operator is down, a commit comes")
    assert story.diary.images("writer") == {"shop:1"}
    story.start_operator()
    story.rests("released")
    assert story.shop.images("writer") == {"shop:2": 4}


def test_a_safe_rollout_that_is_deleted_at_rest_leaves_everything_as_it_is(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    pods = set(story.diary.pods)
    story.delete_safe_rollout()
    story.rests("the SafeRollout is deleted at rest")
    assert story.diary.pods == pods


def test_a_safe_rollout_that_is_deleted_releases_nothing_and_goes_on_when_git_has_it_again(story: Story) -> None:
    story.begin(reader=READER, writer=WRITER)
    story.shows("first sync, done")
    story.commit("A version nobody reads", writer=Revision("shop:9", WRITES_9))
    story.shows("refused")
    story.delete_safe_rollout()
    story.rests("the SafeRollout is deleted while the writer is held")
    story.revert()
    story.rests("refused")
    assert story.diary.images("writer") == {"shop:1"}
