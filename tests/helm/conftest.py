"""Every test in this folder has a real helm, the chart as helm installs it on a real API server, and the real operator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster.helm import CHART
from localcluster.testing import RunningCluster, control_plane, namespace, wait_for
from tests.cluster.chart import NAMESPACE, RELEASE, policies_hold
from tests.cluster.processes import Operator, operator
from tests.cluster.shop import PodDiary, Shop
from tests.helm.helm_release import HelmRelease
from tests.helm.story import Story

__all__ = ["control_plane", "namespace", "operator_at_work", "ours", "server_side", "story"]

SHOP_CHART = Path(__file__).parent / "data" / "shop"


@pytest.fixture(scope="session")
def ours(control_plane: RunningCluster) -> HelmRelease:
    """Our own chart, installed; its Deployment's pods are played, operators are processes of the tests."""
    release = HelmRelease(control_plane, NAMESPACE, RELEASE, CHART)
    said = release.install("--create-namespace", "--wait", "--timeout=60s")
    assert said.code == 0, said
    wait_for("the policies hold", policies_hold(control_plane))
    return release


@pytest.fixture(scope="module")
def operator_at_work(control_plane: RunningCluster, ours: HelmRelease, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The real operator with the rights that helm gave it, one process for all tests of a file."""
    identity = control_plane.service_account(NAMESPACE, RELEASE)
    folder = tmp_path_factory.mktemp("operator")
    with operator(control_plane, folder, name="one", namespace=NAMESPACE, kubeconfig=identity.kubeconfig, real=True, stateful_sets=False) as running:
        yield running


@pytest.fixture(params=[True, False], ids=["server-side", "client-side"])
def server_side(request: pytest.FixtureRequest) -> bool:
    """How the user's chart is applied."""
    return bool(request.param)


@pytest.fixture
def story(control_plane: RunningCluster, namespace: str, server_side: bool, ours: HelmRelease) -> Iterator[Story]:
    """A shop's chart that is not installed yet, and every pod of it."""
    release = HelmRelease(control_plane, namespace, "shop", SHOP_CHART, server_side)
    with PodDiary(control_plane, namespace) as diary:
        yield Story(Shop(control_plane, namespace), release, diary)
