"""`up` and `down`: a whole cluster, of either kind."""

from __future__ import annotations

from localcluster.binaries import CONTROL_PLANE_BINARIES, NODE_BINARIES, binary
from localcluster.cluster import Cluster, ClusterRecord, NoSuchCluster, find_cluster, forget_cluster
from localcluster.control_plane import start_control_plane
from localcluster.fake_node import start_fakelet
from localcluster.node import prepare_network, remove_network, start_node, stop_node
from localcluster.packages import CONTROL_PLANE_PACKAGES, NODE_PACKAGES, PackagesMissing, missing_packages
from localcluster.paths import cluster_folder
from localcluster.ports import locked, reserve_ports


class DifferentCluster(RuntimeError):
    """Raised when a cluster of that name runs and is of another kind than wanted."""


def up(name: str, *, real_node: bool = False, mutating_policies: bool = True, fakelet: bool = True) -> Cluster:
    """Start the cluster called name; one that runs already is completed, never restarted."""
    _expect_fetched(real_node=real_node)
    with locked(f"cluster-{name}.lock"):
        cluster = _existing_or_new(name, real_node=real_node, mutating_policies=mutating_policies)
        if real_node:
            prepare_network(cluster)
            start_control_plane(cluster)
            start_node(cluster)
            return cluster
        start_control_plane(cluster)
        if fakelet:
            start_fakelet(cluster)
        return cluster


def down(name: str) -> bool:
    """End everything that `up` started and delete its files; say whether there was anything."""
    with locked(f"cluster-{name}.lock"):
        try:
            cluster = find_cluster(name)
        except NoSuchCluster:
            return False
        if cluster.record.real_node:
            stop_node(cluster)
        cluster.processes.stop_all()
        if cluster.record.real_node:
            remove_network(cluster)
        forget_cluster(cluster.folder)
        return True


def _expect_fetched(*, real_node: bool) -> None:
    """Fail before anything is started, with the command that fetches what is missing."""
    packages = missing_packages({**CONTROL_PLANE_PACKAGES, **(NODE_PACKAGES if real_node else {})})
    if packages:
        raise PackagesMissing(f"missing: {', '.join(packages)}; run: python3 -m localcluster fetch")
    for name in (*CONTROL_PLANE_BINARIES, *(NODE_BINARIES if real_node else ())):
        binary(name)


def _existing_or_new(name: str, *, real_node: bool, mutating_policies: bool) -> Cluster:
    try:
        cluster = find_cluster(name)
    except NoSuchCluster:
        api, etcd, etcd_peer, prometheus = reserve_ports(name, count=4)
        cluster = Cluster(
            folder=cluster_folder(name),
            record=ClusterRecord(
                name=name,
                api_port=api,
                etcd_port=etcd,
                etcd_peer_port=etcd_peer,
                prometheus_port=prometheus,
                real_node=real_node,
                mutating_policies=mutating_policies,
            ),
        )
        cluster.save()
        return cluster
    if (cluster.record.real_node, cluster.record.mutating_policies) != (real_node, mutating_policies):
        raise DifferentCluster(f"cluster {name!r} runs with other options; end it first: python3 -m localcluster down --name {name}")
    return cluster
