"""A network namespace for a cluster with a real node: nothing of it touches the machine's own network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from localcluster.cluster import NODE_ADDRESS, SERVICE_SUBNET, Cluster
from localcluster.packages import find_command
from localcluster.paths import CHECKOUT


class NetworkFailed(RuntimeError):
    """Raised with the words of ip(8)."""


def create_network(cluster: Cluster) -> None:
    """Make the namespace with the node's address, unless it is there, and lead the cluster's ports to loopback."""
    name = cluster.folder.network_namespace
    if not Path("/run/netns", name).exists():
        _ip("netns", "add", name)
        _ip("-netns", name, "link", "set", "lo", "up")
        _ip("-netns", name, "address", "add", f"{NODE_ADDRESS}/32", "dev", "lo")
        # The kernel wants a route before kube-proxy's rules may turn a service's address into a pod's.
        _ip("-netns", name, "route", "add", SERVICE_SUBNET, "dev", "lo", "src", NODE_ADDRESS)
        _run("nsenter", f"--net=/run/netns/{name}", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    start_forwarder(cluster, "forwarder", str(cluster.record.api_port), str(cluster.record.prometheus_port))


def start_forwarder(cluster: Cluster, name: str, *ways: str) -> None:
    """Lead ports of this machine's loopback into the cluster's network; `forwarder.py` says how a way is written."""
    namespace = f"/run/netns/{cluster.folder.network_namespace}"
    cluster.processes.start(
        name, [sys.executable, "-m", "localcluster.forwarder", namespace, *ways], environment={"PYTHONPATH": str(CHECKOUT)}
    )


def delete_network(cluster: Cluster) -> None:
    """Delete the namespace; with it go its interfaces and rules."""
    if Path("/run/netns", cluster.folder.network_namespace).exists():
        _ip("netns", "delete", cluster.folder.network_namespace)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(command: str, *arguments: str) -> None:
    finished = subprocess.run([find_command(command) or command, *arguments], capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise NetworkFailed(f"{command} {' '.join(arguments)}: {finished.stderr.strip()} (a real node needs root)")
