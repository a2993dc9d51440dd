"""Start the fakelet beside a control plane that has no node."""

from __future__ import annotations

import importlib.util
import sys

from localcluster.cluster import Cluster
from localcluster.control_plane import wait_until
from localcluster.paths import CHECKOUT


class EnvironmentMissing(RuntimeError):
    """Raised when no Python with the project's packages is at hand; names the command."""


def start_fakelet(cluster: Cluster, *, nodes: int = 1) -> None:
    """Start the fakelet and wait until its nodes are ready."""
    cluster.processes.start(
        "fakelet",
        [project_python(), "-m", "localcluster.fakelet", "--kubeconfig", str(cluster.folder.kubeconfig), "--nodes", str(nodes)],
        environment={"PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"},
    )
    wait_until(lambda: _ready_nodes(cluster) >= nodes, processes=cluster.processes, names=("fakelet",))


def project_python() -> str:
    """Return a Python that has the project's packages: this one, or the checkout's virtual environment."""
    if importlib.util.find_spec("kubernetes") is not None:
        return sys.executable
    environment = CHECKOUT / ".venv" / "bin" / "python"
    if environment.exists():
        return str(environment)
    raise EnvironmentMissing("the fakelet needs the project's virtual environment; make it: scripts/setup")


def _ready_nodes(cluster: Cluster) -> int:
    nodes = cluster.api().get("/api/v1/nodes")["items"]
    conditions = [condition for node in nodes for condition in node.get("status", {}).get("conditions", [])]
    return sum(1 for condition in conditions if condition["type"] == "Ready" and condition["status"] == "True")
