"""Every test in this folder has a real Argo CD beside a real API server, and the real operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
import yaml

from localcluster.argocd import ArgoCd, argo_cd
from localcluster.argocd_application import Application, Mode
from localcluster.git_repository import create_repository
from localcluster.helm import CHART, run_helm
from localcluster.testing import RunningCluster, control_plane, namespace
from tests.argocd.story import Story
from tests.cluster.chart import NAMESPACE, InstalledChart, chart
from tests.cluster.processes import Operator, operator
from tests.cluster.shop import PodDiary, Shop

__all__ = ["argo", "chart", "control_plane", "mode", "namespace", "prometheus_url", "settings", "story"]


@pytest.fixture(scope="session")
def settings() -> dict[str, str]:
    """What the chart tells Argo CD about a SafeRollout, as docs/argocd.md has it applied."""
    text = run_helm("template", "saferollout", str(CHART), "--set", "argocd.snippet=true", "--show-only", "templates/argocd-cm.yaml")
    data: dict[str, str] = yaml.safe_load(text)["data"]
    return data


@pytest.fixture(scope="session")
def argo(control_plane: RunningCluster, chart: InstalledChart, settings: dict[str, str]) -> Iterator[ArgoCd]:
    """Argo CD for the session; the definition of SafeRollout is there before it looks which kinds exist."""
    with argo_cd(control_plane.cluster, settings=settings) as running:
        yield running


@pytest.fixture
def mode() -> Mode:
    """How the Application compares and applies; a test that wants another says so."""
    return Mode()


@pytest.fixture
def prometheus_url() -> str:
    """Where the operator measures; empty for no Prometheus. A test that wants one says so."""
    return ""


@pytest.fixture
def story(
    argo: ArgoCd, control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path, mode: Mode, prometheus_url: str
) -> Iterator[Story]:
    """An empty repository, an Application to be, and an operator at work that a test may kill and start again."""

    def start() -> AbstractContextManager[Operator]:
        kubeconfig = chart.operator.kubeconfig
        return operator(
            control_plane, tmp_path, name="one", namespace=NAMESPACE, watch=namespace, kubeconfig=kubeconfig, real=True, prometheus=prometheus_url
        )

    application = Application(argo, name=namespace, mode=mode)
    with ExitStack() as stack:
        diary = stack.enter_context(PodDiary(control_plane, namespace))
        yield Story(Shop(control_plane, namespace), application, create_repository(tmp_path), diary, start, stack)
        application.delete()
