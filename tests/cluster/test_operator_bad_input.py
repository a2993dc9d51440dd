"""Bad input meets the real API server and the real operator: a clear word, nothing lost, and the others go on."""

from typing import Any

import pytest

from localcluster.testing import KubectlFailed, RunningCluster, wait_for
from tests.cluster.chart import InstalledChart
from tests.cluster.shop import PodDiary, Revision, Shop

pytestmark = pytest.mark.long

READS_1, READS_BOTH = "events: {reads: [1]}", "events: {reads: [1, 2]}"
WRITES_1, WRITES_2 = "events: {writes: [1]}", "events: {writes: [2]}"
OLD, NEW = Revision("shop:1"), Revision("shop:2")


def start_two(shop: Shop, **spec: Any) -> None:
    """Run a writer and a reader of one topic."""
    shop.start(
        shop.safe_rollout("writer", "reader", **spec),
        shop.service("writer", Revision(contracts=WRITES_1), replicas=2),
        shop.service("reader", Revision(contracts=READS_1), replicas=2),
    )


@pytest.mark.parametrize(
    ("declaration", "named"),
    [
        ("events:\n  reads: [1\n", "line"),
        ("events:\n  reads: [true]\n", "line 2"),
        ("evnets: {reads: [1]}", "line 1"),
    ],
    ids=["no YAML", "no version", "unknown contract"],
)
def test_a_broken_declaration_is_held_and_named_and_the_others_go_on(shop: Shop, declaration: str, named: str) -> None:
    start_two(shop)
    shop.apply(
        shop.service("reader", Revision("shop:2", contracts=declaration), replicas=2),
        shop.service("writer", Revision("shop:2", contracts=WRITES_1), replicas=2),
    )
    shop.wait_for_images("writer", {"shop:2": 2})
    shop.wait("the plan is not accepted", lambda: shop.condition("PlanAccepted").get("status") == "False")
    said = shop.condition("PlanAccepted")["message"]
    assert "reader" in said and named in said, said
    assert shop.images("reader") == {"shop:1": 2} and "held" in shop.labels("reader")
    shop.wait("an event says so", lambda: any("reader" in note and named in note for note in shop.events("InvalidTemplate")))
    explained = shop.say("explain", "reader").out
    assert named in explained
    shop.apply(shop.service("reader", Revision("shop:2", contracts=READS_BOTH), replicas=2))
    shop.wait_for_images("reader", {"shop:2": 2})
    shop.wait("the plan is accepted", lambda: shop.condition("PlanAccepted")["status"] == "True")


def test_a_workload_that_does_not_exist_is_named_with_the_nearest_and_the_others_go_on(shop: Shop) -> None:
    shop.apply(shop.safe_rollout("billing", "reader"), shop.service("biling", OLD, labelled=False), shop.service("reader", OLD, replicas=2))
    shop.wait("it is named", lambda: "biling" in shop.condition("Ready").get("message", ""))
    assert "there is no Deployment 'billing'" in shop.condition("Ready")["message"]
    shop.wait_for_images("reader", {"shop:1": 2})
    shop.apply(shop.service("reader", NEW, replicas=2))
    shop.wait_for_images("reader", {"shop:2": 2})
    assert "Did you mean" in shop.say("explain", "billing").out or "biling" in shop.say("explain", "billing").out


def test_a_workload_of_another_saferollout_or_of_another_kind_is_refused_and_nothing_is_touched(shop: Shop) -> None:
    start_two(shop)
    second = shop.safe_rollout("writer", {"name": "database", "workloadRef": {"kind": "DaemonSet", "name": "database"}})
    second["metadata"]["name"] = "second"
    shop.apply(second)

    def plan() -> dict[str, Any]:
        conditions = shop.read("/apis/saferollout.io/v1alpha1", "saferollouts", "second").get("status", {}).get("conditions", [])
        return next((entry for entry in conditions if entry["type"] == "PlanAccepted"), {})

    shop.wait("it is refused", lambda: plan().get("status") == "False")
    assert "belongs to the SafeRollout 'shop'" in plan()["message"]
    assert "DaemonSet" in plan()["message"]
    shop.apply(shop.service("writer", Revision("shop:2", contracts=WRITES_1), replicas=2))
    shop.wait_for_images("writer", {"shop:2": 2})
    assert shop.labels("writer") == {"managed-by"}


def test_a_release_without_a_safe_order_is_refused_with_its_repair_and_touches_no_pod(shop: Shop) -> None:
    start_two(shop)
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(shop.service("writer", Revision("shop:2", contracts=WRITES_2), replicas=2))
        shop.wait_for_state("Refused")
        plan = shop.condition("PlanAccepted")
        assert plan["status"] == "False" and "Repair" in plan["message"]
        assert "reader" in plan["message"] and "events" in plan["message"]
        watched = shop.say("status", "--watch", "--timeout", "30")
        assert watched.code == 7 and "Refused" in watched.out
        assert diary.images("writer") == {"shop:1"}
        shop.apply(shop.service("reader", Revision("shop:2", contracts=READS_BOTH), replicas=2))
        shop.wait_for_images("writer", {"shop:2": 2})
        assert not diary.met("writer=shop:2", "reader=shop:1")


def test_a_deployment_that_keeps_no_history_is_refused_with_its_pods_untouched_and_goes_on_when_corrected(shop: Shop) -> None:
    shop.start(shop.safe_rollout("billing"), shop.service("billing", OLD))
    before = shop.pod_names("billing")
    shop.apply(shop.service("billing", NEW, revisionHistoryLimit=0))
    shop.wait("the plan is not accepted", lambda: shop.condition("PlanAccepted").get("status") == "False")
    said = shop.condition("PlanAccepted")["message"]
    assert "billing" in said and "spec.revisionHistoryLimit is 0" in said and "set it to at least 1" in said
    shop.stays("the pods", lambda: shop.pod_names("billing") == before, seconds=3)
    assert "held" in shop.labels("billing")
    assert shop.patch("deployment", "billing", {"spec": {"revisionHistoryLimit": 2}}).code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait("the plan is accepted", lambda: shop.condition("PlanAccepted")["status"] == "True")
    shop.wait_for_state("Completed")


def test_a_history_set_to_nothing_in_the_middle_of_a_roll_keeps_the_way_back_until_it_is_corrected(shop: Shop) -> None:
    half, own = {"shop:1": 3, "shop:2": 2}, {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
    shop.start(shop.safe_rollout({"name": "billing", "batches": ["50%"]}, bakeSeconds=4), shop.service("billing", OLD, **own))
    shop.apply(shop.service("billing", NEW, **own))
    shop.wait_for_images("billing", half)
    assert shop.patch("deployment", "billing", {"spec": {"revisionHistoryLimit": 0}}).code == 0
    shop.wait("it says what it waits for", lambda: "spec.revisionHistoryLimit was set to 0" in shop.status()["summary"]["waitingFor"])
    shop.stays("the pods", lambda: shop.images("billing") == half, seconds=3)
    assert shop.patch("deployment", "billing", {"spec": {"revisionHistoryLimit": 10}}).code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")


def test_a_query_that_does_not_parse_is_refused_with_its_position_and_no_step_starts(shop: Shop) -> None:
    gate = {"name": "letters", "promql": "sum(rate(letters[5m])", "max": "5", "intervalSeconds": 5}
    start_two(shop, gating="Enabled", gates=[gate])
    shop.apply(shop.service("writer", NEW, replicas=2))
    shop.wait("it is refused", lambda: shop.condition("PlanAccepted").get("reason") == "InvalidQuery")
    said = shop.condition("PlanAccepted")["message"]
    assert "gate letters" in said and ("position" in said or "line" in said or "column" in said), said
    shop.stays("the writer as it was", lambda: shop.images("writer") == {"shop:1": 2}, seconds=1)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"name": "a", "promql": "x", "max": "much"}, "max"),
        ({"name": "a", "signal": "Weather", "max": "1"}, "signal"),
        ({"name": "a", "promql": "x", "max": "1", "failureLimit": 99}, "failureLimit"),
    ],
    ids=["no number", "unknown signal", "limit never met"],
)
def test_what_can_never_be_met_is_refused_at_apply_time(shop: Shop, gate: dict[str, Any], words: str) -> None:
    refused = shop.kubectl("apply", "-f", "-", manifest=[shop.safe_rollout("writer", gates=[gate])])
    assert refused.code == 1 and words in refused.error


@pytest.mark.parametrize(
    ("behaviour", "batches"),
    [("never-ready", []), ("crash-loop", ["50%"]), ("image-pull-error", ["50%"]), ("crash-after:1", [])],
    ids=["never ready, at once", "crash loop, in batches", "no image, in batches", "crash later, at once"],
)
def test_pods_that_never_work_fail_at_the_deadline_and_the_old_ones_come_back(shop: Shop, behaviour: str, batches: list[str]) -> None:
    spec = {"progressDeadlineSeconds": 5, "bakeSeconds": 4 if behaviour.startswith("crash") else 0}
    shop.start(shop.safe_rollout({"name": "billing", "batches": batches}, **spec), shop.service("billing", OLD))
    shop.apply(shop.service("billing", Revision("shop:2", behaviour=behaviour)))
    shop.wait_for_state("RolledBack")
    shop.wait_for_images("billing", {"shop:1": 4})
    failure = shop.status()["release"]["failure"]
    assert failure["workload"] == "billing" and "made no progress for 5 s" in failure["message"]
    assert shop.labels("billing") == {"managed-by", "held"}
    shop.apply(shop.service("billing", Revision("shop:3")))
    shop.wait_for_images("billing", {"shop:3": 4})


def test_abort_works_while_pods_crash(shop: Shop) -> None:
    shop.start(shop.safe_rollout({"name": "billing", "batches": ["50%"]}, bakeSeconds=600), shop.service("billing", OLD))
    shop.apply(shop.service("billing", Revision("shop:2", behaviour="crash-loop")))
    shop.wait("pods crash", lambda: "shop:2" in shop.images("billing"))
    assert shop.say("abort", "-r", "it crashes").code == 0
    shop.wait_for_state("RolledBack")
    shop.wait_for_images("billing", {"shop:1": 4})


def test_a_saferollout_that_is_deleted_in_the_middle_gives_back_and_one_that_returns_goes_on(shop: Shop) -> None:
    half = {"shop:1": 3, "shop:2": 2}
    own = {"minReadySeconds": 0, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
    rollout = shop.safe_rollout({"name": "billing", "batches": ["50%"]}, bakeSeconds=600)
    shop.start(rollout, shop.service("billing", OLD, **own))
    shop.apply(shop.service("billing", NEW, **own))
    shop.wait_for_images("billing", half)
    assert shop.kubectl("delete", "saferollout", "shop", "--timeout=30s").code == 0
    left = shop.deployment("billing")
    assert left["spec"]["paused"] and "left-paused" in " ".join(left["metadata"]["annotations"])
    assert left["spec"].get("minReadySeconds", 0) == 0 and shop.labels("billing") == {"managed-by"}
    shop.stays("the pods", lambda: shop.images("billing") == half, seconds=2)
    assert "rollout resume" in shop.say("explain", "billing").out
    rollout["spec"]["bakeSeconds"] = 0
    shop.apply(rollout)
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    after = shop.deployment("billing")
    assert after["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 1}
    assert "saferollout.io/left-paused" not in after["metadata"]["annotations"]


@pytest.mark.parametrize("batches", [[], ["50%"]], ids=["no batches", "last batch"])
def test_a_saferollout_that_is_deleted_while_the_native_controller_rolls_leaves_every_pod_as_it_is(shop: Shop, batches: list[str]) -> None:
    own = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    rollout = shop.safe_rollout({"name": "billing", "batches": batches})
    shop.start(rollout, shop.service("billing", OLD, replicas=6, **own))
    shop.apply(shop.service("billing", Revision("shop:2", behaviour="slow:2"), replicas=6, **own))
    half = 4 if batches else 2
    shop.wait("the native controller rolls", lambda: shop.images("billing").get("shop:2", 0) >= half and shop.labels("billing") == {"managed-by"})
    assert shop.kubectl("delete", "saferollout", "shop", "--timeout=30s").code == 0
    shop.wait("the controller has seen it", lambda: shop.is_settled("billing"))
    pods, images = shop.pod_names("billing"), shop.images("billing")
    assert images.keys() == {"shop:1", "shop:2"} and sum(images.values()) in (6, 7)
    left = shop.deployment("billing")
    assert left["spec"]["paused"] and "rollout resume" in left["metadata"]["annotations"]["saferollout.io/left-paused"]
    shop.wait_for_event("GivenBack", "its roll was stopped")
    shop.stays("the pods", lambda: shop.pod_names("billing") == pods and shop.images("billing") == images, seconds=5)
    shop.apply(rollout)
    shop.wait_for_images("billing", {"shop:2": 6})
    shop.wait_for_state("Completed")
    assert shop.deployment("billing")["spec"]["strategy"] == own["strategy"]
    assert shop.labels("billing") == {"managed-by"}


def test_the_definition_that_goes_in_the_middle_and_returns_loses_nothing(shop: Shop, chart: InstalledChart) -> None:
    half = {"shop:1": 3, "shop:2": 2}
    rollout = shop.safe_rollout({"name": "billing", "batches": ["50%"]}, bakeSeconds=600)
    shop.start(rollout, shop.service("billing", OLD))
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_images("billing", half)
    definition = next(item for item in chart.objects if item["kind"] == "CustomResourceDefinition")
    try:
        assert shop.kubectl("delete", "crd", definition["metadata"]["name"], "--timeout=60s").code == 0
        shop.stays("the pods", lambda: shop.images("billing") == half, seconds=2)
        spec = shop.deployment("billing")["spec"]
        assert spec["paused"] and spec.get("minReadySeconds", 0) == 0
    finally:
        _define(shop.cluster, definition)
    rollout["spec"]["bakeSeconds"] = 0
    shop.apply(rollout)
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")


def _define(cluster: RunningCluster, definition: dict[str, Any]) -> None:
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", manifest=definition)

    def served() -> bool:
        try:
            cluster.kubectl("get", "saferollouts", "-A")
        except KubectlFailed:
            return False
        return True

    wait_for("the definition is served again", served)
