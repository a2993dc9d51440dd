"""The demo on this machine's own node: no Docker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcluster.binaries import CONTROL_PLANE_BINARIES, NODE_BINARIES, binary, build_binaries
from localcluster.cluster import find_cluster
from localcluster.demo.git import SAFEROLLOUT_PROGRAM, SERVICES, service_files
from localcluster.demo.kubectl import Tools
from localcluster.helm import ensure_helm
from localcluster.images import Image, ImageContent, build_image, import_image
from localcluster.lifecycle import down, up
from localcluster.operator_image import build_operator_image
from localcluster.packages import CONTROL_PLANE_PACKAGES, NODE_PACKAGES, ensure_packages
from localcluster.paths import cluster_folder
from localcluster.prometheus import start_prometheus


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A cluster of localcluster with a real node."""

    name: str = "demo"

    def fetch(self) -> None:
        """Install Debian packages, build Kubernetes, helm and the images."""
        ensure_packages(CONTROL_PLANE_PACKAGES)
        ensure_packages(NODE_PACKAGES)
        build_binaries(CONTROL_PLANE_BINARIES)
        build_binaries(NODE_BINARIES)
        ensure_helm()
        _images()

    def start(self) -> None:
        """Start it; one that runs already is completed."""
        up(self.name, real_node=True)

    def give_images(self) -> None:
        """Import every image that the node does not have yet."""
        cluster = find_cluster(self.name)
        for image in _images():
            import_image(cluster, image)

    def start_metrics(self) -> str:
        """Start Debian's Prometheus beside the cluster."""
        return start_prometheus(find_cluster(self.name)).url

    def tools(self) -> Tools:
        """Return the kubectl of the cache and the saferollout of the checkout."""
        kubeconfig = cluster_folder(self.name).kubeconfig
        return Tools(kubectl_program=binary("kubectl"), saferollout_program=str(SAFEROLLOUT_PROGRAM), kubeconfig=kubeconfig)

    def remove(self) -> bool:
        """End every process, pod and network, and delete the files."""
        return down(self.name)

    def collect_logs(self) -> Path:
        """Return the folder that every part writes its log to."""
        return cluster_folder(self.name).logs


def _images() -> list[Image]:
    return [*map(_service_image, service_files()), build_operator_image()]


def _service_image(file: Path) -> Image:
    shared = {f"/app/scene/{part.name}": part for part in sorted((SERVICES / "scene").glob("*.py"))}
    content = ImageContent(entrypoint=["python3", "-u", "-B", "/app/service.py"], files={"/app/service.py": file, **shared})
    return build_image(file.parent.parent.name, file.parent.name, content)
