"""From nothing to the running scene, and only what is missing when it runs already."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from localcluster.binaries import CONTROL_PLANE_BINARIES, NODE_BINARIES, binary, build_binaries
from localcluster.cluster import Cluster, find_cluster
from localcluster.demo.failure import StoryFailed
from localcluster.demo.git import SAFEROLLOUT_PROGRAM
from localcluster.demo.kubectl import Tools
from localcluster.helm import ensure_helm
from localcluster.images import import_image
from localcluster.lifecycle import up
from localcluster.network import start_forwarder
from localcluster.opencore.images import OPENCORE, scene_images
from localcluster.opencore.volumes import give_volumes
from localcluster.packages import CONTROL_PLANE_PACKAGES, NODE_PACKAGES, ensure_packages
from localcluster.progress import timed
from localcluster.prometheus import start_prometheus

CLUSTER_NAME = "opencore"
WORKLOADS = ("gateway", "user-service", "billing-service", "notification-service", "search-service")
POSTGRES_PORT = 15432
_SCRAPE_SECONDS = 3
_STATEFUL = ("kafka", "postgres")
_DEPLOYED = ("redis", "kafka-exporter", "kube-state-metrics", "postgres-exporter", "redis-exporter")
_JOBS = ("topics", "migrate")
_TRIES, _PATIENCE = 4, "--timeout=100s"  # a try ends before Tools gives kubectl up


@dataclass(frozen=True, slots=True)
class Stage:
    """The running scene: its cluster, its tools, its Prometheus."""

    cluster: Cluster
    tools: Tools
    prometheus_url: str


def fetch() -> None:
    """Bring everything into the cache: packages, Kubernetes, Kafka, the images."""
    ensure_packages(CONTROL_PLANE_PACKAGES)
    ensure_packages(NODE_PACKAGES)
    build_binaries(CONTROL_PLANE_BINARIES)
    build_binaries(NODE_BINARIES)
    ensure_helm()
    scene_images()


def start(name: str = CLUSTER_NAME, *, postgres_port: int | None = POSTGRES_PORT) -> Stage:
    """Start the scene on the cluster called name and wait until people are served; what runs already is kept.

    postgres_port: where Postgres is reached on this machine; None for not at all.
    """
    cluster = up(name, real_node=True)
    for image in scene_images():
        import_image(cluster, image)
    give_volumes(cluster)
    stage = find_stage(name)
    with timed("Kafka, Postgres, Redis and their exporters"):
        _start_platform(stage.tools)
    with timed("five services and their traffic"):
        # Where SafeRollout is there, what it looks after runs already, and it would hold what is applied.
        if not is_installed(stage.tools):
            apply_folder(stage.tools, OPENCORE / "workloads")
            wait_for_workloads(stage.tools)
        apply_folder(stage.tools, OPENCORE / "load")
    start_prometheus(cluster, scrape_seconds=_SCRAPE_SECONDS)
    if postgres_port is not None:
        _lead_to_postgres(stage, postgres_port)
    return stage


def find_stage(name: str = CLUSTER_NAME) -> Stage:
    """Return the scene on a running cluster. Raises NoSuchCluster."""
    cluster = find_cluster(name)
    tools = Tools(
        kubectl_program=binary("kubectl"), saferollout_program=str(SAFEROLLOUT_PROGRAM), kubeconfig=cluster.folder.kubeconfig
    )
    return Stage(cluster=cluster, tools=tools, prometheus_url=f"http://127.0.0.1:{cluster.record.prometheus_port}")


def apply_folder(tools: Tools, folder: Path) -> str:
    """Apply a kustomization, as a GitOps tool would; return what the API server said."""
    return tools.kubectl("apply", f"--kustomize={folder}")


def is_installed(tools: Tools) -> bool:
    """Tell whether SafeRollout is there at all."""
    return bool(tools.kubectl("get", "crd", "saferollouts.saferollout.io", "--ignore-not-found"))


def wait_for_workloads(tools: Tools) -> None:
    """Wait until every pod of the five services is of its Deployment's template, and ready."""
    for workload in WORKLOADS:
        wait_for(tools, "rollout", "status", f"deployment/{workload}")


def wait_for(tools: Tools, *command: str) -> None:
    """Run a kubectl command that waits, for some minutes: on a busy machine a roll takes long. Raises StoryFailed."""
    for _ in range(_TRIES - 1):
        with suppress(StoryFailed):
            tools.kubectl(*command, _PATIENCE)
            return
    tools.kubectl(*command, _PATIENCE)


def _start_platform(tools: Tools) -> None:
    for name in _JOBS:
        # Deleted, not applied again: a Job that gave up stays so, and its template can't be changed.
        if _has_failed(tools, name):
            tools.kubectl("delete", f"job/{name}")
    apply_folder(tools, OPENCORE / "platform")
    for name in _STATEFUL:
        wait_for(tools, "rollout", "status", f"statefulset/{name}")
    for name in _JOBS:
        wait_for(tools, "wait", "--for=condition=complete", f"job/{name}")
    for name in _DEPLOYED:
        wait_for(tools, "rollout", "status", f"deployment/{name}")


def _has_failed(tools: Tools, job: str) -> bool:
    return "Failed" in tools.kubectl("get", "job", job, "--ignore-not-found", "--output=jsonpath={.status.conditions[*].type}")


def _lead_to_postgres(stage: Stage, port: int) -> None:
    address = stage.tools.get("service", "postgres")["spec"]["clusterIP"]
    start_forwarder(stage.cluster, "postgres-forwarder", f"{port}:{address}:5432")
