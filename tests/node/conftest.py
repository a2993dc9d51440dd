"""Every test in this folder runs against a cluster with one real node."""

from localcluster.testing import node_cluster, node_namespace

__all__ = ["node_cluster", "node_namespace"]
