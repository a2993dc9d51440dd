"""Golden plans: each story in `plans/` is a release in a few words and what `saferollout plan` says to it, verbatim.

After a wanted change: GOLDEN=write, run again, and read the difference before committing it.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from saferollout.cli import plan
from tests.manifests import deployment, saferollout, write_manifests

STORIES = sorted((Path(__file__).parent / "plans").glob("*.yaml"))


def deployments(story: dict[str, Any], side: str) -> list[dict[str, Any]]:
    """Return the Deployments of one side. A workload that is not under `desired` is unchanged; `image` keeps the old image."""
    running, wanted = story.get("live", {}), story.get("desired", {})
    recreate = story.get("recreate", ())
    declared = running if side == "live" else {**running, **wanted}
    return [
        deployment(
            name,
            declares,
            image="new" if side == "desired" and name in wanted else "old",
            strategy="Recreate" if name in recreate else "RollingUpdate",
        )
        for name, declares in declared.items()
    ]


def told(story: dict[str, Any], folder: Path, arguments: list[str]) -> str:
    contracts = [{"name": name, **contract} for name, contract in story["contracts"].items()]
    wanted = saferollout(story["workloads"], contracts)
    running = {**wanted, "status": {"contracts": [{"name": n, "storedVersions": v} for n, v in story.get("stored", {}).items()]}}
    live = write_manifests(folder / "live.yaml", running, *deployments(story, "live"))
    desired = write_manifests(folder / "desired.yaml", wanted, *deployments(story, "desired"))
    app = Typer()
    app.callback()(lambda: None)
    plan.register(app)
    result = CliRunner().invoke(app, ["plan", "--live", live, "--desired", desired, *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    shown = " ".join(["$ saferollout plan", *arguments])
    return f"{shown}\n{result.output.replace(str(folder) + '/', '')}exit code {result.exit_code}\n"


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_is_told_as_it_was_written_down(path: Path, tmp_path: Path) -> None:
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    calls = [call.split() for call in story.get("calls", [""])]
    text = "\n".join(told(story, tmp_path, call) for call in calls)
    golden = path.with_suffix(".txt")
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_there_are_stories() -> None:
    assert len(STORIES) > 20
