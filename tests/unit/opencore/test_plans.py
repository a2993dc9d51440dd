"""The plans that the declared releases of the scene promise, worked out offline from the files that it applies."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from saferollout.cli.main import app
from tests.unit.opencore.kustomized import workloads
from tests.unit.opencore.services import OPENCORE


@pytest.fixture
def plan(tmp_path: Path) -> Any:
    def run(live: str, desired: str) -> tuple[int, dict[str, Any]]:
        folders = {"live": live, "desired": desired}
        for name, commit in folders.items():
            (tmp_path / name).mkdir()
            shutil.copy(OPENCORE / "declared/saferollout.yaml", tmp_path / name)
            deployments = workloads(OPENCORE / "declared" / commit).values()
            (tmp_path / name / "workloads.yaml").write_text(yaml.safe_dump_all(deployments))
        result = CliRunner().invoke(
            app, ["plan", "--live", str(tmp_path / "live"), "--desired", str(tmp_path / "desired"), "-o", "json"]
        )
        return result.exit_code, json.loads(result.stdout)

    return run


@pytest.mark.parametrize(
    ("live", "desired", "order"),
    [
        ("running", "mode-1", ["billing-service", "notification-service", "user-service"]),
        ("running", "mode-2", ["gateway", "user-service"]),
        ("running", "mode-3/1-before", ["billing-service", "notification-service"]),
        ("mode-3/1-before", "mode-3/2-release", ["user-service", "billing-service"]),
        ("running", "mode-4/1-expand", ["user-service"]),
        ("mode-4/1-expand", "mode-4/2-migrate", ["user-service"]),
        ("running", "mode-5/1-expand", ["user-service"]),
        ("mode-5/1-expand", "mode-5/2-migrate", ["user-service"]),
    ],
)
def test_a_declared_release_has_a_safe_order(plan: Any, live: str, desired: str, order: list[str]) -> None:
    code, answer = plan(live, desired)
    assert (code, answer["accepted"]) == (0, True), answer
    assert [step["workload"] for step in answer["steps"] if step.get("kind", "Roll") == "Roll"] == order


@pytest.mark.parametrize(("desired", "mode"), [("mode-4/0-refused", 4), ("mode-5/0-refused", 5)])
def test_what_no_order_makes_safe_is_refused_with_its_failure_mode(plan: Any, desired: str, mode: int) -> None:
    code, answer = plan("running", desired)
    assert (code, answer["accepted"], answer["reason"]) == (3, False, "SelfConflict")
    assert mode in [conflict["failureMode"] for conflict in answer["conflicts"]]
