"""What people said arrives in the order it was said, and what can't be read is answered, not ignored."""

import json
from typing import Any

from saferollout.engine.commands import commands_of


def raw(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {f"command.saferollout.io/{verb}": text for verb, text in annotations.items()}}}


def test_a_command_is_read_whole() -> None:
    said = {"id": "1", "by": "ann", "reason": "seen by hand", "release": "r1", "subject": "gate/dlq", "time": "2026-11-24T00:00:00Z"}
    (command,) = commands_of(raw(approve=json.dumps(said)))
    assert (command.verb, command.annotation) == ("approve", "command.saferollout.io/approve")
    assert (command.id, command.by, command.reason, command.release, command.subject) == ("1", "ann", "seen by hand", "r1", "gate/dlq")
    assert command.problem == ""


def test_commands_come_in_the_order_in_which_they_were_said() -> None:
    first, second = json.dumps({"id": "1", "time": "2026-11-24T00:00:00Z"}), json.dumps({"id": "2", "time": "2026-11-24T00:00:01Z"})
    assert [command.verb for command in commands_of(raw(abort=second, pause=first))] == ["pause", "abort"]


def test_what_is_no_json_is_a_command_with_a_problem_and_a_lasting_id() -> None:
    (command,) = commands_of(raw(pause="please"))
    (again,) = commands_of(raw(pause="please"))
    assert "no JSON object" in command.problem
    assert command.id == again.id != ""
    assert commands_of(raw(pause="please!"))[0].id != command.id


def test_a_command_without_an_id_is_refused() -> None:
    assert "no id" in commands_of(raw(pause="{}"))[0].problem


def test_other_annotations_are_no_commands() -> None:
    assert commands_of({"metadata": {"annotations": {"saferollout.io/paused": "x"}}}) == ()
    assert commands_of({"metadata": {}}) == ()
