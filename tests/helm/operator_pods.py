"""The operator's Deployment, lived: on a control plane pods are only played, so for each a process runs, as long as the pod does.

What a kubelet would do: the pod's name, the ConfigMap as it is when the pod starts, and SIGTERM when the pod is told to go. Ports are the
test's own, because all pods share this machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, RELEASE
from tests.cluster.processes import Operator, start

_LOOK_SECONDS = 0.2


@dataclass
class OperatorPods:
    """Processes by the names of their pods; `ended` are those of pods that are gone."""

    cluster: RunningCluster
    folder: Path
    running: dict[str, Operator] = field(default_factory=dict)
    ended: dict[str, Operator] = field(default_factory=dict)

    def look(self) -> None:
        """Start what a pod has no process for, and end what has no pod."""
        pods = self.cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
        operators = [pod["metadata"] for pod in pods if pod["spec"]["containers"][0]["name"] == "operator"]
        alive = {metadata["name"] for metadata in operators if "deletionTimestamp" not in metadata}
        for name in sorted(alive - self.running.keys()):
            self.running[name] = self._start(name)
        gone_pods = sorted(self.running.keys() - alive)
        # Kubelets tell all of them at about the same time: one that is told only when the other has ended would lead in between.
        for name in gone_pods:
            self.running[name].process.terminate()
        for name in gone_pods:
            gone = self.ended[name] = self.running.pop(name)
            gone.stop()

    def are_ready(self) -> bool:
        """Tell whether two processes answer, as many as the chart has replicas."""
        found = list(self.running.values())
        return len(found) == 2 and all(one.probe("/readyz") == 200 for one in found)

    def _start(self, name: str) -> Operator:
        told = configuration(self.cluster)
        identity = self.cluster.service_account(NAMESPACE, RELEASE)
        return start(self.folder, name=name, namespace=NAMESPACE, kubeconfig=identity.kubeconfig, config=yaml.safe_dump(told))


def configuration(cluster: RunningCluster) -> dict[str, Any]:
    """Return what the chart's ConfigMap tells the operator, without the ports."""
    data = cluster.api.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{RELEASE}")["data"]
    told: dict[str, Any] = yaml.safe_load(data["config.yaml"])
    return {key: value for key, value in told.items() if key not in ("healthPort", "metricsPort")}


@contextmanager
def operator_pods(cluster: RunningCluster, folder: Path) -> Iterator[OperatorPods]:
    """Follow the Deployment's pods in a thread of its own."""
    pods, over = OperatorPods(cluster, folder), threading.Event()

    def follow() -> None:
        while not over.wait(_LOOK_SECONDS):
            pods.look()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield pods
    finally:
        over.set()
        thread.join(30)
        for one in pods.running.values():
            one.kill()
