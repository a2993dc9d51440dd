"""Run `saferollout plan` inside a test: a reader and a writer of one topic, as they are and as they shall be."""

import json
from pathlib import Path
from typing import Any

from typer import Typer
from typer.testing import CliRunner, Result

from saferollout.cli import plan
from tests.manifests import deployment, saferollout, write_manifests

TOPIC = {"name": "events", "topic": {"name": "events", "retentionSeconds": 60}}
SPEC = saferollout(["reader", "writer"], [TOPIC])
LIVE = deployment("reader", "events: {reads: [1]}", image="1"), deployment("writer", "events: {writes: [1]}", image="1")
DESIRED = deployment("reader", "events: {reads: [1, 2]}", image="2"), deployment("writer", "events: {writes: [2]}", image="2")


def run(*arguments: str, stdin: str = "") -> Result:
    app = Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    plan.register(app)
    return CliRunner().invoke(app, ["plan", *arguments], input=stdin)


def planned(folder: Path, live: tuple[dict[str, Any], ...], desired: tuple[dict[str, Any], ...], *arguments: str) -> Result:
    return run(
        "--live", write_manifests(folder / "live.yaml", *live), "--desired", write_manifests(folder / "desired.yaml", *desired), *arguments
    )


def rolls(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [step["workload"] for step in json.loads(result.stdout)["steps"]]
