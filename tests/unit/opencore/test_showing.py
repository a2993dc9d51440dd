"""What a story says in a person's place is about what the release waits for."""

from typing import Any

import pytest

from localcluster.demo.failure import StoryFailed
from localcluster.opencore.showing import waiting_step


def status(*steps: tuple[str, str, str]) -> dict[str, Any]:
    return {"release": {"steps": [{"id": name, "kind": kind, "state": state} for name, kind, state in steps]}}


def test_the_step_that_waits_is_approved_and_not_one_that_is_done_or_rolls() -> None:
    release = status(("Roll/user-service", "Roll", "Done"), ("Prove/user-events/1", "Prove", "Waiting"), ("Roll/billing-service", "Roll", "Waiting"))
    assert waiting_step(release) == "Prove/user-events/1"


def test_where_nothing_waits_for_a_person_the_story_has_failed() -> None:
    with pytest.raises(StoryFailed):
        waiting_step(status(("Prove/user-events/1", "Prove", "Done")))
