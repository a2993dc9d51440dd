"""Golden releases: each story is a whole release played through `decide()`; its log in `releases/` is what happened, verbatim.

After a wanted change: GOLDEN=write, run again, and read the difference as somebody on call would read it.
"""

import os
from pathlib import Path

import pytest

from tests.golden import stories_back, stories_forward
from tests.golden.shop import Story, shop
from tests.golden.stage import Memory, Stage

LOGS = Path(__file__).parent / "releases"
STORIES: dict[str, Story] = {
    name.replace("_", "-"): story
    for module in (stories_forward, stories_back)
    for name, story in vars(module).items()
    if callable(story) and getattr(story, "__module__", "") == module.__name__ and not name.startswith("_")
}


def told(story: Story, memory: Memory) -> Stage:
    stage = shop(memory, **vars(story).get("spec", {}))
    story(stage)
    stage.chronicle.end(stage.now, stage.status, stage.views)
    return stage


@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_release_goes_as_it_was_written_down(name: str) -> None:
    story, golden = STORIES[name], LOGS / f"{name}.log"
    text = f"{(story.__doc__ or '').strip()}\n\n{told(story, Memory.KEPT).chronicle.text()}"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
