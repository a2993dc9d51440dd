"""Every test in this folder runs against a real API server with the real controllers."""

from localcluster.testing import control_plane, control_plane_without_mutating_policies, namespace
from tests.cluster.chart import chart
from tests.cluster.shop import operator_at_work, shop
from tests.cluster.workload_stage import stage
from tests.longest_first import pytest_collection_modifyitems

__all__ = [
    "chart", "control_plane", "control_plane_without_mutating_policies", "namespace", "operator_at_work", "pytest_collection_modifyitems", "shop",
    "stage",
]  # fmt: skip
