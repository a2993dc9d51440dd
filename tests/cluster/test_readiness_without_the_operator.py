"""What readers of status are told before an operator has looked, and of a gate that it can't judge: each moment is a row of docs/readiness.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import Operator, operator
from tests.cluster.readings import shows, waits_for
from tests.cluster.shop import Shop
from tests.cluster.test_readiness import GATE, NEXT_READER, READER, WRITER, begin, deliver
from tests.unit.shell.fake_prometheus import fake_prometheus, vector

Start = Callable[..., Operator]


@pytest.fixture
def shop(control_plane: RunningCluster, namespace: str) -> Shop:
    """A shop that nobody looks after yet."""
    return Shop(control_plane, namespace)


@pytest.fixture
def start_operator(shop: Shop, chart: InstalledChart, tmp_path: Path) -> Iterator[Start]:
    """Start an operator for this namespace; it may be killed and started again."""
    with ExitStack() as stack:

        def run(prometheus: str = "") -> Operator:
            kubeconfig = chart.operator.kubeconfig
            running = operator(
                shop.cluster, tmp_path, name="one", namespace=NAMESPACE, watch=shop.namespace, kubeconfig=kubeconfig, real=True, prometheus=prometheus
            )
            return stack.enter_context(running)

        yield run


def test_what_has_just_been_created_is_not_called_ready(shop: Shop, start_operator: Start) -> None:
    shop.apply(shop.safe_rollout("reader", "writer"), shop.service("reader", READER), shop.service("writer", WRITER))
    shows(shop, "created, and the operator has not looked yet")
    start_operator()
    shows(shop, "released")


def test_a_commit_that_the_operator_has_not_seen_yet_shows_on_the_deployment_and_by_its_delivery(shop: Shop, start_operator: Start) -> None:
    running = start_operator()
    begin(shop)
    running.kill()
    deliver(shop, reader=NEXT_READER)
    shows(shop, "a commit came, and the operator has not looked yet")
    shop.apply(shop.safe_rollout("reader", "writer", delivery="2"))
    shows(shop, "the same, and the commit changed `delivery`")
    start_operator()
    shows(shop, "released")


def test_what_is_being_deleted_is_called_so(shop: Shop, start_operator: Start) -> None:
    running = start_operator()
    begin(shop)
    running.kill()
    assert shop.kubectl("delete", "saferollout/shop", "--wait=false").code == 0
    shows(shop, "it is deleted, and the operator has not looked yet")
    assert not waits_for(shop, "delete", seconds=1)
    start_operator()
    assert waits_for(shop, "delete", seconds=30)


def test_a_gate_that_cannot_be_judged_beyond_its_limit_ends_the_wait(shop: Shop, start_operator: Start) -> None:
    with fake_prometheus(vector("1")) as prometheus:
        start_operator(prometheus.url)
        begin(shop, gating="Enabled", gates=[{**GATE, "intervalSeconds": 1, "inconclusiveLimit": 0}], bakeSeconds=600)
        deliver(shop, reader=NEXT_READER)
        shop.wait("it bakes", lambda: shop.images("reader") == {"shop:2": 4})
        prometheus.reply = vector()
        shows(shop, "a gate can't tell, more often than its limits tolerate")
