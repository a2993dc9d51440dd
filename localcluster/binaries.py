"""Kubernetes' own programs, built from Go modules into the cache."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from localcluster.go_build import build_program, modules_hash
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

KUBERNETES_VERSION = "1.36.3"
CONTROL_PLANE_BINARIES = ("kube-apiserver", "kube-controller-manager", "kubectl")
NODE_BINARIES = ("kube-scheduler", "kubelet", "kube-proxy")
_MODULES = Path(__file__).resolve().parent / "kubernetes"


class BinariesMissing(RuntimeError):
    """Raised when a cluster is wanted before its programs were built; names the command."""


def binaries_folder() -> Path:
    """Return the folder for exactly these modules: another go.mod or go.sum is another folder."""
    return cache_folder() / "kubernetes" / modules_hash(_MODULES, linker_flags=_linker_flags())


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
        for name in names:
            if not (binaries_folder() / name).exists():
                with timed(f"{name} {KUBERNETES_VERSION} from Go modules"):
                    build_program(_MODULES, f"k8s.io/kubernetes/cmd/{name}", binaries_folder() / name, linker_flags=_linker_flags())


def _linker_flags() -> str:
    """Say the version, which a build from modules does not know, in the variables that component-base reads."""
    major, minor, _ = KUBERNETES_VERSION.split(".")
    values = {"gitVersion": f"v{KUBERNETES_VERSION}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())])
