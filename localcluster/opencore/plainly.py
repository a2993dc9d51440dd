"""A plain rolling update, also where SafeRollout is installed: it is asked to let go first."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import yaml

from localcluster.demo.kubectl import SAFEROLLOUT, Tools
from localcluster.opencore.stage import apply_folder, is_installed

_OPTED_IN, _HELD = "saferollout.io/managed-by", "saferollout.io/held"
_BYPASS = "saferollout.io/bypass"
_MARKS = (_BYPASS, "saferollout.io/bypassed", "saferollout.io/left-paused")


def roll_out_plainly(tools: Tools, folder: Path) -> None:
    """Apply a folder so that nobody holds it. The API server holds whatever opts in, so workloads are opted out before their templates change."""
    if not is_installed(tools):
        apply_folder(tools, folder)
        return
    unguard(tools)
    _let_go(tools)
    manifests = list(yaml.safe_load_all(tools.kubectl("kustomize", str(folder))))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump_all(opted_out(manifests), file)
        file.flush()
        tools.apply([Path(file.name)])


def _let_go(tools: Tools) -> None:
    """Opt every workload out; one that is held although no SafeRollout is there is let go as a person would do it, by a bypass."""
    # What a bypass releases is followed at once by what is applied.
    held, opted_in = (tools.kubectl("get", "deployments", f"--selector={label}", "--output=name").split() for label in (_HELD, _OPTED_IN))
    if held:
        tools.kubectl("annotate", *held, "--overwrite", f"{_BYPASS}=the scene goes back")
    if opted_in:
        tools.kubectl("label", *opted_in, f"{_OPTED_IN}-")
        tools.kubectl("annotate", *opted_in, *(f"{mark}-" for mark in _MARKS))


def opted_out(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return manifests as they would be without SafeRollout: nobody opts in, and nothing stays paused."""
    for document in documents:
        document["metadata"].get("labels", {}).pop(_OPTED_IN, None)
        if document["kind"] == "Deployment":
            document["spec"]["paused"] = False
    return documents


def unguard(tools: Tools) -> None:
    """Delete the SafeRollout, so that its workloads are given back."""
    tools.kubectl("delete", "saferollout", SAFEROLLOUT, "--ignore-not-found", "--timeout=100s")
