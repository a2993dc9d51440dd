"""The analysis on a StatefulSet of a real API server and controller, whose pods keep names and addresses, with a real Prometheus that scrapes them."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from localcluster.prometheus import Target, standalone_prometheus
from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator
from tests.cluster.scraped import Exposed, serving
from tests.cluster.shop import Revision, Shop
from tests.cluster.stateful_shop import member, stateful, wait_for_pods

METRIC = "http_server_requests_seconds_count"
PODS = 4
TICK_SECONDS = 0.25
MOST_TICKS = 2400
CONTRACT = {"name": "entries", "api": {"server": "db", "clients": ["client"]}}
SPEC = {"gating": "Enabled", "bakeSeconds": 5, "contracts": [CONTRACT], "analysis": {"intervalSeconds": 5, "quietSeconds": 5}}


class Traffic:
    """What the pods of `db` answer; the counters of one that is made anew begin at 0, at the same address."""

    def __init__(self, shop: Shop, pods: dict[str, Exposed], *, new_ones_fail: bool) -> None:
        self.shop, self.pods, self.new_ones_fail = shop, pods, new_ones_fail
        self.over = threading.Event()
        self.lived: dict[str, str] = {}
        self.counts: dict[str, list[float]] = {}

    def run(self) -> None:
        for _ in range(MOST_TICKS):
            if self.over.wait(TICK_SECONDS):
                return
            self.tick()

    def tick(self) -> None:
        alive = {pod["metadata"]["name"]: pod for pod in self.shop.pods("db")}
        for name, exposed in self.pods.items():
            pod = alive.get(name)
            if pod is None:
                exposed.forget()
                continue
            uid, image = pod["metadata"]["uid"], pod["spec"]["containers"][0]["image"]
            if self.lived.get(name) != uid:
                self.lived[name], self.counts[name] = uid, [0.0, 0.0]
            good, bad = self.counts[name]
            fails = self.new_ones_fail and image == "shop:2"
            self.counts[name] = [good + (5 if fails else 10), bad + (5 if fails else 0)]
            for status, count in zip(("200", "500"), self.counts[name], strict=True):
                exposed.set(METRIC, count, status=status)


@contextmanager
def traffic(shop: Shop, pods: dict[str, Exposed], *, new_ones_fail: bool) -> Iterator[None]:
    flowing = Traffic(shop, pods, new_ones_fail=new_ones_fail)
    thread = threading.Thread(target=flowing.run)
    thread.start()
    try:
        yield
    finally:
        flowing.over.set()
        thread.join()


@pytest.fixture
def scraped_shop(control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path) -> Iterator[tuple[Shop, dict[str, Exposed]]]:
    with ExitStack() as stack:
        pods = {f"db-{ordinal}": stack.enter_context(serving()) for ordinal in range(PODS)}
        prometheus = stack.enter_context(standalone_prometheus(tmp_path / "prometheus"))
        prometheus.set_targets([Target(exposed.address, {"namespace": namespace, "pod": pod}) for pod, exposed in pods.items()])
        stack.enter_context(
            operator(
                control_plane, tmp_path, name="one", namespace=NAMESPACE, watch=namespace, kubeconfig=chart.operator.kubeconfig, real=True,
                prometheus=prometheus.url,
            )
        )  # fmt: skip
        yield Shop(control_plane, namespace), pods


@pytest.mark.parametrize("new_ones_fail", [False, True], ids=["well", "ill"])
def test_new_pods_are_told_from_the_old_ones_of_their_names(scraped_shop: tuple[Shop, dict[str, Exposed]], new_ones_fail: bool) -> None:
    shop, pods = scraped_shop
    with traffic(shop, pods, new_ones_fail=new_ones_fail):
        shop.apply(shop.safe_rollout(member("db", batches=["50%"]), "client", **SPEC), stateful("db", Revision(), replicas=PODS), shop.service("client", Revision(), replicas=1))
        wait_for_pods(shop, "db", *["shop:1"] * PODS)
        shop.wait_for_state("Idle", "Completed")
        shop.apply(stateful("db", Revision(image="shop:2"), replicas=PODS))
        if new_ones_fail:
            shop.wait_for_state("RolledBack", seconds=240)
            wait_for_pods(shop, "db", *["shop:1"] * PODS)
            assert "new pods of db fail where its old ones do not: answers 5xx" in shop.message()
            return
        shop.wait_for_state("Completed", seconds=240)
        wait_for_pods(shop, "db", *["shop:2"] * PODS)
        assert not shop.events("Found"), "nothing was wrong"
