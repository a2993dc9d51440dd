"""Argo CD's programs and manifests, from Go modules into the cache."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from localcluster.binaries import BinariesMissing
from localcluster.go_build import build_program, module_source, modules_hash
from localcluster.packages import ensure_packages
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

ARGO_CD_PACKAGES = {"redis-server": "redis-server", "git": "git", "gpg": "gpg"}
_MODULES = Path(__file__).resolve().parent / "argocd_build"
_MODULE = "github.com/argoproj/argo-cd/v3"
# One program; the name it is called by picks the part.
_NAMES = ("argocd", "argocd-repo-server", "argocd-application-controller", "argocd-server")
# The repo server calls these by name around git and gpg, and fails with "permission denied" and nothing else where they are absent.
_WRAPPERS = ("git-verify-wrapper.sh", "gpg-wrapper.sh")
_MANIFESTS = ("crds", "base/config")


@dataclass(frozen=True, slots=True)
class ArgoCdPrograms:
    """What was built: `bin` belongs on the PATH of every part."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def crds(self) -> Path:
        """A kustomization of Argo CD's CustomResourceDefinitions."""
        return self.folder / "manifests" / "crds"

    @property
    def config(self) -> Path:
        """A kustomization of the ConfigMaps and the Secret that an installation begins with."""
        return self.folder / "manifests" / "base" / "config"


def argo_cd_version() -> str:
    """Return the version that go.mod asks for, without the v."""
    found = re.search(rf"{re.escape(_MODULE)} v(\S+)", (_MODULES / "go.mod").read_text())
    return found.group(1) if found else "3"


def argo_cd_programs() -> ArgoCdPrograms:
    """Return what was built, or raise BinariesMissing."""
    programs = ArgoCdPrograms(_folder())
    if not _is_complete(programs):
        raise BinariesMissing(f"Argo CD {argo_cd_version()} is not built yet; run: python3 -m localcluster fetch --argocd")
    return programs


def ensure_argo_cd() -> ArgoCdPrograms:
    """Install what Argo CD runs on and build it, unless that was done (minutes)."""
    ensure_packages(ARGO_CD_PACKAGES)
    programs = ArgoCdPrograms(_folder())
    if not _is_complete(programs):
        with locked("argocd-build.lock"):
            if not _is_complete(programs):
                with timed(f"Argo CD {argo_cd_version()} from Go modules"):
                    _build(programs)
    return programs


def _folder() -> Path:
    return cache_folder() / "argocd" / modules_hash(_MODULES)


def _is_complete(programs: ArgoCdPrograms) -> bool:
    return all((programs.bin / name).exists() for name in (*_NAMES, *_WRAPPERS)) and programs.config.exists()


def _build(programs: ArgoCdPrograms) -> None:
    # Whatever an interrupted build left is no reason to take the rest for done.
    shutil.rmtree(programs.folder, ignore_errors=True)
    version = f"-X {_MODULE}/common.version={argo_cd_version()}"
    build_program(_MODULES, f"{_MODULE}/cmd", programs.bin / _NAMES[0], linker_flags=f"-s -w {version}")
    source = module_source(_MODULES, _MODULE)
    for part in _MANIFESTS:
        _copy_files(source / "manifests" / part, programs.folder / "manifests" / part)
    for wrapper in _WRAPPERS:
        target = programs.bin / wrapper
        shutil.copyfile(source / "hack" / wrapper, target)
        target.chmod(0o755)  # files of a module are never executable
    for name in _NAMES[1:]:
        (programs.bin / name).symlink_to(_NAMES[0])


def _copy_files(source: Path, target: Path) -> None:
    """Copy without the read-only modes of Go's cache: what is ours must be deletable."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        shutil.copyfile(file, target / file.name)


if __name__ == "__main__":
    print(ensure_argo_cd().folder)
