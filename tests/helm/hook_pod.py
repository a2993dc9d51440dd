"""The pod of the chart's pre-delete Job, lived: its command runs with its rights, and its end is written as a kubelet would."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE
from tests.cluster.shop import EXECUTABLE
from tests.helm.operator_pods import configuration

_LOOK_SECONDS = 0.2


@contextmanager
def hook_pods(cluster: RunningCluster, folder: Path) -> Iterator[list[str]]:
    """Live each pod of the Job while the context is open; yield what they wrote, in their order."""
    logs: list[str] = []
    lived: set[str] = set()
    over = threading.Event()

    def follow() -> None:
        while not over.wait(_LOOK_SECONDS):
            for pod in cluster.pods(NAMESPACE, "app.kubernetes.io/component=give-back"):
                if pod["metadata"]["uid"] not in lived and pod["status"].get("phase") == "Running":
                    lived.add(pod["metadata"]["uid"])
                    logs.append(_live(cluster, pod, folder))

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield logs
    finally:
        over.set()
        thread.join(120)


def _live(cluster: RunningCluster, pod: dict[str, Any], folder: Path) -> str:
    file = folder / "give-back.yaml"
    file.write_text(yaml.safe_dump(configuration(cluster)))
    told: list[str] = pod["spec"]["containers"][0]["args"]
    arguments = [str(file) if argument == "/etc/saferollout/config.yaml" else argument for argument in told]
    identity = cluster.service_account(NAMESPACE, pod["spec"]["serviceAccountName"])
    environment = os.environ | {"KUBECONFIG": str(identity.kubeconfig), "POD_NAMESPACE": NAMESPACE, "POD_NAME": pod["metadata"]["name"]}
    done = subprocess.run([str(EXECUTABLE), *arguments], env=environment, capture_output=True, text=True, check=False, timeout=100)
    phase = "Succeeded" if done.returncode == 0 else "Failed"
    body = json.dumps({"status": {"phase": phase}})
    cluster.kubectl("patch", "pod", pod["metadata"]["name"], "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", body)
    return done.stdout + done.stderr
