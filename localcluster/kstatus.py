"""What kstatus says of objects: the very library with which Flux and Helm read readiness, in a small program of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.binaries import BinariesMissing
from localcluster.go_build import build_program, modules_hash
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

_MODULES = Path(__file__).resolve().parent / "kstatus_build"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The library's word (Current, InProgress, Failed, Terminating, Unknown) and its sentence."""

    status: str
    message: str


def readiness(objects: Iterable[Mapping[str, Any]]) -> list[Readiness]:
    """Ask the library about objects as the API server has them; one answer for each, in their order."""
    path = _program()
    if not path.exists():
        raise BinariesMissing("kstatus is not built yet; run: python3 -m localcluster fetch")
    questions = "\n".join(json.dumps(item) for item in objects)
    finished = subprocess.run([str(path)], input=questions, capture_output=True, text=True, check=True, timeout=60)
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    return [Readiness(answer["status"], answer["message"]) for answer in answers]


def ensure_kstatus() -> str:
    """Return the path of the program, building it first if it is not there yet; after Helm, whose modules it shares, in seconds."""
    path = _program()
    if not path.exists():
        with locked("kstatus-build.lock"):
            if not path.exists():
                with timed("kstatus from Go modules"):
                    build_program(_MODULES, ".", path, linker_flags="-s -w")
    return str(path)


def _program() -> Path:
    return cache_folder() / "kstatus" / modules_hash(_MODULES) / "kstatus"
