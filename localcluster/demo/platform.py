"""Where the demo plays: a cluster that can be started, given images, measured and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from localcluster.demo.kubectl import Tools

# The same name on every platform, so that the operator is configured alike.
PROMETHEUS_FROM_PODS = "http://prometheus.monitoring.svc:9090"


class Platform(Protocol):
    """A kind of cluster."""

    def fetch(self) -> None:
        """Bring what it needs into the cache."""
        ...

    def start(self) -> None:
        """Start the cluster; one that runs already is kept."""
        ...

    def give_images(self) -> None:
        """Give the node the images of the services and of the operator; there is no registry to pull from."""
        ...

    def start_metrics(self) -> str:
        """Start Prometheus and return its URL for this machine."""
        ...

    def tools(self) -> Tools:
        """Return kubectl and saferollout for the cluster."""
        ...

    def remove(self) -> bool:
        """Remove everything; say whether there was anything."""
        ...

    def collect_logs(self) -> Path:
        """Return the folder with the log of every part."""
        ...
