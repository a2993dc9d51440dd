"""Programs in Go, compiled from modules whose versions a committed go.mod and go.sum decide."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from localcluster.golang import ensure_go


class BuildFailed(RuntimeError):
    """Raised with the end of the compiler's output."""


def modules_hash(modules: Path, *, linker_flags: str = "") -> str:
    """Name exactly these modules: another go.mod, go.sum, source of our own or flag is another name, and so another folder of the cache."""
    content = b"".join(path.read_bytes() for path in (modules / "go.mod", modules / "go.sum", *sorted(modules.glob("*.go"))))
    return hashlib.sha256(content + linker_flags.encode()).hexdigest()[:16]


def build_program(modules: Path, package: str, target: Path, *, linker_flags: str) -> None:
    """Compile one program; it appears at its place whole or not at all. Raises BuildFailed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    _run(modules, "build", "-trimpath", "-ldflags", linker_flags, "-o", str(partial), package)
    partial.rename(target)


def module_source(modules: Path, module: str) -> Path:
    """Return the folder of a module's source in Go's own cache, which is read-only. Raises BuildFailed."""
    return Path(_run(modules, "list", "-m", "-f", "{{.Dir}}", module).strip())


def _run(modules: Path, verb: str, *arguments: str) -> str:
    # Whatever the machine's Go settings are, the committed go.sum decides what is compiled.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    command = [ensure_go(modules), verb, *arguments]
    finished = subprocess.run(command, cwd=modules, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise BuildFailed(f"go {verb} {arguments[-1]} failed:\n" + "\n".join(finished.stderr.splitlines()[-20:]))
    return finished.stdout
