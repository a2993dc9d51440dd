"""The helm command, built from Go modules into the cache: it renders and installs the chart."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from localcluster.binaries import BinariesMissing
from localcluster.go_build import build_program, modules_hash
from localcluster.paths import CHECKOUT, cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

CHART = CHECKOUT / "charts" / "saferollout"
_MODULES = Path(__file__).resolve().parent / "helm_build"
_COMMAND = "helm.sh/helm/v4/cmd/helm"


class HelmFailed(RuntimeError):
    """Raised with helm's own words."""


def helm_binary() -> str:
    """Return the path of the built helm, or raise BinariesMissing."""
    path = _folder() / "helm"
    if not path.exists():
        raise BinariesMissing(f"helm {_version()} is not built yet; run: python3 -m localcluster.helm")
    return str(path)


def ensure_helm() -> str:
    """Return the path of helm, building it first if it is not there yet (about a minute)."""
    path = _folder() / "helm"
    if not path.exists():
        with locked("helm-build.lock"):
            if not path.exists():
                _build(path)
    return str(path)


def run_helm(*arguments: str, kubeconfig: Path | None = None) -> str:
    """Run helm and return its output. Raises HelmFailed."""
    finished = try_helm(*arguments, kubeconfig=kubeconfig)
    if finished.returncode != 0:
        raise HelmFailed(f"helm {' '.join(arguments)}: {finished.stderr.strip()}")
    return finished.stdout


def try_helm(*arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run helm, whatever comes of it; its own caches stay inside ours."""
    home = cache_folder() / "helm-home"
    environment = {
        **os.environ,
        "HELM_CACHE_HOME": str(home / "cache"),
        "HELM_CONFIG_HOME": str(home / "config"),
        "HELM_DATA_HOME": str(home / "data"),
    }
    command = [ensure_helm(), *arguments, *([f"--kubeconfig={kubeconfig}"] if kubeconfig else [])]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def _folder() -> Path:
    return cache_folder() / "helm" / modules_hash(_MODULES)


def _version() -> str:
    found = re.search(r"helm\.sh/helm/v4 v(\S+)", (_MODULES / "go.mod").read_text())
    return found.group(1) if found else "4"


def _build(path: Path) -> None:
    with timed(f"helm {_version()} from Go modules"):
        flags = f"-s -w -X helm.sh/helm/v4/internal/version.version=v{_version()}"
        build_program(_MODULES, _COMMAND, path, linker_flags=flags)


if __name__ == "__main__":
    print(ensure_helm())
