"""The operator is killed: nothing moves meanwhile, nothing held starts, and its successor goes on from there."""

from pathlib import Path

import pytest

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import operator
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.cluster.stateful_shop import by_ordinal, marks, partition, start, stateful, wait_for_pods

pytestmark = pytest.mark.long

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


def test_while_it_is_down_a_held_template_does_not_start_by_way_of_no_pods(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop, kubeconfig = Shop(control_plane, namespace), chart.operator.kubeconfig
    with PodDiary(control_plane, namespace) as diary:
        with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True) as first:
            start(shop, "db", spec={"mode": "Paused"})
            first.kill()
        shop.apply(stateful("db", Revision(image="shop:2")), stateful("others", Revision(), labelled=False, replicas=0))
        assert shop.kubectl("scale", "statefulset", "db", "--replicas=0").code == 0
        shop.wait("no pods", lambda: by_ordinal(shop, "db") == [])
        for said in (
            shop.kubectl("scale", "statefulset", "db", "--replicas=3"),
            shop.patch("statefulset", "db", {"spec": {"replicas": 3}}),
            shop.patch("statefulset", "db", {"spec": {"replicas": 3}, "metadata": {"labels": None}}),
        ):
            assert said.code != 0 and "scaled up now it would start the held template" in said.error, said
        assert shop.kubectl("scale", "statefulset", "others", "--replicas=1").code == 0
        wait_for_pods(shop, "others", "shop:1")
        with operator(control_plane, tmp_path, name="two", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True):
            shop.wait("the old template is back", lambda: "pinned" in marks(shop, "db"), seconds=90)
            shop.wait("it may be scaled up", lambda: shop.kubectl("scale", "statefulset", "db", "--replicas=3").code == 0)
            wait_for_pods(shop, "db", *["shop:1"] * 3)
    assert diary.images("db") == {"shop:1"}


def test_a_bypass_starts_a_held_template_that_has_no_pods_also_while_it_is_down(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop = Shop(control_plane, namespace)
    with operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True) as first:
        start(shop, "db", spec={"mode": "Paused"})
        first.kill()
    shop.apply(stateful("db", Revision(image="shop:2"), replicas=0))
    shop.wait("no pods", lambda: by_ordinal(shop, "db") == [])
    assert shop.kubectl("scale", "statefulset", "db", "--replicas=2").code != 0
    assert shop.kubectl("annotate", "statefulset", "db", "saferollout.io/bypass=fire").code == 0
    shop.wait("it may be scaled up", lambda: shop.kubectl("scale", "statefulset", "db", "--replicas=2").code == 0)
    wait_for_pods(shop, "db", "shop:2", "shop:2")
