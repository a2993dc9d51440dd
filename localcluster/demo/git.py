"""The demo's files, and its Git: each folder below examples/demo/git is a commit and holds the files that it changes."""

from __future__ import annotations

from pathlib import Path

from localcluster.paths import CHECKOUT

DEMO = CHECKOUT / "examples/demo"
MANIFESTS = DEMO / "manifests"
SAFEROLLOUT_FILE = MANIFESTS / "saferollout.yaml"
SERVICES = DEMO / "services"
SAFEROLLOUT_PROGRAM = CHECKOUT / ".venv/bin/saferollout"

RUNNING = "0-running"
NEW_EVENT = "1-new-event"
NO_SAFE_ORDER = "2-no-safe-order"
UNDECLARED = "3-undeclared"


def checked_out(*commits: str) -> list[Path]:
    """Return every workload's file as it stands after these commits, the last one winning."""
    files = {file.name: file for commit in commits for file in sorted((DEMO / "git" / commit).glob("*.yaml"))}
    return list(files.values())


def service_files() -> list[Path]:
    """Return the program of every version of every service."""
    return sorted(SERVICES.glob("*/*/service.py"))
