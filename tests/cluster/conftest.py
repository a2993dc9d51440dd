"""Every test in this folder runs against a real API server with the real controllers."""

from localcluster.testing import control_plane, control_plane_without_mutating_policies, namespace

__all__ = ["control_plane", "control_plane_without_mutating_policies", "namespace"]
