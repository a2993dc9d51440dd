"""Every command on the pages is one that the programs take, and those that need no cluster run on the files of their page."""

import argparse
import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
from typer.testing import CliRunner

from saferollout.cli.main import app
from tests.unit.docs.desks import DESKS, Desk
from tests.unit.docs.elsewhere import NOT_RUN, RUN_ON_A_CLUSTER
from tests.unit.docs.pages import Code, Command, commands, is_command, spans

ROOT: Final = typer.main.get_command(app)
OFFLINE: Final = ("plan", "lint", "gate test")
PARSERS: Final[Mapping[str, str]] = {
    "scripts/test": "scripts.lib.checks",
    "scripts/demo": "localcluster.demo.__main__",
    "scripts/bench": "bench.__main__",
    "-m bench": "bench.__main__",
    "-m localcluster": "localcluster.__main__",
}
"""Who reads the arguments of our other programs; running them takes minutes, and is what scripts/test and the benches themselves do."""


def ours(text: str) -> list[str] | None:
    """Return the arguments of the part of a line that calls `saferollout`; None where none does."""
    for part in text.split(" | "):
        words = shlex.split(part)
        if words[0].endswith("saferollout"):
            return words[1:]
        if words[:2] == ["kubectl", "safe-rollout"]:
            return words[2:]
    return None


LINES: Final = [command for command in commands() if (found := ours(command.text)) is not None and "[OPTIONS]" not in found]
FORMS: Final = [
    Code(place.page, place.line, place.text)
    for place in (*spans(), *(command for command in commands() if "[OPTIONS]" in command.text))
    if re.match(r"(\.venv/bin/)?saferollout [a-z-]|kubectl safe-rollout [a-z-]", place.text)
]
"""Spans and synopses: they may leave arguments out and show what can be left out."""
SCRIPTS: Final = [
    command for command in (*commands(), *(Command(one.page, one.line, one.text) for one in spans() if is_command(one.text)))
    if re.match(r"scripts/|python3? -m ", command.text)
]  # fmt: skip
OTHERS: Final = [
    place.key for place in (*commands(), *(Command(one.page, one.line, one.text) for one in spans() if is_command(one.text) and " " in one.text))
    if not place.text.startswith(("saferollout", ".venv/bin/saferollout", "scripts/", "python"))
]  # fmt: skip


def command_of(words: list[str]) -> tuple[str, Any, list[str]]:
    """Return the name of the command, the command, and what is left for it; fail where there is none of that name."""
    command, name = ROOT, []
    while hasattr(command, "commands"):
        assert words and words[0] in command.commands, f"there is no command {' '.join([*name, *words[:1]])}"
        name.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    return " ".join(name), command, words


def is_offline(command: Command) -> bool:
    return command_of(ours(command.text) or [])[0] in OFFLINE


def test_the_pages_have_commands_of_every_kind() -> None:
    assert min(len(LINES), len(FORMS), len(SCRIPTS), len(OTHERS)) >= 8
    assert sum(map(is_offline, LINES)) >= 4


@pytest.mark.parametrize("line", LINES, ids=str)
def test_the_program_takes_the_arguments(line: Command) -> None:
    name, command, words = command_of(ours(line.text) or [])
    command.make_context(name, list(words))  # raises on an unknown option, a value that is none, an argument that is missing


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_program_has_the_command_and_the_options(form: Code) -> None:
    words = ours(form.text.replace("[", "").replace("]", "")) or []
    if words[0].startswith("-"):
        assert CliRunner().invoke(app, words).exit_code == 0
        return
    for verb in words[0].split("|"):
        _, command, rest = command_of([verb, *words[1:]])
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        named = {option for word in rest for option in word.split("|") if option.startswith("-")}
        assert named <= known


@pytest.mark.parametrize("line", [line for line in LINES if is_offline(line)], ids=str)
def test_an_offline_command_runs_on_the_files_of_its_page(line: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line.page in DESKS, f"{line}: say in tests/unit/docs/desks.py on which files it runs"
    desk = Desk(tmp_path)
    DESKS[line.page](desk)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [desk.words.get(word, word) for word in ours(line.text) or []], input=desk.standard_input)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("line", SCRIPTS, ids=str)
def test_our_other_programs_take_the_arguments(line: Command) -> None:
    words = line.text.split()
    program, rest = (words[0], words[1:]) if words[0].startswith("scripts/") else (f"-m {words[2]}", words[3:])
    if program == "scripts/setup":
        assert rest == []
        return
    parser: Callable[[], argparse.ArgumentParser] = importlib.import_module(PARSERS[program]).parser
    for arguments in _alternatives(rest):
        try:
            parser().parse_args(arguments)
        except SystemExit as end:
            assert end.code == 0, line


def test_every_line_of_kubectl_and_helm_is_run_on_a_cluster_or_says_why_not() -> None:
    known = {*(key for key in RUN_ON_A_CLUSTER if key[1].startswith(("kubectl", "helm"))), *NOT_RUN}
    assert set(OTHERS) == known


def test_every_line_of_ours_that_is_run_on_a_cluster_is_on_its_page() -> None:
    assert {key for key in RUN_ON_A_CLUSTER if not key[1].startswith(("kubectl", "helm"))} <= {line.key for line in LINES}


def test_every_line_that_is_said_to_run_on_a_cluster_is_typed_there() -> None:
    tree = ast.parse((Path(__file__).parents[2] / "cluster" / "test_commands_on_pages.py").read_text(encoding="utf-8"))
    assert {line for _, line in RUN_ON_A_CLUSTER} <= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_every_line_that_needs_a_cluster_is_run_on_one() -> None:
    assert {line.key for line in LINES if not is_offline(line)} <= RUN_ON_A_CLUSTER


def _alternatives(words: list[str]) -> Iterator[list[str]]:
    """Yield the arguments with each of the alternatives a|b|c."""
    place = next((index for index, word in enumerate(words) if "|" in word), None)
    if place is None:
        yield words
        return
    for one in words[place].split("|"):
        yield [*words[:place], one, *words[place + 1 :]]
