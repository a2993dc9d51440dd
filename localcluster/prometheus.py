"""A Prometheus as a process: beside a cluster (scraping its pods, or fixed targets) or alone for a test."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster.cluster import NODE_ADDRESS, Cluster
from localcluster.control_plane import wait_until
from localcluster.files import write_if_different
from localcluster.packages import find_command
from localcluster.pod_targets import own_labels_file, start_pod_targets, write_targets
from localcluster.ports import release_ports, reserve_ports
from localcluster.processes import ProcessTable
from localcluster.progress import timed

SERVICE_NAMESPACE = "monitoring"
URL_FROM_PODS = f"http://prometheus.{SERVICE_NAMESPACE}.svc:9090"


@dataclass(frozen=True, slots=True)
class Target:
    """Something to scrape: host:port, and labels that its series get."""

    address: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus; `url` is for this machine, pods use URL_FROM_PODS."""

    port: int
    folder: Path
    processes: ProcessTable

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set_targets(self, targets: Sequence[Target]) -> None:
        """Replace the fixed targets; Prometheus notices by itself within a second."""
        groups = [{"targets": [target.address], "labels": dict(target.labels)} for target in targets]
        write_targets(self.folder / "targets.json", groups)

    def stop(self) -> None:
        """End it; its data stays in the folder."""
        self.processes.stop("prometheus")


def start_prometheus(cluster: Cluster, *, targets: Sequence[Target] = (), scrape_seconds: int = 1) -> Prometheus:
    """Start the cluster's Prometheus; on a real node it scrapes every pod annotated `prometheus.io/scrape: "true"`.

    Honoured as usual: prometheus.io/port and prometheus.io/path. Every series gets the labels namespace, pod and container; with
    prometheus.io/honor-labels: "true" those that the pod itself gives its series win, as an exporter of other pods needs.
    """
    folder = cluster.folder.root / "prometheus"
    prometheus = Prometheus(port=cluster.record.prometheus_port, folder=folder, processes=cluster.processes)
    jobs = [_job("fixed", folder / "targets.json")]
    if cluster.record.real_node:
        folder.mkdir(parents=True, exist_ok=True)
        start_pod_targets(cluster, folder / "pods.json")
        jobs.append(_job("pods", folder / "pods.json"))
        jobs.append(_job("own-labels", own_labels_file(folder / "pods.json")) | {"honor_labels": True})
        _publish(cluster)
    listen = f"{'0.0.0.0' if cluster.record.real_node else '127.0.0.1'}:{prometheus.port}"
    _start(prometheus, jobs, targets, scrape_seconds=scrape_seconds, listen=listen, network_namespace=cluster.network_namespace)
    return prometheus


@contextmanager
def standalone_prometheus(folder: Path, *, targets: Sequence[Target] = (), scrape_seconds: int = 1) -> Iterator[Prometheus]:
    """Run a Prometheus on loopback for the length of a test, with its data, configuration and log in the folder."""
    [port] = reserve_ports(str(folder), count=1)
    prometheus = Prometheus(port=port, folder=folder, processes=ProcessTable(records=folder / "processes", logs=folder))
    try:
        _start(prometheus, [_job("fixed", folder / "targets.json")], targets, scrape_seconds=scrape_seconds, listen=f"127.0.0.1:{port}")
        yield prometheus
    finally:
        prometheus.stop()
        release_ports(str(folder))


def _start(
    prometheus: Prometheus,
    jobs: list[dict[str, object]],
    targets: Sequence[Target],
    *,
    scrape_seconds: int,
    listen: str,
    network_namespace: str | None = None,
) -> None:
    prometheus.folder.mkdir(parents=True, exist_ok=True)
    prometheus.set_targets(targets)
    every = f"{scrape_seconds}s"
    configuration = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "scrape_configs": jobs,
    }
    file = prometheus.folder / "prometheus.yml"
    write_if_different(file, json.dumps(configuration, indent=1))
    with timed("prometheus"):
        prometheus.processes.start(
            "prometheus",
            [
                find_command("prometheus") or "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={prometheus.folder / 'data'}",
                "--storage.tsdb.retention.time=6h",
                f"--web.listen-address={listen}",
            ],
            network_namespace=network_namespace,
        )
        wait_until(lambda: _is_ready(prometheus.url), processes=prometheus.processes, names=("prometheus",))


def _job(name: str, targets: Path) -> dict[str, object]:
    return {"job_name": name, "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}]}


def _publish(cluster: Cluster) -> None:
    """Give pods a service by name: the process runs on the node's address, outside of any pod."""
    api = cluster.api()
    api.create_once("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SERVICE_NAMESPACE}})
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "prometheus"},
        "spec": {"ports": [{"name": "http", "port": 9090, "targetPort": cluster.record.prometheus_port}]},
    }
    api.create_once(f"/api/v1/namespaces/{SERVICE_NAMESPACE}/services", service)
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "prometheus", "labels": {"kubernetes.io/service-name": "prometheus"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": cluster.record.prometheus_port, "protocol": "TCP"}],
    }
    api.create_once(f"/apis/discovery.k8s.io/v1/namespaces/{SERVICE_NAMESPACE}/endpointslices", endpoints)


def _is_ready(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
