"""StatefulSets with the real controller, API server and operator: partition as hold and pace, and pods that are replaced in place."""

from typing import Any

import pytest

from tests.cluster.chart import InstalledChart
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.cluster.stateful_shop import by_ordinal, is_current, marks, member, partition, read, start, stateful, wait_for_pods

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
        assert "held by SafeRollout shop: what runs goes on as it is" in said
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


def test_a_new_statefulset_starts_at_once_and_whoever_applies_or_looks_is_told(shop: Shop) -> None:
    reads, writes = "events: {reads: [1]}", "events: {writes: [2]}"
    shop.start(shop.safe_rollout("reader", member("db")), shop.service("reader", Revision(contracts=reads)))
    said = shop.apply(stateful("db", Revision(contracts=writes)))
    assert "a new StatefulSet is not held" in said
    wait_for_pods(shop, "db", *["shop:1"] * 4)
    shop.wait("status says so", lambda: "it was created with, which was not held" in _message(shop, "db"))
    shop.wait("and with whom it can't live", lambda: all("unsafe now: " in _message(shop, name) for name in ("db", "reader")))
    assert "held" not in marks(shop, "db")
    shop.wait("an event says so", lambda: set(shop.events("StartedUnheld")) == {"db is new and was not held: a new StatefulSet starts at once"})
    screen = " ".join(shop.say("status").out.split())
    assert "db: runs the template that it was created with, which was not held" in screen and "reader: unsafe now: " in screen, screen
    shop.apply(stateful("db", Revision(image="shop:2", contracts="events: {writes: [1]}")))
    wait_for_pods(shop, "db", *["shop:2"] * 4)
    shop.wait("nothing is left to say of it", lambda: _message(shop, "db") == "")
    assert "events 2" in _message(shop, "reader"), "what was written before lies there yet"


def _message(shop: Shop, name: str) -> str:
    return next((str(known.get("message", "")) for known in shop.status().get("workloads", ()) if known["name"] == name), "")


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


def test_a_template_that_comes_while_there_are_no_pods_waits_for_its_turn_too(shop: Shop) -> None:
    start(shop, "db", spec={"mode": "Paused"})
    assert shop.kubectl("scale", "statefulset", "db", "--replicas=0").code == 0
    shop.wait("no pods", lambda: by_ordinal(shop, "db") == [])
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(stateful("db", Revision(image="shop:2"), replicas=0))
        shop.wait("the old template is put back first", lambda: "pinned" in marks(shop, "db"))
        assert shop.kubectl("scale", "statefulset", "db", "--replicas=2").code == 0
        wait_for_pods(shop, "db", "shop:1", "shop:1")
        assert diary.images("db") == {"shop:1"}


def test_the_operator_can_delete_pods_of_statefulsets_only(shop: Shop, chart: InstalledChart) -> None:
    start(shop, "db", replicas=1)
    shop.start(shop.safe_rollout("web", member("db")), shop.service("web", Revision(), replicas=1))
    [of_deployment] = shop.pod_names("web")
    whoever = f"--kubeconfig={chart.operator.kubeconfig}"
    said = shop.kubectl("delete", "pod", of_deployment, "--dry-run=server", whoever)
    assert said.code != 0 and "deletes pods of StatefulSets only" in said.error, said
    assert shop.kubectl("delete", "pod", "db-0", "--dry-run=server", whoever).code == 0
    assert shop.kubectl("delete", "pod", of_deployment, "--dry-run=server").code == 0, "nobody else is concerned"


@pytest.mark.parametrize("behaviour", ["ready", "never-ready"])
def test_volumes_and_their_claims_are_left_alone_on_the_way_out_and_back(shop: Shop, behaviour: str) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    volumes = {"volumeClaimTemplates": [claim], "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"}}
    start(shop, "db", batches=["50%"], spec={"progressDeadlineSeconds": 10}, **volumes)
    before = claims(shop)
    assert [name for name, _, _ in before] == [f"data-db-{ordinal}" for ordinal in range(4)]
    shop.apply(stateful("db", Revision(image="shop:2", behaviour=behaviour), **volumes))
    shop.wait_for_state("Completed" if behaviour == "ready" else "RolledBack", seconds=90)
    wait_for_pods(shop, "db", *["shop:2" if behaviour == "ready" else "shop:1"] * 4)
    assert claims(shop) == before, "the same claims, and nobody has written to them"
    mounted = [volume["persistentVolumeClaim"]["claimName"] for pod in shop.pods("db") for volume in pod["spec"]["volumes"] if "persistentVolumeClaim" in volume]
    assert sorted(mounted) == [name for name, _, _ in before]


def claims(shop: Shop) -> list[tuple[str, str, str]]:
    """Return name, uid and version of every claim."""
    found = [claim["metadata"] for claim in shop.read("/api/v1", "persistentvolumeclaims")["items"]]
    return sorted((one["name"], one["uid"], one["resourceVersion"]) for one in found)
