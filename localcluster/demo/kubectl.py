"""kubectl and saferollout as a person would run them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.demo.failure import StoryFailed

NAMESPACE = "opencore"
SAFEROLLOUT = "opencore"
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs, and the cluster they speak to."""

    kubectl_program: str
    saferollout_program: str
    kubeconfig: Path

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the demo's namespace and return what it printed."""
        return self._run(self.kubectl_command(*arguments)).stdout

    def kubectl_command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", f"--namespace={NAMESPACE}", *arguments]

    def get(self, *what: str) -> dict[str, Any]:
        """Return an object, or a list of them, as the API server has it."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output=json"))
        return found

    def apply(self, files: Sequence[Path]) -> str:
        """Apply files; return what the API server said, warnings included."""
        flags = [f"--filename={file}" for file in files]
        finished = self._run(self.kubectl_command("apply", *flags))
        return finished.stdout + finished.stderr

    def screen(self, *arguments: str) -> str:
        """Run a command of saferollout that shows something and return the screen, whatever its exit code."""
        command = [self.saferollout_program, *arguments, f"--namespace={NAMESPACE}", f"--kubeconfig={self.kubeconfig}"]
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
        return finished.stdout + finished.stderr

    def status(self) -> dict[str, Any]:
        """Return the status of the demo's SafeRollout; empty before the operator has seen it."""
        found: dict[str, Any] = self.get("saferollout", SAFEROLLOUT).get("status") or {}
        return found

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
        if finished.returncode != 0:
            raise StoryFailed(f"{' '.join(command)} ended with {finished.returncode}:\n{finished.stderr.strip()}")
        return finished
