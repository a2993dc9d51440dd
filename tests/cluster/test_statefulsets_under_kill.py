"""The operator is killed in the middle of a StatefulSet's batch: nothing moves meanwhile, and its successor goes on from there."""

from pathlib import Path

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator
from tests.cluster.shop import Revision, Shop
from tests.cluster.stateful_shop import by_ordinal, marks, partition, start, stateful, wait_for_pods

HALF = ["shop:1", "shop:1", "shop:2", "shop:2"]


def test_killed_in_a_batch_and_the_next_operator_goes_on(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop = Shop(control_plane, namespace)
    kubeconfig = chart.operator.kubeconfig
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True) as first:
        start(shop, "db", batches=["50%"], spec={"bakeSeconds": 5})
        shop.apply(stateful("db", Revision(image="shop:2")))
        shop.wait("the first new pod", lambda: "shop:2" in by_ordinal(shop, "db"))
        first.kill()
    wait_for_pods(shop, "db", *HALF)
    shop.apply(stateful("db", Revision(image="shop:2")))
    shop.apply(stateful("db", Revision(image="shop:3")))
    shop.stays("half of the pods are new, and a newer template is held", lambda: by_ordinal(shop, "db") == HALF, seconds=5)
    assert "held" in marks(shop, "db")
    with operator(control_plane, tmp_path, name="two", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True):
        wait_for_pods(shop, "db", *["shop:3"] * 4, seconds=90)
        shop.wait("given back", lambda: (partition(shop, "db"), marks(shop, "db")) == (0, {"managed-by"}))
