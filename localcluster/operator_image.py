"""The operator's image: Debian's Python, the locked packages, and the code of this checkout."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from localcluster.base_image import base_layer
from localcluster.fake_node import project_python
from localcluster.images import Image, ImageContent, build_image
from localcluster.paths import CHECKOUT, cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

_PACKAGES = "/opt/saferollout/packages"
_CODE = "/opt/saferollout/code"
_COMMAND = b"#!/usr/bin/python3\nfrom saferollout.cli.main import main\n\nmain()\n"


class PackagesUnavailable(RuntimeError):
    """Raised with the end of pip's output."""


def build_operator_image(tag: str = "dev") -> Image:
    """Return localhost/saferollout:TAG; its entry point is `saferollout`, as in any image of it."""
    base = base_layer()
    content = ImageContent(
        entrypoint=["/usr/local/bin/saferollout"],
        files={
            "/usr/local/bin/saferollout": _COMMAND,
            _PACKAGES: locked_packages(CHECKOUT / "requirements.lock", python_version=base.python_version),
            f"{_CODE}/saferollout": CHECKOUT / "operator" / "saferollout",
        },
        # Nothing may be written in the image, so Python must not try to keep its compiled files.
        environment={"PYTHONPATH": f"{_CODE}:{_PACKAGES}", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return build_image("saferollout", tag, content, base=base)


def locked_packages(lock: Path, *, python_version: str) -> Path:
    """Return a folder with exactly the lock's packages for that Python; installed once for a lock."""
    key = hashlib.sha256(python_version.encode() + lock.read_bytes()).hexdigest()[:16]
    folder = cache_folder() / "images" / f"packages-{key}"
    with locked("image-packages.lock"):
        if not folder.exists():
            with timed(f"packages of {lock.name} for Python {python_version}"):
                _install(lock, folder, python_version=python_version)
    return folder


def _install(lock: Path, folder: Path, *, python_version: str) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        project_python(), "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:",
        f"--python-version={python_version}", "--implementation=cp", f"--target={partial}", f"--requirement={lock}",
    ]  # fmt: skip
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise PackagesUnavailable("pip failed:\n" + "\n".join(finished.stderr.splitlines()[-15:]))
    shutil.rmtree(partial / "bin", ignore_errors=True)
    partial.rename(folder)
