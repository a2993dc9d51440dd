"""StatefulSets with the real controller, API server and operator: partition as hold and pace, and pods that are replaced in place."""

from typing import Any

import pytest

from tests.cluster.shop import PodDiary, Revision, Shop
from tests.cluster.stateful_shop import by_ordinal, is_current, marks, partition, read, start, stateful, wait_for_pods

HOLD = 2147483647
POLICIES = pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])


@POLICIES
def test_a_release_goes_in_batches_from_the_highest_ordinal_and_gives_the_partition_back(shop: Shop, policy: str) -> None:
    start(shop, "db", batches=["50%"], spec={"bakeSeconds": 3}, podManagementPolicy=policy)
    shop.apply(stateful("db", Revision(image="shop:2"), podManagementPolicy=policy))
    wait_for_pods(shop, "db", "shop:1", "shop:1", "shop:2", "shop:2")
    assert (partition(shop, "db"), "paced" in marks(shop, "db")) == (2, True)
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait_for_state("Completed")
    assert (partition(shop, "db"), marks(shop, "db")) == (0, {"managed-by"})


def test_a_held_template_starts_no_pod_under_a_second_put_a_lost_pod_and_a_scale_up(shop: Shop) -> None:
    start(shop, "db", spec={"mode": "Paused"})
    new = stateful("db", Revision(image="shop:2"))
    with PodDiary(shop.cluster, shop.namespace) as diary:
        said = shop.apply(new)
        assert "held by SafeRollout shop until its turn" in said
        for _ in range(2):
            assert shop.kubectl("replace", "-f", "-", manifest=[{**new, "metadata": {"name": "db"}}]).code == 0
        assert shop.kubectl("delete", "pod", "db-1", "--wait=false").code == 0
        assert shop.kubectl("scale", "statefulset", "db", "--replicas=6").code == 0
        wait_for_pods(shop, "db", *["shop:1"] * 6)
    assert diary.images("db") == {"shop:1"}
    assert (partition(shop, "db"), marks(shop, "db")) == (HOLD, {"managed-by", "held", "original"})
    assert read(shop, "db")["metadata"]["annotations"]["saferollout.io/original"] == '{"partition": 0}'


@POLICIES
def test_a_held_template_starts_no_pod_when_scaled_to_nothing_and_back(shop: Shop, policy: str) -> None:
    start(shop, "db", spec={"mode": "Paused"}, podManagementPolicy=policy)
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(stateful("db", Revision(image="shop:2"), podManagementPolicy=policy))
        assert shop.kubectl("scale", "statefulset", "db", "--replicas=0").code == 0
        shop.wait("no pods", lambda: by_ordinal(shop, "db") == [] and "pinned" in marks(shop, "db"))
        shop.stays("pinned", lambda: "pinned" in marks(shop, "db"))
        assert shop.kubectl("scale", "statefulset", "db", "--replicas=3").code == 0
        wait_for_pods(shop, "db", *["shop:1"] * 3)
        shop.wait("held again", lambda: {"held"} <= marks(shop, "db") and "pinned" not in marks(shop, "db"))
        assert read(shop, "db")["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
        assert diary.images("db") == {"shop:1"}
        assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic"}}).code == 0
        wait_for_pods(shop, "db", *["shop:2"] * 3)
    shop.wait_for_state("Completed")


@POLICIES
def test_a_template_that_never_gets_ready_goes_back_pod_by_pod_and_stays_held(shop: Shop, policy: str) -> None:
    start(shop, "db", batches=["50%"], spec={"progressDeadlineSeconds": 10}, podManagementPolicy=policy)
    shop.apply(stateful("db", Revision(image="shop:2", behaviour="never-ready"), podManagementPolicy=policy))
    shop.wait_for_images("db", {"shop:1": 3, "shop:2": 1})
    shop.wait_for_state("RolledBack")
    wait_for_pods(shop, "db", *["shop:1"] * 4)
    found = read(shop, "db")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    assert (partition(shop, "db"), "held" in marks(shop, "db")) == (HOLD, True)


def test_what_all_pods_ran_already_goes_back_by_a_pinned_template(shop: Shop) -> None:
    start(shop, "db", spec={"bakeSeconds": 300}, behaviour="slow:1")
    shop.apply(stateful("db", Revision(image="shop:2")))
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait("the new revision is the current one", lambda: is_current(shop, "db"))
    assert shop.say("abort", "shop", "--reason", "it is slow").code == 0
    shop.wait("pinned", lambda: "pinned" in marks(shop, "db"))
    shop.apply(stateful("db", Revision(image="shop:2")))
    wait_for_pods(shop, "db", *["shop:1"] * 4)
    shop.wait("held", lambda: "held" in marks(shop, "db") and "pinned" not in marks(shop, "db"))
    assert read(shop, "db")["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"


def test_a_broken_pod_does_not_keep_a_pinned_template_from_coming_back(shop: Shop) -> None:
    start(shop, "db", replicas=3, spec={"bakeSeconds": 300})
    shop.apply(stateful("db", Revision(image="shop:2"), replicas=3))
    wait_for_pods(shop, "db", *["shop:2"] * 3)
    shop.wait("the new revision is the current one", lambda: is_current(shop, "db"))
    assert shop.kubectl("annotate", "pod", "db-2", "--overwrite", "fakelet.saferollout.io/behaviour=never-ready").code == 0
    shop.wait("db-2 is broken", lambda: read(shop, "db")["status"].get("readyReplicas") == 2)
    assert shop.say("abort", "shop", "--reason", "it broke").code == 0
    wait_for_pods(shop, "db", *["shop:1"] * 3)


def test_a_fix_gets_past_the_broken_pod_of_the_template_that_it_supersedes(shop: Shop) -> None:
    start(shop, "db", spec={"progressDeadlineSeconds": 600})
    shop.apply(stateful("db", Revision(image="shop:2", behaviour="never-ready")))
    shop.wait_for_images("db", {"shop:1": 3, "shop:2": 1})
    shop.apply(stateful("db", Revision(image="shop:3")))
    wait_for_pods(shop, "db", *["shop:3"] * 4)
    shop.wait_for_state("Completed")


def test_pods_that_an_autoscaler_adds_in_a_batch_are_not_all_new(shop: Shop) -> None:
    start(shop, "db", batches=["25%"], spec={"bakeSeconds": 300})
    # Pods that are ready at once would all be there before anybody could look.
    shop.apply(stateful("db", Revision(image="shop:2", behaviour="slow:2")))
    wait_for_pods(shop, "db", "shop:1", "shop:1", "shop:1", "shop:2")
    assert shop.kubectl("scale", "statefulset", "db", "--replicas=8").code == 0
    shop.wait("8 pods", lambda: len(by_ordinal(shop, "db")) == 8)
    assert by_ordinal(shop, "db")[:4] == ["shop:1", "shop:1", "shop:1", "shop:2"]
    assert by_ordinal(shop, "db").count("shop:2") == 2, "a quarter of 8, the one of before included"


def test_a_safe_rollout_deleted_in_a_batch_leaves_the_pods_as_they_are_and_says_how_to_go_on(shop: Shop) -> None:
    start(shop, "db", batches=["50%"], spec={"bakeSeconds": 300})
    shop.apply(stateful("db", Revision(image="shop:2")))
    wait_for_pods(shop, "db", "shop:1", "shop:1", "shop:2", "shop:2")
    assert shop.kubectl("delete", "saferollout", "shop", "--timeout=30s").code == 0
    wait_for_pods(shop, "db", "shop:1", "shop:1", "shop:2", "shop:2")
    assert partition(shop, "db") == HOLD
    assert marks(shop, "db") == {"managed-by", "left-paused", "left-strategy"}
    shop.apply(shop.safe_rollout({"name": "db", "workloadRef": {"kind": "StatefulSet", "name": "db"}}))
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait("given back", lambda: (partition(shop, "db"), marks(shop, "db")) == (0, {"managed-by"}))


def test_a_new_statefulset_starts_at_once_and_whoever_applies_is_told(shop: Shop) -> None:
    said = shop.apply(shop.safe_rollout({"name": "db", "workloadRef": {"kind": "StatefulSet", "name": "db"}}), stateful("db", Revision()))
    assert "a new StatefulSet is not held" in said
    wait_for_pods(shop, "db", *["shop:1"] * 4)
    shop.wait_for_state("Idle", "Completed")
    assert "held" not in marks(shop, "db")


def test_a_partition_that_somebody_writes_meanwhile_counts_from_the_end_on(shop: Shop) -> None:
    start(shop, "db", spec={"mode": "Paused"})
    shop.apply(stateful("db", Revision(image="shop:2")))
    shop.patch("statefulset", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 3}}}})
    assert partition(shop, "db") == HOLD
    assert read(shop, "db")["metadata"]["annotations"]["saferollout.io/original"] == '{"partition": 3}'
    shop.wait("refused with the reason", lambda: "has a partition of its own (3)" in str(shop.status()))
    shop.patch("statefulset", "db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic"}}).code == 0
    wait_for_pods(shop, "db", *["shop:2"] * 4)


def test_on_delete_is_refused_with_the_reason_and_left_alone(shop: Shop) -> None:
    strategy: dict[str, Any] = {"updateStrategy": {"type": "OnDelete"}}
    shop.apply(shop.safe_rollout({"name": "db", "workloadRef": {"kind": "StatefulSet", "name": "db"}}), stateful("db", Revision(), **strategy))
    wait_for_pods(shop, "db", *["shop:1"] * 4)
    shop.apply(stateful("db", Revision(image="shop:2"), **strategy))
    shop.wait("refused with the reason", lambda: "has updateStrategy OnDelete" in str(shop.status()))
    shop.stays("left alone", lambda: marks(shop, "db") == {"managed-by"} and shop.events("WriteRefused") == [])


def test_a_bypass_releases_a_held_template_at_once_and_gives_the_partition_back(shop: Shop) -> None:
    start(shop, "db", spec={"mode": "Paused"})
    shop.apply(stateful("db", Revision(image="shop:2")))
    assert shop.kubectl("annotate", "statefulset", "db", "saferollout.io/bypass=fire").code == 0
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait("given back", lambda: (partition(shop, "db"), marks(shop, "db")) == (0, {"managed-by", "bypassed"}))
