"""A real node: containerd, kubelet, kube-proxy, and the scheduler that fills it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from localcluster.binaries import binary
from localcluster.cluster import NODE_ADDRESS, NODE_NAME, POD_SUBNET, Cluster
from localcluster.container_runtime import PAUSE_REFERENCE, end_containers, runtime_socket, start_runtime
from localcluster.control_plane import component_kubeconfig, wait_until
from localcluster.dns_server import start_dns
from localcluster.files import write_if_different
from localcluster.images import import_image, pause_image
from localcluster.network import create_network, delete_network
from localcluster.progress import timed


def prepare_network(cluster: Cluster) -> None:
    """Make the network that the whole cluster lives in."""
    with timed("network namespace"):
        create_network(cluster)


def start_node(cluster: Cluster) -> None:
    """Start everything that runs pods and wait until the node is ready."""
    with timed("containerd"):
        start_runtime(cluster)
        import_image(cluster, pause_image(PAUSE_REFERENCE))
    with timed("kubelet, kube-proxy, kube-scheduler, DNS"):
        _start_scheduler(cluster)
        _start_kubelet(cluster)
        _start_proxy(cluster)
        start_dns(cluster)
        names = ("kubelet", "kube-proxy", "kube-scheduler", "containerd")
        wait_until(lambda: _is_ready(cluster), processes=cluster.processes, names=names)


def stop_node(cluster: Cluster) -> None:
    """End the node and its pods; the kubelet first, or it would start them again."""
    for name in ("kubelet", "kube-proxy", "kube-scheduler"):
        cluster.processes.stop(name)
    end_containers(cluster)


def remove_network(cluster: Cluster) -> None:
    """Delete the cluster's network."""
    delete_network(cluster)


def _start_kubelet(cluster: Cluster) -> None:
    folder = cluster.folder.node / "kubelet"
    folder.mkdir(parents=True, exist_ok=True)
    configuration = _write(folder / "config.json", _kubelet_configuration(cluster))
    cluster.processes.start(
        "kubelet",
        [
            binary("kubelet"),
            f"--config={configuration}",
            f"--kubeconfig={component_kubeconfig(cluster, f'system:node:{NODE_NAME}')}",
            f"--root-dir={folder / 'root'}",
            f"--cert-dir={folder / 'certificates'}",
            f"--hostname-override={NODE_NAME}",
            f"--node-ip={NODE_ADDRESS}",
        ],
        network_namespace=cluster.network_namespace,
    )


def _kubelet_configuration(cluster: Cluster) -> dict[str, object]:
    """Ask nothing of the machine's control groups, disk and swap, so that version 1 and 2 of the groups both do."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{runtime_socket(cluster)}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(cluster.folder.certificate_authority)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "clusterDNS": [NODE_ADDRESS],
        "clusterDomain": "cluster.local",
        "enforceNodeAllocatable": [],
        "evictionHard": {},
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": False,
        "maxPods": 250,
        "podLogsDir": str(cluster.folder.node / "pod-logs"),
        "resolvConf": "",
        "serializeImagePulls": False,
        "volumePluginDir": str(cluster.folder.node / "kubelet" / "plugins"),
    }


def _start_proxy(cluster: Cluster) -> None:
    configuration = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clusterCIDR": POD_SUBNET,
        "clientConnection": {"kubeconfig": component_kubeconfig(cluster, "system:kube-proxy")},
        "hostnameOverride": NODE_NAME,
        # 0: leave the kernel's limits alone, they belong to the whole machine.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "200ms", "syncPeriod": "30s"},
    }
    path = _write(cluster.folder.node / "kube-proxy.json", configuration)
    cluster.processes.start(
        "kube-proxy", [binary("kube-proxy"), f"--config={path}"], network_namespace=cluster.network_namespace
    )


def _start_scheduler(cluster: Cluster) -> None:
    kubeconfig = component_kubeconfig(cluster, "system:kube-scheduler")
    arguments = [f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"]
    cluster.processes.start(
        "kube-scheduler", [binary("kube-scheduler"), *arguments], network_namespace=cluster.network_namespace
    )


def _write(path: Path, content: Mapping[str, object]) -> str:
    write_if_different(path, json.dumps(content, indent=1))
    return str(path)


def _is_ready(cluster: Cluster) -> bool:
    nodes = cluster.api().get("/api/v1/nodes")["items"]
    conditions = [condition for node in nodes for condition in node.get("status", {}).get("conditions", [])]
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
