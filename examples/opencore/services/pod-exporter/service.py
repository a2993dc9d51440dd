"""What kube-state-metrics says of pods, ReplicaSets and Deployments of this namespace, under its names.

A stand-in: kube-state-metrics itself is in none of the package registries that the scene may use.
"""

from __future__ import annotations

import json
import ssl
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from opencore.web import WebService

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_API = "https://kubernetes.default.svc"
Object = Mapping[str, Any]


class StateCollector(Collector):
    """Asks the API server whenever Prometheus asks."""

    def __init__(self) -> None:
        self._namespace = (_ACCOUNT / "namespace").read_text()
        self._trust = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield every family."""
        yield from pod_families(self._list("api/v1", "pods"))
        yield from replica_set_families(self._list("apis/apps/v1", "replicasets"))
        yield from deployment_families(self._list("apis/apps/v1", "deployments"))

    def _list(self, group: str, kind: str) -> list[Object]:
        # resourceVersion=0: from the server's memory; a moment old is good enough.
        url = f"{_API}/{group}/namespaces/{self._namespace}/{kind}?resourceVersion=0"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {(_ACCOUNT / 'token').read_text()}"})
        with urllib.request.urlopen(request, context=self._trust, timeout=2) as answer:
            items: list[Object] = json.load(answer)["items"]
        return items


def pod_families(pods: Iterable[Object]) -> list[GaugeMetricFamily]:
    """Return owner, readiness, start, and per container restarts and why it waits or ended."""
    owner = _family("kube_pod_owner", "pod", "owner_kind", "owner_name", "owner_is_controller")
    ready = _family("kube_pod_status_ready", "pod", "condition")
    start = _family("kube_pod_start_time", "pod")
    restarts = _family("kube_pod_container_status_restarts_total", "pod", "container")
    started = _family("kube_pod_container_state_started", "pod", "container")
    waiting = _family("kube_pod_container_status_waiting_reason", "pod", "container", "reason")
    ended = _family("kube_pod_container_status_last_terminated_reason", "pod", "container", "reason")
    for pod in pods:
        namespace, name, status = pod["metadata"]["namespace"], pod["metadata"]["name"], pod["status"]
        for reference in pod["metadata"].get("ownerReferences", []):
            owner.add_metric([namespace, name, reference["kind"], reference["name"], str(reference.get("controller", False)).lower()], 1)
        is_ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in status.get("conditions", []))
        for condition in ("true", "false"):
            ready.add_metric([namespace, name, condition], float(is_ready == (condition == "true")))
        if "startTime" in status:
            start.add_metric([namespace, name], _seconds(status["startTime"]))
        for container in status.get("containerStatuses", []):
            labels = [namespace, name, container["name"]]
            restarts.add_metric(labels, container["restartCount"])
            state, last = container.get("state", {}), container.get("lastState", {})
            if "running" in state:
                started.add_metric(labels, _seconds(state["running"]["startedAt"]))
            if "waiting" in state:
                waiting.add_metric([*labels, state["waiting"].get("reason", "")], 1)
            if "terminated" in last:
                ended.add_metric([*labels, last["terminated"].get("reason", "")], 1)
    return [owner, ready, start, restarts, started, waiting, ended]


def replica_set_families(replica_sets: Iterable[Object]) -> list[GaugeMetricFamily]:
    """Return ready replicas and the owner of every ReplicaSet."""
    ready = _family("kube_replicaset_status_ready_replicas", "replicaset")
    owner = _family("kube_replicaset_owner", "replicaset", "owner_kind", "owner_name", "owner_is_controller")
    for found in replica_sets:
        namespace, name = found["metadata"]["namespace"], found["metadata"]["name"]
        ready.add_metric([namespace, name], found["status"].get("readyReplicas", 0))
        for reference in found["metadata"].get("ownerReferences", []):
            owner.add_metric([namespace, name, reference["kind"], reference["name"], str(reference.get("controller", False)).lower()], 1)
    return [ready, owner]


def deployment_families(deployments: Iterable[Object]) -> list[GaugeMetricFamily]:
    """Return wanted, updated and available replicas of every Deployment."""
    wanted = _family("kube_deployment_spec_replicas", "deployment")
    updated = _family("kube_deployment_status_replicas_updated", "deployment")
    available = _family("kube_deployment_status_replicas_available", "deployment")
    for found in deployments:
        labels = [found["metadata"]["namespace"], found["metadata"]["name"]]
        wanted.add_metric(labels, found["spec"].get("replicas", 1))
        updated.add_metric(labels, found["status"].get("updatedReplicas", 0))
        available.add_metric(labels, found["status"].get("availableReplicas", 0))
    return [wanted, updated, available]


def _family(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, "As kube-state-metrics says it.", labels=["namespace", *labels])


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


if __name__ == "__main__":
    REGISTRY.register(StateCollector())
    WebService({}).run()
