"""Set the stage: a cluster, the scene that runs already, its Prometheus, and the operator installed beside it."""

from __future__ import annotations

from pathlib import Path

from localcluster.binaries import CONTROL_PLANE_BINARIES, NODE_BINARIES, binary, build_binaries
from localcluster.cluster import Cluster
from localcluster.demo.git import DEMO, MANIFESTS, RUNNING, checked_out
from localcluster.demo.kubectl import Tools
from localcluster.helm import CHART, ensure_helm, run_helm
from localcluster.images import Image, ImageContent, build_image, import_image
from localcluster.lifecycle import up
from localcluster.operator_image import build_operator_image
from localcluster.packages import CONTROL_PLANE_PACKAGES, NODE_PACKAGES, ensure_packages
from localcluster.paths import CHECKOUT
from localcluster.prometheus import URL_FROM_PODS, start_prometheus

CLUSTER_NAME = "demo"
OPERATOR_NAMESPACE = "saferollout-system"
_SERVICES = DEMO / "services"


def fetch() -> list[Image]:
    """Bring everything into the cache; return the images of the demo and of the operator."""
    ensure_packages(CONTROL_PLANE_PACKAGES)
    ensure_packages(NODE_PACKAGES)
    build_binaries(CONTROL_PLANE_BINARIES)
    build_binaries(NODE_BINARIES)
    ensure_helm()
    return [*(_service_image(file) for file in sorted(_SERVICES.glob("*/*/service.py"))), build_operator_image()]


def start_cluster() -> Cluster:
    """Start the demo's cluster, with a real node."""
    return up(CLUSTER_NAME, real_node=True)


def give_images(cluster: Cluster, images: list[Image]) -> None:
    """Give the node every image; there is no registry to pull from."""
    for image in images:
        import_image(cluster, image)


def tools_for(cluster: Cluster) -> Tools:
    """Return kubectl and saferollout for the cluster."""
    program = CHECKOUT / ".venv/bin/saferollout"
    return Tools(kubectl_program=binary("kubectl"), saferollout_program=str(program), kubeconfig=cluster.folder.kubeconfig)


def start_scene(tools: Tools) -> None:
    """Start the four services as they have run for long: before anybody installed SafeRollout."""
    tools.apply([MANIFESTS / "scene.yaml"])
    tools.apply([*checked_out(RUNNING), MANIFESTS / "load.yaml"])


def start_metrics(cluster: Cluster) -> str:
    """Start Prometheus and return its URL for this machine."""
    return start_prometheus(cluster).url


def install_operator(tools: Tools) -> None:
    """Install the chart and the demo's SafeRollout, and wait until both replicas are ready."""
    values = ["image.repository=localhost/saferollout", "image.tag=dev", "image.pullPolicy=Never", f"prometheus.url={URL_FROM_PODS}"]
    settings = [argument for value in values for argument in ("--set", value)]
    run_helm(
        "upgrade", "--install", "saferollout", str(CHART), f"--namespace={OPERATOR_NAMESPACE}", "--create-namespace", *settings,
        kubeconfig=tools.kubeconfig,
    )  # fmt: skip
    tools.kubectl("rollout", "status", "deployment/saferollout", f"--namespace={OPERATOR_NAMESPACE}", "--timeout=90s")
    tools.apply([MANIFESTS / "saferollout.yaml"])


def wait_for_scene(tools: Tools) -> None:
    """Wait until every pod of the scene is ready."""
    for deployment in ("broker", "billing-service", "notification-service", "user-service", "gateway"):
        tools.kubectl("rollout", "status", f"deployment/{deployment}", "--timeout=90s")


def _service_image(file: Path) -> Image:
    content = ImageContent(
        entrypoint=["python3", "-u", "-B", "/app/service.py"],
        files={"/app/service.py": file, **{f"/app/scene/{part.name}": part for part in sorted((_SERVICES / "scene").glob("*.py"))}},
    )
    return build_image(file.parent.parent.name, file.parent.name, content)
