"""A local control plane of the bench's own: real API server and controllers, pods that a fakelet answers for."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.cluster import find_cluster
from localcluster.lifecycle import down, up
from localcluster.testing import REUSE_VARIABLE, RunningCluster
from tests.cluster.chart import NAMESPACE, install
from tests.cluster.processes import Operator, start

_LONGEST_START_SECONDS = 60.0
_ALL = {
    "deployments": "/apis/apps/v1/deployments",
    "replicasets": "/apis/apps/v1/replicasets",
    "pods": "/api/v1/pods",
    "saferollouts": "/apis/saferollout.io/v1alpha1/saferollouts",
}


class OperatorEnded(RuntimeError):
    """Raised when an operator that nobody killed has ended; the message holds the last lines of its log."""

    def __init__(self, operator: Operator) -> None:
        lines = operator.log.read_text(errors="replace").splitlines()[-5:]
        super().__init__("\n".join([f"the operator ended with {operator.process.returncode}", *lines]))


@dataclass(frozen=True, slots=True)
class Plane:
    """A running control plane with the chart's policies; `folder` takes the operators' logs."""

    cluster: RunningCluster
    folder: Path
    kubeconfig: Path

    def operator(self, *, config: str = "") -> Operator:
        """Start the real operator under the rights of the chart; always the same name, so that it takes its own Lease back."""
        return start(self.folder, name="bench", namespace=NAMESPACE, kubeconfig=self.kubeconfig, config=config)

    @contextmanager
    def running_operator(self, *, config: str = "") -> Iterator[Operator]:
        """Have an operator that is ready; it is killed at the end."""
        operator = self.operator(config=config)
        try:
            wait_until_ready(operator)
            yield operator
            if operator.process.poll() is not None:
                raise OperatorEnded(operator)
        except TimeoutError as late:
            if operator.process.poll() is not None:
                raise OperatorEnded(operator) from late
            raise
        finally:
            operator.kill()

    def apply(self, objects: Sequence[dict[str, Any]]) -> None:
        """Apply objects as people and pipelines do: with kubectl."""
        self.cluster.kubectl("apply", "-f", "-", manifest=list(objects))

    def create_namespaces(self, names: Sequence[str]) -> None:
        """Create namespaces."""
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names])

    def delete_namespaces(self, names: Sequence[str]) -> None:
        """Delete namespaces, without waiting."""
        self.cluster.kubectl("delete", "namespace", "--wait=false", *names)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return every object of a kind."""
        found: list[dict[str, Any]] = self.cluster.api.get(_ALL[kind])["items"]
        return found

    def by_namespace(self, kind: str) -> dict[str, list[dict[str, Any]]]:
        """Return every object of a kind, sorted by namespace."""
        sorted_in: dict[str, list[dict[str, Any]]] = {}
        for item in self.all(kind):
            sorted_in.setdefault(item["metadata"]["namespace"], []).append(item)
        return sorted_in


@contextmanager
def control_plane(running: RunningCluster | None = None) -> Iterator[Plane]:
    """Give a control plane with the chart on it: the one that runs already, else one that is taken down at the end."""
    known = os.environ.get(REUSE_VARIABLE)
    name = f"bench-{os.getpid()}"
    reused = running or (RunningCluster(find_cluster(known)) if known else None)
    try:
        cluster = reused or RunningCluster(up(name))
        with tempfile.TemporaryDirectory(prefix="saferollout-bench-") as folder:
            yield Plane(cluster=cluster, folder=Path(folder), kubeconfig=install(cluster).operator.kubeconfig)
    finally:
        if reused is None:
            down(name)


def wait_until_ready(operator: Operator) -> None:
    """Wait until an operator says that it is ready; raise TimeoutError if it never does."""
    deadline = time.monotonic() + _LONGEST_START_SECONDS
    while operator.probe("/readyz") != 200:
        if time.monotonic() > deadline or operator.process.poll() is not None:
            raise TimeoutError(f"the operator does not get ready, see {operator.log}")
        time.sleep(0.05)


def text_of(item: object) -> str:
    """Return JSON that is the same for the same value."""
    return json.dumps(item, sort_keys=True)
