"""Debian packages, without the services that some of them would start by themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcluster.ports import locked
from localcluster.progress import timed

# A command or file that proves the package's presence -> the package. Looked for by what it brings, so that a machine
# with the same thing from elsewhere (containerd from Docker's packages, say) keeps its own.
CONTROL_PLANE_PACKAGES = {"etcd": "etcd-server", "openssl": "openssl", "prometheus": "prometheus"}
NODE_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mount": "mount",
    "gcc": "gcc",
    "/usr/include/unistd.h": "libc6-dev",
    "mmdebstrap": "mmdebstrap",
}
_SERVICES = ("etcd", "containerd", "prometheus", "nftables", "redis-server")
_POLICY = Path("/usr/sbin/policy-rc.d")
_LISTS_OLD_AFTER_SECONDS = 7 * 24 * 3600
# A non-root shell's PATH often leaves the system folders out.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


class PackagesMissing(RuntimeError):
    """Raised when packages are needed and can't be installed."""


def find_command(name: str) -> str | None:
    """Return the path of a command, also from the system folders."""
    return shutil.which(name, path=SEARCH_PATH)


def missing_packages(wanted: Mapping[str, str]) -> list[str]:
    """Return the packages whose command or file is not on this machine."""
    return sorted({package for proof, package in wanted.items() if not _is_present(proof)})


def ensure_packages(wanted: Mapping[str, str]) -> None:
    """Install what is missing; a machine that has everything never sees apt."""
    if not missing_packages(wanted):
        return
    with locked("apt.lock"):
        missing = missing_packages(wanted)
        if not missing:
            return
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise PackagesMissing(f"these Debian packages are needed: apt-get install {' '.join(missing)} (as root)")
        with timed(f"Debian packages: {' '.join(missing)}"):
            _install(missing)


def _is_present(proof: str) -> bool:
    return Path(proof).exists() if proof.startswith("/") else find_command(proof) is not None


def _install(packages: list[str]) -> None:
    if _lists_are_old():
        _apt_get("update")
    services_before = _enabled_services()
    with _no_services_started():
        try:
            _apt_get("install", "--yes", "--no-install-recommends", *packages)
        except PackagesMissing:
            _apt_get("update")  # the lists may name a version that the mirror has replaced since
            _apt_get("install", "--yes", "--no-install-recommends", *packages)
    for service in _enabled_services() - services_before:
        subprocess.run(["systemctl", "disable", "--quiet", service], check=False, capture_output=True)


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120", *arguments]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        tail = "\n".join((finished.stdout + finished.stderr).splitlines()[-15:])
        raise PackagesMissing(f"{' '.join(command)} failed:\n{tail}")


def _lists_are_old() -> bool:
    lists = list(Path("/var/lib/apt/lists").glob("*_Packages*"))
    newest = max((file.stat().st_mtime for file in lists), default=0.0)
    return time.time() - newest > _LISTS_OLD_AFTER_SECONDS


def _enabled_services() -> set[str]:
    if shutil.which("systemctl") is None:
        return set()
    answers = {
        service: subprocess.run(["systemctl", "is-enabled", service], capture_output=True, text=True, check=False)
        for service in _SERVICES
    }
    return {service for service, answer in answers.items() if answer.stdout.strip() == "enabled"}


@contextmanager
def _no_services_started() -> Iterator[None]:
    """Forbid starts while dpkg runs (Debian policy 9.3.3, policy-rc.d); an existing policy of the machine stays."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
