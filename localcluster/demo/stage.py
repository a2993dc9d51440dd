"""Set the stage: the scene that runs already, and the operator installed beside it."""

from __future__ import annotations

from localcluster.demo.git import MANIFESTS, RUNNING, checked_out
from localcluster.demo.kubectl import Tools
from localcluster.demo.platform import PROMETHEUS_FROM_PODS
from localcluster.helm import CHART, run_helm

OPERATOR_NAMESPACE = "saferollout-system"
_DEPLOYMENTS = ("broker", "billing-service", "notification-service", "user-service", "gateway")


def start_scene(tools: Tools) -> None:
    """Start the four services as they have run for long: before anybody installed SafeRollout."""
    tools.apply([MANIFESTS / "scene.yaml"])
    tools.apply([*checked_out(RUNNING), MANIFESTS / "load.yaml"])


def install_operator(tools: Tools) -> None:
    """Install the chart and the demo's SafeRollout, and wait until both replicas are ready."""
    values = ["image.repository=localhost/saferollout", "image.tag=dev", "image.pullPolicy=Never", f"prometheus.url={PROMETHEUS_FROM_PODS}"]
    settings = [argument for value in values for argument in ("--set", value)]
    run_helm(
        "upgrade", "--install", "saferollout", str(CHART), f"--namespace={OPERATOR_NAMESPACE}", "--create-namespace", *settings,
        kubeconfig=tools.kubeconfig,
    )  # fmt: skip
    tools.kubectl("rollout", "status", "deployment/saferollout", f"--namespace={OPERATOR_NAMESPACE}", "--timeout=90s")
    tools.apply([MANIFESTS / "saferollout.yaml"])


def wait_for_scene(tools: Tools) -> None:
    """Wait until every pod of the scene is ready."""
    for deployment in _DEPLOYMENTS:
        tools.kubectl("rollout", "status", f"deployment/{deployment}", "--timeout=90s")
