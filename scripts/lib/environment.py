"""The virtual environment .venv: exactly the locked packages, and this checkout as the saferollout command."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from localcluster.packages import PackagesMissing, ensure_packages
from localcluster.paths import CHECKOUT
from localcluster.ports import locked
from localcluster.progress import say, timed

ENVIRONMENT = CHECKOUT / ".venv"
_LOCK = CHECKOUT / "requirements-dev.lock"
_STAMP = ENVIRONMENT / "installed-from"


class EnvironmentFailed(RuntimeError):
    """Raised with the end of pip's output."""


def ensure_environment() -> Path:
    """Return the environment's Python, after installing whatever the lock says and the environment lacks."""
    python = ENVIRONMENT / "bin" / "python"
    with locked("environment.lock"):
        if not _works(python):
            with timed("virtual environment .venv"):
                _create()
        if not _STAMP.exists() or _STAMP.read_text() != _fingerprint(python):
            with timed("locked packages into .venv"):
                _pip(python, "--require-hashes", f"--requirement={_LOCK}")
            _pip(python, "--no-deps", "--no-build-isolation", f"--editable={CHECKOUT}")
            _STAMP.write_text(_fingerprint(python))
    return python


def _create() -> None:
    if not _has_ensurepip():
        ensure_packages({"/usr/share/python-wheels": "python3-venv"})
    finished = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise EnvironmentFailed(f"python -m venv failed: {finished.stdout}{finished.stderr}")


def _has_ensurepip() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0


def _works(python: Path) -> bool:
    """Say whether the environment's Python starts and has pip; an upgrade of the system's Python can break it."""
    try:
        return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _fingerprint(python: Path) -> str:
    version = subprocess.run([str(python), "--version"], capture_output=True, text=True, check=True).stdout
    content = b"".join(path.read_bytes() for path in (_LOCK, CHECKOUT / "pyproject.toml"))
    return hashlib.sha256(content + version.encode() + str(CHECKOUT).encode()).hexdigest()


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise EnvironmentFailed("pip install failed:\n" + "\n".join((finished.stdout + finished.stderr).splitlines()[-15:]))


if __name__ == "__main__":
    try:
        say(f"ready: {ensure_environment().with_name('saferollout')}")
    except (EnvironmentFailed, PackagesMissing) as failure:
        sys.exit(str(failure))
