"""Sync waves and hooks around a release: what gets through, and what keeps out the commit that would fix. Each row of docs/argocd.md is played."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.argocd.moments import table
from tests.argocd.story import Story, annotated
from tests.argocd.test_git_is_the_truth import READER, READS_BOTH, WRITER, WRITES_2, WRITES_9
from tests.cluster.shop import Revision
from tests.cluster.stances import stance

ROWS = {cells[0]: tuple(cells[1:4]) for cells in table("in the Application", "first sync")}
APPLIED, LATE, WAITS, FAILS, UNREACHED = "applied", "late", "waits", "fails", "-"
HOOK, WAVE = "argocd.argoproj.io/hook", "argocd.argoproj.io/sync-wave"
STUCK = ("absent", "Refused")
"""States of the SafeRollout in which only another commit changes anything: who waits then waits without end."""
_SURE_SECONDS = 8.0
"""Longer than Argo CD's look at everything (5 s)."""


def beside(name: str, **annotations: str) -> dict[str, Any]:
    """Write something without health, which counts as done when it is there."""
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return annotated(item, {key.replace("_", "-"): value for key, value in annotations.items()})


@dataclass(frozen=True, slots=True)
class Arrangement:
    """In which waves the shop's objects are (0 where not named), and what else is in Git."""

    waves: dict[str, int] = field(default_factory=dict)
    others: tuple[dict[str, Any], ...] = ()


MIGRATION, NOTE = beside("migrate", **{HOOK: "PreSync"}), beside("note", **{HOOK: "Sync"})
EARLIER = (beside("settings", **{WAVE: "-1"}), beside("prepare", **{HOOK: "Sync", WAVE: "-1"}), MIGRATION)
ARRANGEMENTS = {
    "SafeRollout and workloads in one wave; others in earlier ones, and PreSync hooks": Arrangement(others=EARLIER),
    "a Sync hook, where there is one wave and no PreSync hook": Arrangement(others=(NOTE,)),
    "a Sync hook in the wave of the workloads, where there are other waves or PreSync hooks": Arrangement(others=(NOTE, MIGRATION)),
    "the SafeRollout in an earlier wave": Arrangement(waves={"shop": -1}),
    "the SafeRollout in a later wave": Arrangement(waves={"shop": 1}),
    "the workload that goes first in an earlier wave": Arrangement(waves={"writer": 1}),
    "the workload that goes last in an earlier wave": Arrangement(waves={"reader": 1}),
    "anything in a later wave": Arrangement(others=(beside("smoke-test", **{WAVE: "1"}),)),
    "a PostSync hook": Arrangement(others=(beside("smoke-test", **{HOOK: "PostSync"}),)),
}


def test_the_page_has_every_arrangement() -> None:
    assert set(ROWS) == set(ARRANGEMENTS)


@pytest.mark.parametrize("name", list(ARRANGEMENTS))
def test_a_commit_gets_through_or_not_as_the_page_says(story: Story, name: str) -> None:
    arrangement = ARRANGEMENTS[name]
    story.waves = arrangement.waves
    first, release, revert = ROWS[name]
    story.start_operator()
    commit = story.repository.commit("The shop", story.safe_rollout(), *arrangement.others, *story.services(reader=READER, writer=WRITER))
    story.application.create(repository=story.repository.url, namespace=story.shop.namespace)
    assert outcome(story, commit) == first
    if release == UNREACHED:
        return
    story.shows("first sync, done")
    commit = story.repository.commit(
        "Version 2 of events", *story.services(writer=Revision("shop:2", WRITES_2), reader=Revision("shop:2", READS_BOTH))
    )
    assert outcome(story, commit) == release
    if revert == UNREACHED:
        return
    story.shows("released")
    refused = story.repository.commit("A version nobody reads", *story.services(writer=Revision("shop:9", WRITES_9)))
    story.application.refresh()
    story.wait("the refused release is held", lambda: state(story) == "Refused" and stance(story.shop, "writer") == "held")
    # A sync that ends at a SafeRollout that is refused fails, and is not tried again for the same commit.
    story.wait(
        "Argo CD has come as far as it can",
        lambda: story.application.is_at(refused) or story.application.waits() or story.application.fails(),
    )
    fix = story.repository.revert()
    found = outcome(story, fix)
    expected = revert.split(", or ")
    if found == FAILS and LATE in expected:
        story.application.terminate()  # else it tries the refused commit again for five minutes before it gives up, with the same end
        story.wait("the fix is applied all the same", lambda: story.application.is_at(fix))
        found = LATE
    assert found in expected
    if found not in (APPLIED, LATE):
        assert stance(story.shop, "writer") == "held", "what would end it did not get through"
    else:
        story.shows("refused, then `git revert`")


@pytest.mark.parametrize("name", ["a PostSync hook", "the SafeRollout in an earlier wave"])
def test_a_sync_that_waits_or_fails_is_ended_by_hand_and_then_the_fix_gets_in(story: Story, name: str) -> None:
    arrangement = ARRANGEMENTS[name]
    story.waves = arrangement.waves
    story.start_operator()
    story.repository.commit("The shop", story.safe_rollout(), *arrangement.others, *story.services(reader=READER, writer=WRITER))
    story.application.create(repository=story.repository.url, namespace=story.shop.namespace)
    story.shows("first sync, done")
    story.wait("the first sync is over", lambda: story.application.phase() == "Succeeded")
    story.repository.commit("A version nobody reads", *story.services(writer=Revision("shop:9", WRITES_9)))
    story.application.refresh()
    story.wait("it is refused", lambda: state(story) == "Refused")
    assert outcome(story, story.repository.revert()) == ROWS[name][2]
    story.waves = {}
    if arrangement.waves:
        story.repository.commit("Without waves", story.safe_rollout())
    story.application.refresh()
    story.application.terminate()
    story.shows("refused, then `git revert`")


def outcome(story: Story, commit: str) -> str:
    """Return how Argo CD ends up with a commit: applied; waits, at rest, and is not there; or fails at it."""
    story.application.refresh()
    ends: list[str] = []
    story.wait("it is applied, waits or fails", lambda: bool(ends.append(_end(story, commit)) or ends[-1]))
    return ends[-1]


def _end(story: Story, commit: str) -> str:
    """Return it once it is sure: a sync that waits for pods, or fails at a passing moment and is tried again, is not at its end.

    Nor is one of an older commit that is over: Argo CD may take its time to begin with the new one.
    """
    until = time.monotonic() + _SURE_SECONDS
    while not story.application.is_at(commit):
        ended = WAITS if story.application.waits() else FAILS if story.application.fails() else ""
        if not ended or state(story) not in STUCK or story.application.leaves_behind(commit):
            return ""
        if time.monotonic() > until:
            return ended
        time.sleep(0.3)
    return APPLIED


def state(story: Story) -> str:
    found = story.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts")["items"]
    return str(found[0].get("status", {}).get("summary", {}).get("state", "")) if found else "absent"
