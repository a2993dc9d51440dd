"""The demo on kind, where Docker is: the same chart, the same manifests."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from localcluster.demo.failure import StoryFailed
from localcluster.demo.git import DEMO, SAFEROLLOUT_PROGRAM, SERVICES, service_files
from localcluster.demo.kubectl import Tools
from localcluster.helm import ensure_helm
from localcluster.paths import CHECKOUT, cache_folder

_NEEDED = ("docker", "kind", "kubectl")


@dataclass(frozen=True, slots=True)
class Kind:
    """A cluster of kind."""

    name: str = "saferollout-demo"

    def fetch(self) -> None:
        """Build helm and the images; docker, kind and kubectl must be there."""
        missing = [program for program in _NEEDED if shutil.which(program) is None]
        if missing:
            raise StoryFailed(f"--kind needs {', '.join(missing)}; without Docker: scripts/demo")
        ensure_helm()
        for file in service_files():
            folder = file.parent.relative_to(SERVICES)
            _run(
                "docker", "build", f"--tag={_reference(file)}", f"--file={DEMO / 'kind/service.Dockerfile'}",
                f"--build-arg=VERSION_FOLDER={folder}", str(SERVICES),
            )  # fmt: skip
        _run("docker", "build", "--tag=localhost/saferollout:dev", f"--file={DEMO / 'kind/operator.Dockerfile'}", str(CHECKOUT))

    def start(self) -> None:
        """Create it; one that is there already is kept."""
        if self.name in _run("kind", "get", "clusters").split():
            return
        self._kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        _run(
            "kind", "create", "cluster", f"--name={self.name}", f"--config={CHECKOUT / 'kind-config.yaml'}",
            f"--kubeconfig={self._kubeconfig}", "--wait=120s",
        )  # fmt: skip

    def give_images(self) -> None:
        """Load every image into the node."""
        references = [*map(_reference, service_files()), "localhost/saferollout:dev"]
        _run("kind", "load", "docker-image", f"--name={self.name}", *references)

    def start_metrics(self) -> str:
        """Start Prometheus in the cluster; kind-config.yaml leads its port to this machine."""
        tools = self.tools()
        tools.apply([DEMO / "kind/prometheus.yaml"])
        tools.kubectl("rollout", "status", "deployment/prometheus", "--namespace=monitoring", "--timeout=180s")
        return "http://127.0.0.1:30990"

    def tools(self) -> Tools:
        """Return the machine's kubectl and the saferollout of the checkout."""
        return Tools(
            kubectl_program=shutil.which("kubectl") or "kubectl", saferollout_program=str(SAFEROLLOUT_PROGRAM), kubeconfig=self._kubeconfig
        )

    def remove(self) -> bool:
        """Delete the cluster."""
        if shutil.which("kind") is None or self.name not in _run("kind", "get", "clusters").split():
            return False
        _run("kind", "delete", "cluster", f"--name={self.name}", f"--kubeconfig={self._kubeconfig}")
        return True

    def collect_logs(self) -> Path:
        """Have kind copy every log out of its containers."""
        folder = cache_folder() / "kind" / "logs"
        _run("kind", "export", "logs", str(folder), f"--name={self.name}")
        return folder

    @property
    def _kubeconfig(self) -> Path:
        return cache_folder() / "kind" / f"{self.name}.kubeconfig"


def _reference(file: Path) -> str:
    return f"localhost/{file.parent.parent.name}:{file.parent.name}"


def _run(*command: str) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise StoryFailed(f"{' '.join(command)} ended with {finished.returncode}:\n{finished.stderr.strip()[-2000:]}")
    return finished.stdout
