"""containerd with runc and CNI plugins, for one cluster, beside whatever else the machine runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from localcluster.cluster import POD_SUBNET, Cluster
from localcluster.control_plane import wait_until
from localcluster.files import write_if_different
from localcluster.packages import find_command

PAUSE_REFERENCE = "localhost/pause:1"
_CONFIGURATION = """\
version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{socket}"
[ttrpc]
address = "{socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true
netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{runc}"
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{networks}"
"""


class RuntimeFailed(RuntimeError):
    """Raised with ctr's words."""


def runtime_socket(cluster: Cluster) -> Path:
    """Return the socket that the kubelet and ctr talk to."""
    return cluster.folder.sockets / "containerd.sock"


def start_runtime(cluster: Cluster) -> None:
    """Start containerd and wait until it answers."""
    folder = cluster.folder.node / "containerd"
    networks = folder / "networks"
    cluster.folder.sockets.mkdir(parents=True, exist_ok=True)
    write_if_different(networks / "10-bridge.conflist", json.dumps(_bridge(folder), indent=1))
    configuration = folder / "config.toml"
    write_if_different(
        configuration,
        _CONFIGURATION.format(
            root=folder / "root",
            state=cluster.folder.sockets / "state",
            socket=runtime_socket(cluster),
            pause=PAUSE_REFERENCE,
            runc=find_command("runc"),
            plugins=_plugins_folder(),
            networks=networks,
        ),
    )
    cluster.processes.start(
        "containerd",
        [find_command("containerd") or "containerd", "--config", str(configuration)],
        network_namespace=cluster.network_namespace,
    )
    wait_until(lambda: _answers(cluster), processes=cluster.processes, names=("containerd",))


def ctr(cluster: Cluster, *arguments: str) -> str:
    """Run containerd's own command in the namespace of the kubelet's containers."""
    command = [find_command("ctr") or "ctr", "--address", str(runtime_socket(cluster)), "--namespace", "k8s.io", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeFailed(f"ctr {' '.join(arguments)}: {finished.stderr.strip()}")
    return finished.stdout


def end_containers(cluster: Cluster) -> None:
    """Kill every container of the cluster, then the shims and mounts that a kill leaves behind."""
    if cluster.processes.find("containerd") is not None:
        with suppress(RuntimeFailed):
            tasks = ctr(cluster, "tasks", "list", "--quiet").split()
            with ThreadPoolExecutor(max_workers=8) as pool:
                list(pool.map(lambda task: _end_task(cluster, task), tasks))
    cluster.processes.stop("containerd")
    for pid in _shims(runtime_socket(cluster)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for mount in _mounts_below(cluster.folder.node, cluster.folder.sockets):
        subprocess.run([find_command("umount") or "umount", "--lazy", mount], check=False, capture_output=True)


def _end_task(cluster: Cluster, task: str) -> None:
    with suppress(RuntimeFailed):
        ctr(cluster, "tasks", "delete", "--force", task)


def _shims(socket: Path) -> list[int]:
    """Return the pids of containerd's helpers; the socket in their command line says whose they are."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"containerd-shim-runc-v2") and str(socket).encode() in words:
                found.append(int(folder.name))
    return found


def _mounts_below(*folders: Path) -> list[str]:
    """Return the mount points below the folders, the innermost first (proc(5), mountinfo field 5)."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    ours = {point for point in points if any(Path(point).is_relative_to(folder) for folder in folders)}
    return sorted(ours, key=len, reverse=True)


def _bridge(folder: Path) -> dict[str, object]:
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": True,
                "hairpinMode": True,
                "ipMasq": False,
                "ipam": {"type": "host-local", "ranges": [[{"subnet": POD_SUBNET}]], "dataDir": str(folder / "addresses")},
            }
        ],
    }


def _plugins_folder() -> str:
    """Return where the CNI plugins are: Debian's folder, or the one that everybody else uses."""
    return next((path for path in ("/usr/lib/cni", "/opt/cni/bin") if Path(path, "bridge").exists()), "/usr/lib/cni")


def _answers(cluster: Cluster) -> bool:
    with suppress(RuntimeFailed):
        return bool(ctr(cluster, "version"))
    return False
