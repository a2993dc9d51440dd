"""Set the stage: the scene that runs already, and the operator installed beside it."""

from __future__ import annotations

from localcluster.demo.git import MANIFESTS, RUNNING, SAFEROLLOUT_FILE, checked_out
from localcluster.demo.kubectl import SAFEROLLOUT, Tools
from localcluster.demo.platform import PROMETHEUS_FROM_PODS
from localcluster.helm import CHART, run_helm

OPERATOR_NAMESPACE = "saferollout-system"
_DEPLOYMENTS = ("broker", "billing-service", "notification-service", "user-service", "gateway")


def start_scene(tools: Tools) -> None:
    """Start the four services as they have run for long: before anybody installed SafeRollout."""
    tools.apply([MANIFESTS / "scene.yaml"])
    tools.apply([*checked_out(RUNNING), MANIFESTS / "load.yaml"])


def install_operator(tools: Tools) -> None:
    """Install the chart, and wait until both replicas are ready."""
    values = ["image.repository=localhost/saferollout", "image.tag=dev", "image.pullPolicy=Never", f"prometheus.url={PROMETHEUS_FROM_PODS}"]
    settings = [argument for value in values for argument in ("--set", value)]
    run_helm(
        "upgrade", "--install", "saferollout", str(CHART), f"--namespace={OPERATOR_NAMESPACE}", "--create-namespace", *settings,
        kubeconfig=tools.kubeconfig,
    )  # fmt: skip
    tools.kubectl("rollout", "status", "deployment/saferollout", f"--namespace={OPERATOR_NAMESPACE}", "--timeout=90s")


def state_order(tools: Tools) -> None:
    """Apply the demo's SafeRollout, and wait until the operator goes by it."""
    tools.apply([SAFEROLLOUT_FILE])
    tools.kubectl("wait", "--for=condition=Ready", f"saferollout/{SAFEROLLOUT}", "--timeout=60s")


def wait_for_scene(tools: Tools) -> None:
    """Wait until every pod of the scene is ready."""
    for deployment in _DEPLOYMENTS:
        tools.kubectl("rollout", "status", f"deployment/{deployment}", "--timeout=90s")
