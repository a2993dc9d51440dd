"""A real Argo CD as processes beside a control plane: redis, repo server, application controller and API server."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster.argocd_objects import install_objects
from localcluster.argocd_programs import ArgoCdPrograms, argo_cd_programs
from localcluster.cluster import Cluster
from localcluster.control_plane import wait_until
from localcluster.kubeconfig import write_kubeconfig
from localcluster.packages import SEARCH_PATH, find_command
from localcluster.ports import reserve_ports
from localcluster.progress import timed

_REDIS, _REPO, _CONTROLLER, _SERVER = "argocd-redis", "argocd-repo-server", "argocd-application-controller", "argocd-server"
_PARTS = (_REDIS, _REPO, _CONTROLLER, _SERVER)


@dataclass(frozen=True, slots=True)
class _Ports:
    """Ports on 127.0.0.1; the controller's metrics alone listen on all addresses, because it has no option for that."""

    redis: int
    repo: int
    repo_metrics: int
    controller_metrics: int
    server: int
    server_metrics: int


@dataclass(frozen=True, slots=True)
class ArgoCd:
    """A running Argo CD. `url` is its API, without authentication: it listens on loopback only."""

    cluster: Cluster
    ports: _Ports

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.server}"


@contextmanager
def argo_cd(cluster: Cluster, *, settings: Mapping[str, str]) -> Iterator[ArgoCd]:
    """Run an Argo CD as start_argo_cd does; end what was started, keep the logs with the cluster's."""
    running = start_argo_cd(cluster, settings=settings)
    try:
        yield running
    finally:
        stop_argo_cd(cluster)


def start_argo_cd(cluster: Cluster, *, settings: Mapping[str, str]) -> ArgoCd:
    """Start an Argo CD with `settings` added to the argocd-cm of its release; it ends with the cluster."""
    programs = argo_cd_programs()
    with timed("Argo CD"):
        server = install_objects(cluster, programs, settings=settings)
        kubeconfig = write_kubeconfig(_folder(cluster) / "argocd.kubeconfig", server=server, user="argocd", namespace="argocd")
        # Remembered as the cluster's own ports, and forgotten with it.
        running = ArgoCd(cluster, _Ports(*reserve_ports(cluster.record.name, count=6)))
        try:
            _start(running, programs, kubeconfig)
        except BaseException:
            stop_argo_cd(cluster)
            raise
    return running


def stop_argo_cd(cluster: Cluster) -> None:
    """End every part of it; its objects stay in the cluster."""
    for part in reversed(_PARTS):
        cluster.processes.stop(part)


def _folder(cluster: Cluster) -> Path:
    return cluster.folder.root / "argocd"


def _start(running: ArgoCd, programs: ArgoCdPrograms, kubeconfig: Path) -> None:
    ports, processes = running.ports, running.cluster.processes
    environment = _environment(running.cluster, programs, kubeconfig)
    processes.start(_REDIS, _redis(ports, _folder(running.cluster)))
    for name, arguments in ((_REPO, _repo_server(ports)), (_CONTROLLER, _controller(ports)), (_SERVER, _api_server(ports))):
        processes.start(name, [str(programs.bin / name), *arguments], environment=environment)
    health = [f"http://127.0.0.1:{port}/healthz" for port in (ports.repo_metrics, ports.controller_metrics, ports.server)]
    wait_until(lambda: all(map(_answers, health)), processes=processes, names=_PARTS)


def _environment(cluster: Cluster, programs: ArgoCdPrograms, kubeconfig: Path) -> dict[str, str]:
    folder = _folder(cluster)
    scratch = folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{programs.bin}:{SEARCH_PATH}",
        "KUBECONFIG": str(kubeconfig),
        "HOME": str(folder),
        "TMPDIR": str(scratch),
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
    }


def _redis(ports: _Ports, folder: Path) -> list[str]:
    on_loopback = ["--bind", "127.0.0.1", "--port", str(ports.redis), "--dir", str(folder)]
    return [find_command("redis-server") or "redis-server", *on_loopback, "--save", "", "--appendonly", "no"]


def _repo_server(ports: _Ports) -> list[str]:
    return [
        "--address=127.0.0.1",
        f"--port={ports.repo}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports.repo_metrics}",
        f"--redis=127.0.0.1:{ports.redis}",
        "--disable-tls",
        "--client-ca-path=",
        "--logformat=text",
    ]


def _controller(ports: _Ports) -> list[str]:
    return [
        f"--metrics-port={ports.controller_metrics}",
        f"--repo-server=127.0.0.1:{ports.repo}",
        "--repo-server-plaintext",
        f"--redis=127.0.0.1:{ports.redis}",
        # A loop must show within a test's time: it looks every 5 s, and heals again a second after it healed.
        "--app-resync=5",
        "--app-resync-jitter=0",
        "--self-heal-backoff-timeout-seconds=1",
        "--logformat=text",
    ]


def _api_server(ports: _Ports) -> list[str]:
    return [
        "--address=127.0.0.1",
        f"--port={ports.server}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports.server_metrics}",
        f"--repo-server=127.0.0.1:{ports.repo}",
        "--repo-server-plaintext",
        f"--redis=127.0.0.1:{ports.redis}",
        "--insecure",
        "--disable-auth",
        "--logformat=text",
    ]


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
