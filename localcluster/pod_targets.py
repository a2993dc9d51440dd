"""Tell Prometheus which pods to scrape (Debian builds it without discovery of Kubernetes).

`python -m localcluster.pod_targets CLUSTER_NAME FILE` keeps the file, and the one beside it for exporters of other pods, up to date.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from localcluster.api_server import ApiError, ApiServer
from localcluster.cluster import Cluster, find_cluster
from localcluster.files import write_if_different
from localcluster.paths import CHECKOUT

_ANNOTATION = "prometheus.io"
_LOOK_EVERY_SECONDS = 0.5


def start_pod_targets(cluster: Cluster, file: Path) -> None:
    """Start the process that writes the file."""
    cluster.processes.start(
        "pod-targets",
        [sys.executable, "-m", "localcluster.pod_targets", cluster.record.name, str(file)],
        environment={"PYTHONPATH": str(CHECKOUT)},
    )


def own_labels_file(file: Path) -> Path:
    """Return the file beside it: pods that speak of other pods, whose own labels namespace and pod must win (honor_labels)."""
    return file.with_name(f"own-labels-{file.name}")


def scrape_targets(pods: list[dict[str, Any]], *, own_labels: bool = False) -> list[dict[str, Any]]:
    """Return Prometheus' target groups for the running pods that ask to be scraped, in a stable order.

    own_labels: those annotated prometheus.io/honor-labels, else all others.
    """
    asking = [pod for pod in pods if _annotations(pod).get(f"{_ANNOTATION}/scrape") == "true"]
    wanted = [pod for pod in asking if (_annotations(pod).get(f"{_ANNOTATION}/honor-labels") == "true") == own_labels]
    running = [pod for pod in wanted if pod.get("status", {}).get("phase") == "Running" and pod["status"].get("podIP")]
    groups = [_group(pod) for pod in running]
    return sorted(groups, key=lambda group: (group["labels"]["namespace"], group["labels"]["pod"]))


def write_targets(file: Path, groups: list[dict[str, Any]]) -> None:
    """Write Prometheus' file; it reads it again only when it changed."""
    write_if_different(file, json.dumps(groups, indent=1))


def _group(pod: dict[str, Any]) -> dict[str, Any]:
    annotations = _annotations(pod)
    container = pod["spec"]["containers"][0]
    port = annotations.get(f"{_ANNOTATION}/port") or _first_port(container)
    return {
        "targets": [f"{pod['status']['podIP']}:{port}"],
        "labels": {
            "namespace": pod["metadata"]["namespace"],
            "pod": pod["metadata"]["name"],
            "container": container["name"],
            "__metrics_path__": annotations.get(f"{_ANNOTATION}/path", "/metrics"),
        },
    }


def _annotations(pod: dict[str, Any]) -> dict[str, str]:
    annotations: dict[str, str] = pod["metadata"].get("annotations", {})
    return annotations


def _first_port(container: dict[str, Any]) -> int:
    ports = container.get("ports") or [{"containerPort": 80}]
    return int(ports[0]["containerPort"])


def _keep_up_to_date(api: ApiServer, file: Path) -> None:
    while True:
        try:
            # resourceVersion=0: from the server's memory; a moment old is good enough.
            pods = api.get("/api/v1/pods?resourceVersion=0")["items"]
            write_targets(file, scrape_targets(pods))
            write_targets(own_labels_file(file), scrape_targets(pods, own_labels=True))
        except (ApiError, OSError) as error:
            print(error, file=sys.stderr, flush=True)
        time.sleep(_LOOK_EVERY_SECONDS)


if __name__ == "__main__":
    _keep_up_to_date(find_cluster(sys.argv[1]).api(), Path(sys.argv[2]))
