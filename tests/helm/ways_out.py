"""The ways out that the page offers, each as somebody takes it; a row that names another one has no test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.cluster.shop import Revision
from tests.helm.story import Story

FIXED_READER: Final = Revision("shop:3", "events: {reads: [1, 2]}")
FIXED_WRITER: Final = Revision("shop:3", "events: {writes: [1]}")


def _goes_on(story: Story) -> None:
    _end_long_bakes(story)
    story.ends(reader=story.values["services.reader"]["image"], writer=story.values["services.writer"]["image"])


def _end_long_bakes(story: Story) -> None:
    """Have enough seen of what kept the moment for the test."""
    if story.values.get("spec", {}).get("bakeSeconds"):
        said = story.shop.say("expedite", "--reason", "enough was seen")
        assert said.code == 0, said


def _helm_rollback(story: Story) -> None:
    said = story.release.rollback(1)
    assert said.code == 0, said
    story.ends(reader="shop:1", writer="shop:1")


def _another_template(story: Story) -> None:
    said = story.upgrade("--wait", "--timeout=60s", reader=FIXED_READER, writer=FIXED_WRITER)
    assert said.code == 0, said
    story.ends(reader="shop:3", writer="shop:3")


def _force(story: Story) -> None:
    said = story.upgrade("--force-conflicts")
    assert said.code == 0, said
    _goes_on(story)


def _after_the_last_batch(story: Story) -> None:
    _end_long_bakes(story)
    story.ends(reader="shop:2", writer="shop:1")
    said = story.upgrade(spec={})
    assert said.code == 0, said
    _goes_on(story)


def _when_it_is_back(story: Story) -> None:
    story.shop.wait_for_state("RolledBack")
    said = story.upgrade("--wait", "--timeout=60s", reader=FIXED_READER)
    assert said.code == 0, said
    _goes_on(story)


def _automatic(story: Story) -> None:
    said = story.upgrade("--wait", "--timeout=60s", spec={"mode": "Automatic"})
    assert said.code == 0, said
    _goes_on(story)


def _resume_the_deployment(story: Story) -> None:
    said = story.shop.kubectl("rollout", "resume", "deployment/writer")
    assert said.code == 0, said
    story.wait("the writer is released", lambda: story.shop.images("writer") == {story.values["services.writer"]["image"]: 4})


def _take_up_again(story: Story) -> None:
    said = story.upgrade(safeRollout=True)
    assert said.code == 0, said
    story.shop.wait_for_state("Refused")
    _helm_rollback(story)


WAYS_OUT: Final[Mapping[str, Callable[[Story], None]]] = {
    "none is needed": lambda story: None,
    "it goes on by itself": _goes_on,
    "`helm rollback`": _helm_rollback,
    "an upgrade to another template": _another_template,
    "the same with `--force-conflicts`": _force,
    "the same again after the last batch": _after_the_last_batch,
    "the next upgrade when it is back": _when_it_is_back,
    "`mode: Automatic`": _automatic,
    "`kubectl rollout resume`": _resume_the_deployment,
    "the SafeRollout in the chart again": _take_up_again,
}
