"""What breaks around a release: its leader, the API server, its watches. It goes on, and no pod comes early."""

import subprocess
from contextlib import ExitStack
from pathlib import Path

from localcluster.lifecycle import up
from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import NAMESPACE, InstalledChart
from tests.cluster.processes import Operator, operator
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.unit.shell.fake_prometheus import Reply, fake_prometheus

OLD = (Revision("shop:1", "events: {writes: [1]}"), Revision("shop:1", "events: {reads: [1]}"))
NEW = (Revision("shop:2", "events: {writes: [2]}"), Revision("shop:2", "events: {reads: [1, 2]}"))
_TAKEOVER_SECONDS = 90.0


def start(shop: Shop) -> None:
    batches = ["50%"]
    spec = shop.safe_rollout({"name": "writer", "batches": batches}, {"name": "reader", "batches": batches}, bakeSeconds=2)
    shop.start(spec, shop.service("writer", OLD[0]), shop.service("reader", OLD[1]))


def change(shop: Shop) -> None:
    shop.apply(shop.service("writer", NEW[0]), shop.service("reader", NEW[1]))


def assert_released_in_order(shop: Shop, diary: PodDiary) -> None:
    shop.wait_for_images("writer", {"shop:2": 4}, seconds=_TAKEOVER_SECONDS)
    shop.wait_for_state("Completed")
    assert shop.images("reader") == {"shop:2": 4}
    assert not diary.met("writer=shop:2", "reader=shop:1")
    assert shop.labels("writer") == shop.labels("reader") == {"managed-by"}
    assert len(shop.read("/apis/apps/v1", "replicasets")["items"]) == 4, "nothing was rolled twice"


def test_the_leader_is_killed_in_the_middle_of_a_step_and_the_other_goes_on(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop = Shop(control_plane, namespace)
    with ExitStack() as stack:
        both = [
            stack.enter_context(operator(control_plane, tmp_path, name=name, namespace=NAMESPACE, kubeconfig=chart.operator.kubeconfig, real=True))
            for name in ("one", "two")
        ]
        start(shop)
        leader = next(running for running in both if running.metric("saferollout_leader") == 1.0)
        with PodDiary(control_plane, namespace) as diary:
            change(shop)
            shop.wait("the reader's first batch", lambda: shop.images("reader").get("shop:2") == 2)
            leader.kill()
            assert_released_in_order(shop, diary)


def test_the_api_server_restarts_in_the_middle_of_a_step_and_the_operator_goes_on(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop = Shop(control_plane, namespace)
    with ExitStack() as stack:

        def run() -> Operator:
            kubeconfig = chart.operator.kubeconfig
            return stack.enter_context(operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True))

        running = run()
        start(shop)
        diary = stack.enter_context(PodDiary(control_plane, namespace))
        change(shop)
        shop.wait("the reader's first batch", lambda: shop.images("reader").get("shop:2") == 2)
        control_plane.cluster.processes.stop("kube-apiserver")
        up(control_plane.cluster.folder.name)
        wait_for("the server answers", control_plane.api.is_ready, seconds=60)
        if _ended(running):
            # It was away for longer than the Lease: the operator stops acting, and the kubelet starts it anew.
            run()
        assert_released_in_order(shop, diary)


def _ended(running: Operator) -> bool:
    """Tell whether the process ends within the time in which it would find that its Lease is lost."""
    try:
        running.process.wait(6)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_a_prometheus_that_answers_nonsense_or_is_gone_holds_with_the_reason(
    control_plane: RunningCluster, chart: InstalledChart, namespace: str, tmp_path: Path
) -> None:
    shop = Shop(control_plane, namespace)
    gate = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}
    with ExitStack() as stack:
        fake = stack.enter_context(fake_prometheus(Reply(b"<html>it works</html>")))
        kubeconfig = chart.operator.kubeconfig
        stack.enter_context(
            operator(control_plane, tmp_path, name="one", namespace=NAMESPACE, kubeconfig=kubeconfig, real=True, prometheus=fake.url)
        )
        shop.start(shop.safe_rollout("writer", gating="Enabled", gates=[gate]), shop.service("writer", OLD[0]))
        shop.apply(shop.service("writer", Revision("shop:2", "events: {writes: [1]}")))
        shop.wait_for_state("Waiting")
        shop.wait("it was asked, and says why it holds", lambda: bool(fake.requests) and "gate letters" in shop.message())
        fake.reply = Reply(b"out of order", status=503)
        shop.stays("the old pods, and a reason", lambda: shop.images("writer") == {"shop:1": 4} and "gate letters" in shop.message(), seconds=6)
        assert shop.state() == "Waiting" and shop.condition("PlanAccepted")["status"] == "True"
