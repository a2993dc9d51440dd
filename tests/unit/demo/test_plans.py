"""The plans that the demo promises, worked out offline from the files that it applies."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from localcluster.demo.git import MANIFESTS, NEW_EVENT, NO_SAFE_ORDER, RUNNING, UNDECLARED, checked_out
from saferollout.cli.main import app


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    def run(*, live: tuple[str, ...], desired: tuple[str, ...]) -> tuple[int, dict[str, Any]]:
        folders = {name: tmp_path / name for name in ("live", "desired")}
        for folder, commits in zip(folders.values(), (live, desired), strict=True):
            folder.mkdir()
            for file in [MANIFESTS / "saferollout.yaml", *checked_out(*commits)]:
                shutil.copy(file, folder)
        result = CliRunner().invoke(app, ["plan", "--live", str(folders["live"]), "--desired", str(folders["desired"]), "-o", "json"])
        return result.exit_code, json.loads(result.stdout)

    return run


def test_the_first_story_is_planned_readers_first_then_the_writer_then_the_gateway(plan: Any) -> None:
    code, answer = plan(live=(RUNNING,), desired=(RUNNING, NEW_EVENT))
    assert code == 0
    assert [(step["workload"], step["stage"]) for step in answer["steps"]] == [
        ("billing-service", "Expand"),
        ("notification-service", "Expand"),
        ("user-service", "Migrate"),
        ("gateway", "Migrate"),
    ]


def test_the_second_story_is_refused_with_both_ways_to_fail_and_the_repair(plan: Any) -> None:
    code, answer = plan(live=(RUNNING, NEW_EVENT), desired=(RUNNING, NEW_EVENT, NO_SAFE_ORDER))
    assert (code, answer["accepted"], answer["reason"]) == (3, False, "NoSafeOrder")
    assert [(conflict["version"], conflict["failureMode"]) for conflict in answer["conflicts"]] == [("3", 1), ("2", 3)]
    assert [(repair["workload"], repair["reads"]) for repair in answer["repairs"]] == [("billing-service", ["1", "2", "3"])]


def test_no_plan_can_see_the_third_story_coming(plan: Any) -> None:
    code, answer = plan(live=(RUNNING, NEW_EVENT), desired=(RUNNING, NEW_EVENT, UNDECLARED))
    assert (code, answer["accepted"]) == (0, True)
    assert [step["workload"] for step in answer["steps"]] == ["user-service"]
