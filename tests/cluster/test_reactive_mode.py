"""Without the policies the operator itself pauses: weaker, said so, and the order is kept all the same."""

import json
import shlex
import uuid
from collections.abc import Iterator

import pytest

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, RELEASE, render
from tests.cluster.processes import Operator, operator
from tests.cluster.shop import NAME, PodDiary, Revision, Shop
from tests.cluster.stateful_shop import by_ordinal, marks, partition, start, stateful, wait_for_pods

pytestmark = pytest.mark.long

OLD, NEW = Revision("shop:1"), Revision("shop:2")
READS_1, READS_BOTH = "events: {reads: [1]}", "events: {reads: [1, 2]}"
WRITES_1, WRITES_2 = "events: {writes: [1]}", "events: {writes: [2]}"
_NEEDS_AN_IMAGE = frozenset({"Deployment", "Service", "PodDisruptionBudget", "ConfigMap"})


@pytest.fixture(scope="module")
def lone_operator(control_plane_without_mutating_policies: RunningCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """The operator at work on a server that doesn't know the policies, with what the chart renders for it."""
    cluster = control_plane_without_mutating_policies
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    rendered = render("--set", "statefulSets.enabled=true")
    assert not [item for item in rendered if "MutatingAdmissionPolicy" in item["kind"]], "auto renders no policy for a server without them"
    hooks = [item for item in rendered if "helm.sh/hook" in (item["metadata"].get("annotations") or {})]
    standing = [item for item in rendered if item["kind"] not in _NEEDS_AN_IMAGE and item not in hooks]
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-", manifest=standing)
    identity = cluster.service_account(NAMESPACE, RELEASE)
    folder = tmp_path_factory.mktemp("operator")
    with operator(cluster, folder, name="one", namespace=NAMESPACE, kubeconfig=identity.kubeconfig, real=True) as running:
        yield running


@pytest.fixture
def plain_shop(control_plane_without_mutating_policies: RunningCluster, lone_operator: Operator) -> Iterator[Shop]:
    cluster, name = control_plane_without_mutating_policies, f"shop-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    shop = Shop(cluster, name)
    yield shop
    # Another file takes the definition away, which would wait for ever for what no operator lets go any more.
    cluster.kubectl("delete", "saferollouts", "--all", "-n", name, "--wait=false")
    shop.patch("saferollout", NAME, {"metadata": {"finalizers": None}})  # unless it is gone already
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def test_a_changed_template_is_paused_at_once_early_pods_go_and_status_says_that_this_is_weaker(plain_shop: Shop) -> None:
    shop = plain_shop
    shop.start(shop.safe_rollout("billing", mode="Paused"), shop.service("billing", OLD))
    shop.apply(shop.service("billing", NEW))
    shop.wait("it is held", lambda: "held" in shop.labels("billing"))
    shop.wait_for_images("billing", {"shop:1": 4})
    shop.wait_for_state("Paused")
    shop.stays("only the old revision", lambda: shop.images("billing") == {"shop:1": 4}, seconds=1)
    assert shop.status()["summary"]["holdMode"] == "Reactive"
    shop.wait_for_event("HeldLate")
    said = shop.say("status").out
    assert "reactive" in said and "pods of it may start" in said, said
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic"}}).code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    assert shop.labels("billing") == {"managed-by"}


def test_a_whole_release_goes_out_in_order(plain_shop: Shop) -> None:
    shop = plain_shop
    shop.start(
        shop.safe_rollout("writer", {"name": "reader", "batches": ["50%"]}),
        shop.service("writer", Revision("shop:1", WRITES_1)), shop.service("reader", Revision("shop:1", READS_1)),
    )  # fmt: skip
    shop.apply(shop.service("reader", Revision("shop:2", READS_BOTH)))
    shop.wait("the reader is held or rolls", lambda: shop.state() not in ("Idle", "Completed"))
    shop.apply(shop.service("writer", Revision("shop:2", WRITES_2)))
    shop.wait_for_images("writer", {"shop:2": 4})
    shop.wait_for_state("Completed")
    assert shop.images("reader") == {"shop:2": 4}
    assert shop.labels("writer") == shop.labels("reader") == {"managed-by"}


def test_a_failed_template_goes_back_and_stays_held(plain_shop: Shop) -> None:
    shop = plain_shop
    shop.start(shop.safe_rollout("billing", progressDeadlineSeconds=4), shop.service("billing", OLD))
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(shop.service("billing", Revision("shop:2", behaviour="never-ready")))
        shop.wait_for_state("RolledBack")
        shop.wait_for_images("billing", {"shop:1": 4})
        assert "held" in shop.labels("billing") and shop.deployment("billing")["spec"]["paused"]
        assert diary.images("billing") == {"shop:1", "shop:2"}
    shop.apply(shop.service("billing", OLD))
    shop.wait("it is free", lambda: shop.labels("billing") == {"managed-by"})


def test_a_tool_that_writes_its_partition_over_the_hold_s_is_taken_back_and_so_is_what_started(plain_shop: Shop) -> None:
    start(plain_shop, "db", spec={"mode": "Paused"})
    plain_shop.apply(stateful("db", NEW))
    plain_shop.wait("held", lambda: {"held", "original"} <= marks(plain_shop, "db"))
    plain_shop.patch("statefulset", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    plain_shop.wait("held again", lambda: partition(plain_shop, "db") == 2147483647)
    wait_for_pods(plain_shop, "db", *["shop:1"] * 4)
    plain_shop.stays("held", lambda: by_ordinal(plain_shop, "db") == ["shop:1"] * 4)


def test_a_bypass_counts_for_nothing_while_the_operator_runs_and_the_command_that_explain_prints_does_when_it_is_away(
    lone_operator: Operator, plain_shop: Shop
) -> None:
    shop = plain_shop
    shop.start(shop.safe_rollout("billing", mode="Paused"), shop.service("billing", OLD))
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Paused")
    shop.wait("early pods are gone, and it is held", lambda: "held" in shop.labels("billing") and shop.images("billing") == {"shop:1": 4})
    shop.kubectl("annotate", "deployment", "billing", "saferollout.io/bypass=now")
    shop.wait("it is told that this changed nothing", lambda: bool(shop.events("BypassIgnored")))
    assert "held" in shop.labels("billing") and shop.images("billing") == {"shop:1": 4}
    commands = [entry["command"] for entry in json.loads(shop.say("explain", "billing", "-o", "json").out)["commands"]]
    last_resort = shlex.split(next(command for command in commands if "bypass" in command))
    assert last_resort[:3] == ["kubectl", "patch", "deployment"], "the annotation alone does nothing without the policies"
    lone_operator.kill()
    assert shop.kubectl(*last_resort[1:]).code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
