"""Kubernetes' own programs, built from Go modules into the cache."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from localcluster.golang import MODULE_FOLDER, ensure_go
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

KUBERNETES_VERSION = "1.36.3"
CONTROL_PLANE_BINARIES = ("kube-apiserver", "kube-controller-manager", "kubectl")
NODE_BINARIES = ("kube-scheduler", "kubelet", "kube-proxy")


class BinariesMissing(RuntimeError):
    """Raised when a cluster is wanted before its programs were built; names the command."""


class BuildFailed(RuntimeError):
    """Raised with the end of the compiler's output."""


def binaries_folder() -> Path:
    """Return the folder for exactly these modules: another go.mod or go.sum is another folder."""
    content = b"".join((MODULE_FOLDER / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache_folder() / "kubernetes" / hashlib.sha256(content + _linker_flags().encode()).hexdigest()[:16]


def binary(name: str) -> str:
    """Return the path of a built program, or raise BinariesMissing."""
    path = binaries_folder() / name
    if not path.exists():
        raise BinariesMissing(f"{name} {KUBERNETES_VERSION} is not built yet; run: python3 -m localcluster fetch")
    return str(path)


def build_binaries(names: Iterable[str]) -> None:
    """Build what is not there yet; stopping half-way loses nothing but the part in work."""
    if all((binaries_folder() / name).exists() for name in names):
        return
    with locked("kubernetes-build.lock"):
        go = ensure_go()
        for name in names:
            if not (binaries_folder() / name).exists():
                with timed(f"{name} {KUBERNETES_VERSION} from Go modules"):
                    _build(go, name)


def _build(go: str, name: str) -> None:
    folder = binaries_folder()
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    # Whatever the machine's Go settings are, the committed go.sum decides what is compiled.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    command = [go, "build", "-trimpath", "-ldflags", _linker_flags(), "-o", str(partial), f"k8s.io/kubernetes/cmd/{name}"]
    finished = subprocess.run(command, cwd=MODULE_FOLDER, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise BuildFailed(f"building {name} failed:\n" + "\n".join(finished.stderr.splitlines()[-20:]))
    partial.rename(folder / name)


def _linker_flags() -> str:
    """Say the version, which a build from modules does not know, in the variables that component-base reads."""
    major, minor, _ = KUBERNETES_VERSION.split(".")
    values = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())])
