"""The page on commands and the commands themselves say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.testing import CliRunner

from saferollout.cli.checks.lines import Check, Level
from saferollout.cli.main import app
from saferollout.cli.seen import Verdict
from saferollout.core.lint_findings import Code

PAGE = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
OPERATOR_ONLY = {"run", "give-back"}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - OPERATOR_ONLY))
def test_every_command_and_its_options_are_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE
    command = COMMANDS[name]
    parts = getattr(command, "commands", {})
    assert {part for part in parts if f"`{name} {part}`" not in PAGE} == set()
    parameters = [parameter for one in (command, *parts.values()) for parameter in one.params]
    options = {option for parameter in parameters for option in parameter.opts if option.startswith("-")}
    assert {option for option in options if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", PAGE)} == set()


def test_every_finding_of_lint_is_on_the_page() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| (?:error|warning) \|", PAGE, flags=re.MULTILINE)
    assert sorted(listed) == sorted(Code)


def test_every_verdict_of_explain_is_on_the_page() -> None:
    assert {verdict for verdict in Verdict if verdict not in PAGE} == set()


def test_the_version_is_that_of_the_package_and_the_chart() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = yaml.safe_load((Path(__file__).parents[3] / "charts" / "saferollout" / "Chart.yaml").read_text(encoding="utf-8"))
    assert shown.output == f"saferollout {chart['appVersion']}\n" == f"saferollout {project['version']}\n"
    assert "--version" in PAGE


def test_every_line_of_check_is_on_the_page() -> None:
    section = PAGE.split("\n## check\n", 1)[1].split("\n## ", 1)[0]
    listed = [name for row in re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| [A-Za-z]", section, flags=re.MULTILINE) for name in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(listed) == sorted(Check)
    assert re.findall(r"^\| \S+ ([a-z ]+) \| `", section, flags=re.MULTILINE) == list(Level)
