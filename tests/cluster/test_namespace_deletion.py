"""A namespace is deleted while the operator is down: our finalizer keeps it, and docs/operations.md says what lets it go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from localcluster.testing import RunningCluster
from saferollout.api.names import FINALIZER
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator
from tests.cluster.shop import NAME, Revision, Shop
from tests.unit.docs.pages import ROOT

BILLING = Revision("shop:1", "events: {reads: [1]}")


def on_the_page() -> list[str]:
    """Return the words of the page's command behind `kubectl`."""
    found = re.search(r"kubectl patch saferollout NAME (-n NAMESPACE) (--type merge) -p '([^']*)'", (ROOT / "docs/operations.md").read_text(encoding="utf-8"))
    assert found is not None
    return ["patch", "saferollout", NAME, "--type", "merge", "-p", found[3]]


@pytest.fixture
def left_alone(control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path) -> Shop:
    """A shop whose operator was killed, and whose namespace was deleted after that."""
    shop = Shop(control_plane, namespace)
    with operator(control_plane, tmp_path, name="before", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        shop.start(shop.service("billing", BILLING), shop.safe_rollout("billing"))
        shop.wait("our finalizer is there", lambda: finalizers(shop) == [FINALIZER])
    assert shop.kubectl("delete", "namespace", namespace, "--wait=false").code == 0
    shop.wait("the namespace says what keeps it", lambda: FINALIZER in shop.kubectl("get", "namespace", namespace, "-o", "yaml").out)
    return shop


def finalizers(shop: Shop) -> list[str]:
    return shop.read("/apis/saferollout.io/v1alpha1", "saferollouts", NAME)["metadata"].get("finalizers", [])


def is_gone(shop: Shop) -> bool:
    return "NotFound" in shop.kubectl("get", "namespace", shop.namespace).error


def test_without_the_operator_only_the_safe_rollout_is_left_and_the_command_on_the_page_lets_it_go(left_alone: Shop) -> None:
    left_alone.wait("the workloads are gone", lambda: left_alone.kubectl("get", "deployments,pods", "-o", "name").out == "")
    left_alone.stays("the namespace is there", lambda: not is_gone(left_alone))
    said = left_alone.kubectl(*on_the_page())
    assert said.code == 0, said.error
    left_alone.wait("the namespace is gone", lambda: is_gone(left_alone))


def test_an_operator_that_comes_back_lets_it_go_by_itself(
    left_alone: Shop, control_plane: RunningCluster, chart: InstalledChart, tmp_path: Path
) -> None:
    with operator(control_plane, tmp_path, name="after", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True):
        left_alone.wait("the namespace is gone", lambda: is_gone(left_alone))
