"""Golden releases: each story is a whole release played through `decide()`; its log in `releases/` is what happened, verbatim.

After a wanted change: GOLDEN=write, run again, and read the difference as somebody on call would read it.
"""

import os
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from saferollout.api.status import WorkloadStatus
from saferollout.core import actions as a
from saferollout.core.reasons import Reason
from tests.golden import stories_back, stories_draining, stories_failing, stories_forward, stories_ordinal, stories_special
from tests.golden.shop import Story, shop
from tests.golden.stage import Memory, Stage
from tests.unit.core.little_cluster import BORN

LOGS = Path(__file__).parent / "releases"
STORIES: dict[str, Story] = {
    name.replace("_", "-"): story
    for module in (stories_forward, stories_back, stories_failing, stories_draining, stories_special, stories_ordinal)
    for name, story in vars(module).items()
    if callable(story) and getattr(story, "__module__", "") == module.__name__ and not name.startswith("_")
}


@cache
def told(story: Story, memory: Memory) -> Stage:
    """Play a story; a stage that has been played is only looked at."""
    stage = shop(memory, **vars(story).get("spec", {}))
    story(stage)
    if not stage.ends:
        stage.ends.append(stage)
        stage.chronicle.end(stage.now, stage.status, stage.views)
    return stage


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_release_goes_as_it_was_written_down(name: str) -> None:
    story, golden = STORIES[name], LOGS / f"{name}.log"
    text = f"{(story.__doc__ or '').strip()}\n\n{told(story, Memory.KEPT).chronicle.text()}"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(STORIES))
def test_conditions_have_only_reasons_that_the_reference_names_for_them(name: str) -> None:
    listed = {(condition.value, reason.value) for reason in Reason for condition in reason.conditions}
    assert told(STORIES[name], Memory.KEPT).chronicle.reasons - listed == set()


@pytest.mark.parametrize("name", sorted(STORIES))
def test_an_operator_that_is_killed_at_every_step_does_the_same(name: str) -> None:
    undisturbed, disturbed = told(STORIES[name], Memory.KEPT), told(STORIES[name], Memory.KILLED)
    assert _on_workloads(disturbed) == _on_workloads(undisturbed)
    for end, other in zip(disturbed.ends, undisturbed.ends, strict=True):
        assert end.views == other.views
        assert _without_words(end) == _without_words(other)
        assert [known.stored_versions for known in end.status.contracts] == [known.stored_versions for known in other.status.contracts]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_an_hour_of_rest_after_a_release_costs_no_write(name: str) -> None:
    for end in told(STORIES[name], Memory.KEPT).ends:
        status = end.status
        for _ in range(20):
            end.now += timedelta(minutes=3)
            assert end.look().action is None or end.deleting
            assert end.status == status, name


@pytest.mark.parametrize("name", ["success", "success-of-a-single-workload", "drained-by-retention", "supersede-directly"])
def test_a_step_costs_at_most_three_status_writes(name: str) -> None:
    stage = told(STORIES[name], Memory.KEPT)
    steps = sum(line.startswith("BatchReady") for line in stage.log)
    assert stage.chronicle.status_writes <= 3 * steps


def _without_words(stage: Stage) -> list[WorkloadStatus]:
    """Return where the workloads stand; when a deadline comes, and how many pods are in which trouble then, is a matter of seconds."""
    bare = {known.name: known.failure and known.failure.model_copy(update={"message": "", "time": BORN}) for known in stage.status.workloads}
    return [known.model_copy(update={"message": "", "failure": bare[known.name]}) for known in stage.status.workloads]


def _on_workloads(stage: Stage) -> list[a.AnyAction]:
    return [write for write in stage.writes if isinstance(write, a.Action)]
