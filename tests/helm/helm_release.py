"""A release of a chart, as its owner installs, upgrades and removes it with the real helm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.helm import try_helm
from localcluster.testing import RunningCluster
from tests.cluster.shop import Said


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """`server_side`: how its objects are applied; helm's own choice is on the server."""

    cluster: RunningCluster
    namespace: str
    name: str
    chart: Path
    server_side: bool = True

    def install(self, *flags: str, **values: Any) -> Said:
        """Install it."""
        return self._run("install", self.name, str(self.chart), self._side(), *flags, *_set(values))

    def upgrade(self, *flags: str, **values: Any) -> Said:
        """Upgrade it to these values and the chart's own, whatever the values were before."""
        return self._run("upgrade", self.name, str(self.chart), self._side(), "--reset-values", *flags, *_set(values))

    def rollback(self, revision: int, *flags: str) -> Said:
        """Apply an earlier revision again."""
        return self._run("rollback", self.name, str(revision), self._side(), *flags)

    def uninstall(self, *flags: str) -> Said:
        """Remove it."""
        return self._run("uninstall", self.name, *flags)

    def _side(self) -> str:
        return f"--server-side={str(self.server_side).lower()}"

    def _run(self, *arguments: str) -> Said:
        done = try_helm(*arguments, "-n", self.namespace, kubeconfig=self.cluster.kubeconfig)
        return Said(done.returncode, done.stdout, done.stderr)


def _set(values: dict[str, Any]) -> list[str]:
    return [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
