"""The command line: `python3 -m localcluster <command>` from the checkout."""

from __future__ import annotations

import argparse
import os
import sys

from localcluster.argocd_programs import ensure_argo_cd
from localcluster.binaries import CONTROL_PLANE_BINARIES, NODE_BINARIES, BinariesMissing, binaries_folder, build_binaries
from localcluster.cluster import NoSuchCluster, find_cluster
from localcluster.container_runtime import RuntimeFailed
from localcluster.fake_node import EnvironmentMissing
from localcluster.go_build import BuildFailed
from localcluster.golang import GoUnavailable
from localcluster.helm import ensure_helm
from localcluster.images import ImageBuildFailed
from localcluster.kstatus import ensure_kstatus
from localcluster.lifecycle import DifferentCluster, down, up
from localcluster.network import NetworkFailed
from localcluster.packages import CONTROL_PLANE_PACKAGES, NODE_PACKAGES, PackagesMissing, ensure_packages
from localcluster.paths import InvalidClusterName, cache_folder, known_clusters
from localcluster.processes import ProcessFailed
from localcluster.progress import say, timed

_EXPECTED = (
    BinariesMissing,
    BuildFailed,
    DifferentCluster,
    EnvironmentMissing,
    GoUnavailable,
    ImageBuildFailed,
    InvalidClusterName,
    NetworkFailed,
    NoSuchCluster,
    PackagesMissing,
    ProcessFailed,
    RuntimeFailed,
)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; expected failures are one message, without a traceback."""
    options = parser().parse_args(arguments)
    commands = {"fetch": _fetch, "up": _up, "down": _down, "status": _status, "kubeconfig": _kubeconfig, "kubectl": _kubectl}
    try:
        return commands[options.command](options)
    except _EXPECTED as error:
        say(f"localcluster {options.command}: {error}")
        return 1


def parser() -> argparse.ArgumentParser:
    """Return what `python -m localcluster` takes."""
    arguments = argparse.ArgumentParser(prog="python3 -m localcluster", description="A real Kubernetes on this machine, without Docker.")
    commands = arguments.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="install and build what clusters need, into the cache")
    fetch.add_argument("--control-plane-only", action="store_true", help="leave out what only a real node needs")
    fetch.add_argument("--argocd", action="store_true", help="Argo CD and what it runs on, too")
    start = commands.add_parser("up", help="start a cluster")
    start.add_argument("--real-node", action="store_true", help="containerd, kubelet and real pods instead of the fakelet")
    start.add_argument("--without-mutating-policies", action="store_true", help="a server without MutatingAdmissionPolicy")
    start.add_argument("--without-fakelet", action="store_true", help="no node at all: pods stay pending")
    stop = commands.add_parser("down", help="end a cluster and delete its files")
    stop.add_argument("--all", action="store_true", help="every cluster of this cache")
    configuration = commands.add_parser("kubeconfig", help="print the path of the administrator's kubeconfig")
    kubectl = commands.add_parser("kubectl", help="run kubectl as the administrator: localcluster kubectl -- get pods -A")
    for command in (start, stop, configuration, kubectl):
        command.add_argument("--name", default="local", help="the cluster's name (default: local)")
    kubectl.add_argument("arguments", nargs="*")
    commands.add_parser("status", help="show every cluster and its processes")
    return arguments


def _fetch(options: argparse.Namespace) -> int:
    with timed(f"everything a cluster needs, cached in {cache_folder()}"):
        ensure_packages(CONTROL_PLANE_PACKAGES)
        if not options.control_plane_only:
            ensure_packages(NODE_PACKAGES)
        build_binaries(CONTROL_PLANE_BINARIES)
        if not options.control_plane_only:
            build_binaries(NODE_BINARIES)
            ensure_helm()
            ensure_kstatus()
        if options.argocd:
            ensure_argo_cd()
    say(f"programs: {binaries_folder()}")
    return 0


def _up(options: argparse.Namespace) -> int:
    with timed(f"cluster {options.name}"):
        cluster = up(
            options.name,
            real_node=options.real_node,
            mutating_policies=not options.without_mutating_policies,
            fakelet=not options.without_fakelet,
        )
    say(f"server {cluster.url}, logs in {cluster.folder.logs}")
    print(f"export KUBECONFIG={cluster.folder.kubeconfig}")
    print(f'export PATH="{binaries_folder()}:$PATH"')
    return 0


def _down(options: argparse.Namespace) -> int:
    names = [folder.name for folder in known_clusters()] if options.all else [options.name]
    for name in names:
        say(f"cluster {name}: {'ended' if down(name) else 'was not running'}")
    return 0


def _status(_: argparse.Namespace) -> int:
    for folder in known_clusters():
        cluster = find_cluster(folder.name)
        ready = "ready" if cluster.api().is_ready() else "NOT ready"
        kind = "real node" if cluster.record.real_node else "control plane"
        print(f"{folder.name}: {kind}, {cluster.url}, {ready}, KUBECONFIG={folder.kubeconfig}")
        for name in cluster.processes.names():
            process = cluster.processes.find(name)
            state = f"pid {process.pid}" if process else "DEAD"
            print(f"  {name:24} {state:12} {folder.logs / f'{name}.log'}")
    return 0


def _kubeconfig(options: argparse.Namespace) -> int:
    print(find_cluster(options.name).folder.kubeconfig)
    return 0


def _kubectl(options: argparse.Namespace) -> int:
    kubectl = str(binaries_folder() / "kubectl")
    configuration = str(find_cluster(options.name).folder.kubeconfig)
    os.execv(kubectl, [kubectl, f"--kubeconfig={configuration}", *options.arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
