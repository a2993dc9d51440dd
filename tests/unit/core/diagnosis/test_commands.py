"""What a finding tells a person to type is what the program takes."""

import shlex
from typing import Final

import pytest
import typer.main

from saferollout.cli.main import app
from saferollout.core.diagnosis.commands import commands_for
from saferollout.core.diagnosis.finding import Action, Cause
from tests.unit.core.diagnosis import shop

PROGRAM: Final = typer.main.get_command(app)
OFFERED: Final = sorted(
    {
        one.text
        for cause in Cause
        for action in Action
        for one in commands_for(shop.healthy(), cause=cause, action=action, lasts=True, suspect="server")
    }
)


@pytest.mark.parametrize("text", OFFERED)
def test_the_program_takes_the_command(text: str) -> None:
    program, name, *words = shlex.split(text)
    assert program == "saferollout"
    command = PROGRAM.commands[name]  # type: ignore[attr-defined]
    command.make_context(name, list(words))  # raises on an unknown option or an argument that is missing


@pytest.mark.parametrize("cause", Cause)
def test_a_release_that_goes_on_needs_no_command(cause: Cause) -> None:
    assert list(commands_for(shop.healthy(), cause=cause, action=Action.GO_ON)) == []


@pytest.mark.parametrize("cause", Cause)
def test_nobody_is_told_to_go_back_where_that_makes_it_worse(cause: Cause) -> None:
    offered = [one.text for one in commands_for(shop.healthy(), cause=cause, action=Action.STOP_SPREADING)]
    assert any(" forward " in one for one in offered)
    assert not any("rollback" in one or "abort" in one for one in offered)


def test_going_back_is_offered_for_what_lasts_only_where_somebody_is_suspected() -> None:
    def offered(suspect: str) -> set[str]:
        found = commands_for(shop.healthy(), cause=Cause.DATABASE_DOWN, action=Action.HOLD, lasts=True, suspect=suspect)
        return {one.text.split()[1] for one in found}

    assert {"rollback", "approve"} <= offered("server")
    assert "rollback" not in offered("") and "approve" in offered("")
