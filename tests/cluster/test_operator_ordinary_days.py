"""Ordinary days in the middle of a release: autoscalers, hand edits, reverts, kubectl's own verbs, tools that re-apply Git."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cluster.shop import PodDiary, Revision, Shop

pytestmark = pytest.mark.long

OLD, NEW, NEWER = Revision("shop:1"), Revision("shop:2"), Revision("shop:3")
HALF = {"shop:1": 3, "shop:2": 2}
OWN = {"minReadySeconds": 0, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}


def start(shop: Shop, *, batches: tuple[str, ...] = ("50%",), applied: tuple[str, ...] = (), **spec: Any) -> None:
    if applied:
        assert shop.kubectl("apply", *applied, "-f", "-", manifest=[shop.service("billing", OLD, **OWN)]).code == 0
        shop.start(shop.safe_rollout({"name": "billing", "batches": list(batches)}, **spec))
        shop.wait_for_images("billing", {"shop:1": 4})
        shop.wait_for_state("Idle", "Completed")
        return
    shop.start(shop.safe_rollout({"name": "billing", "batches": list(batches)}, **spec), shop.service("billing", OLD, **OWN))


def automatic(shop: Shop, **spec: Any) -> None:
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic", "bakeSeconds": 0, **spec}}).code == 0


def assert_given_back(shop: Shop) -> None:
    """All that was borrowed is the user's own again."""
    found = shop.deployment("billing")
    assert found["spec"]["strategy"] == OWN["strategy"]
    assert found["spec"].get("minReadySeconds", 0) == 0
    assert found["spec"]["progressDeadlineSeconds"] == 600
    left = {key for key in found["metadata"]["annotations"] if key.startswith("saferollout.io/")}
    assert left <= {"saferollout.io/bypassed"}, "reasons that were used stay, so that each counts once"


def assert_what_ran_comes_back(shop: Shop, *, held: Revision, runs: str) -> None:
    """Scaled to zero and back while another template is held, the workload has pods of what ran, and never had others."""
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(shop.service("billing", held, **OWN))
        shop.wait_for_state("Paused")
        shop.scale("billing", 0)
        shop.wait_for_images("billing", {})
        shop.scale("billing", 3)
        shop.wait_for_images("billing", {runs: 3})
        assert diary.images("billing") == {runs}


def test_an_autoscaler_in_the_middle_of_a_batch_keeps_the_share_and_the_release_ends(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", HALF)
    shop.scale("billing", 8)
    shop.wait("half of eight is new", lambda: shop.images("billing").get("shop:2") == 4)
    shop.scale("billing", 2)
    shop.wait("half of two is new", lambda: shop.images("billing").get("shop:2") == 1)
    automatic(shop)
    shop.wait_for_images("billing", {"shop:2": 2})
    shop.wait_for_state("Completed")
    assert_given_back(shop)


def test_scaled_to_zero_and_back_while_held_brings_back_what_ran(shop: Shop) -> None:
    start(shop, mode="Paused")
    assert_what_ran_comes_back(shop, held=NEW, runs="shop:1")
    automatic(shop)
    shop.wait_for_images("billing", {"shop:2": 3})


def test_an_earlier_template_that_is_held_does_not_start_when_scaled_to_zero_and_back(shop: Shop) -> None:
    """Its old ReplicaSet is retained, and the native controller prefers the one of the template over the youngest."""
    start(shop)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Paused"}}).code == 0
    assert_what_ran_comes_back(shop, held=OLD, runs="shop:2")
    automatic(shop)
    shop.wait_for_images("billing", {"shop:1": 3})
    shop.wait_for_state("Completed")
    assert_given_back(shop)


def test_scaled_to_zero_and_back_after_a_failure_brings_back_what_ran(shop: Shop) -> None:
    start(shop, progressDeadlineSeconds=3)
    shop.apply(shop.service("billing", Revision("shop:2", behaviour="never-ready"), **OWN))
    shop.wait_for_state("RolledBack")
    shop.wait_for_images("billing", {"shop:1": 4})
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.wait("the failed ReplicaSet is gone", lambda: len(shop.read("/apis/apps/v1", "replicasets")["items"]) == 1)
        shop.scale("billing", 0)
        shop.wait_for_images("billing", {})
        shop.scale("billing", 4)
        shop.wait_for_images("billing", {"shop:1": 4})
        assert diary.images("billing") == {"shop:1"}


def test_scaled_to_zero_in_the_middle_of_a_batch_brings_back_what_ran_and_goes_on_from_there(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", HALF)
    shop.scale("billing", 0)
    shop.wait_for_images("billing", {})
    shop.wait("the new ReplicaSet is gone", lambda: len(shop.read("/apis/apps/v1", "replicasets")["items"]) == 1)
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.scale("billing", 4)
        shop.wait("what ran is back", lambda: "shop:1" in diary.images("billing"))
        shop.wait_for_images("billing", HALF)
    automatic(shop)
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    assert_given_back(shop)


def test_a_template_reverted_in_the_middle_goes_back_at_once_with_no_hand(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", HALF)
    shop.apply(shop.service("billing", OLD, **OWN))
    shop.wait_for_images("billing", {"shop:1": 4})
    shop.wait("it is free", lambda: shop.labels("billing") == {"managed-by"})
    shop.wait_for_state("Idle", "Completed")
    assert_given_back(shop)


def test_a_revert_after_a_failed_release_clears_the_failure(shop: Shop) -> None:
    start(shop, progressDeadlineSeconds=3)
    shop.apply(shop.service("billing", Revision("shop:2", behaviour="never-ready"), **OWN))
    shop.wait_for_state("RolledBack")
    shop.apply(shop.service("billing", OLD, **OWN))
    shop.wait("it is free", lambda: shop.labels("billing") == {"managed-by"})
    shop.wait_for_state("Idle", "Completed")
    shop.wait("the failure is cleared", lambda: shop.status()["workloads"][0]["failedHash"] == "")
    shop.wait_for_images("billing", {"shop:1": 4})


def test_an_edit_by_hand_in_the_middle_is_taken_up_as_the_new_truth(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", HALF)
    assert shop.kubectl("set", "image", "deployment/billing", "main=shop:3").code == 0
    shop.wait("the newer one has the batch", lambda: shop.images("billing").get("shop:3") == 2 and "shop:2" not in shop.images("billing"))
    shop.wait_for_event("Superseded", "newer template of billing")
    automatic(shop)
    shop.wait_for_images("billing", {"shop:3": 4})
    shop.wait_for_state("Completed")
    assert_given_back(shop)


def test_whoever_applies_is_warned_and_kubectls_own_verbs_on_a_held_workload_say_where_to_look(shop: Shop) -> None:
    start(shop, mode="Paused")
    warned = shop.apply(shop.service("billing", NEW, **OWN))
    assert "held by SafeRollout shop: what runs goes on as it is; why, and what it waits for: kubectl safe-rollout explain" in warned
    assert f"kubectl safe-rollout explain billing -n {shop.namespace}" in warned
    resumed = shop.kubectl("rollout", "resume", "deployment/billing")
    assert resumed.code == 1 and "held by SafeRollout shop" in resumed.error
    restarted = shop.kubectl("rollout", "restart", "deployment/billing")
    assert restarted.code == 1 and "paused" in restarted.error
    undone = shop.kubectl("rollout", "undo", "deployment/billing")
    assert undone.code == 1
    shop.wait_for_state("Paused")
    shop.stays("nothing new", lambda: shop.images("billing") == {"shop:1": 4}, seconds=1)
    assert "held" in shop.labels("billing")


def test_a_plain_rollout_restart_is_let_through_at_once_and_makes_no_release(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    before, release = shop.pod_names("billing"), shop.status().get("release")
    assert shop.kubectl("rollout", "restart", "deployment/billing").code == 0
    shop.wait("all pods are new", lambda: len(shop.pod_names("billing")) == 4 and not before & shop.pod_names("billing"))
    shop.wait("it is free", lambda: shop.labels("billing") == {"managed-by"})
    assert shop.status().get("release") == release
    assert_given_back(shop)


def test_a_bypass_releases_one_update_and_holds_the_next(shop: Shop) -> None:
    start(shop, mode="Paused")
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_state("Paused")
    command = next(entry for entry in explained(shop) if "bypass" in entry)
    assert command.startswith("kubectl annotate deployment billing")
    assert shop.kubectl("annotate", "deployment", "billing", "--overwrite", "saferollout.io/bypass=the site is down").code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait("it is on record", lambda: any("the site is down" in note for note in shop.events("Bypassed")))
    shop.wait("the annotation is gone", lambda: "saferollout.io/bypass" not in shop.deployment("billing")["metadata"]["annotations"])
    assert shop.labels("billing") == {"managed-by"}
    shop.wait_for_state("Idle", "Completed")
    lying = shop.service("billing", NEWER, **OWN)
    lying["metadata"]["annotations"] = {"team": "shop"}
    shop.apply(lying)
    shop.wait_for_state("Paused")
    shop.stays("held again", lambda: "held" in shop.labels("billing") and shop.images("billing") == {"shop:2": 4}, seconds=1)


def test_a_bypass_in_the_middle_of_a_batch_lets_it_run_on_and_gives_back(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", HALF)
    assert any("bypass" in entry for entry in explained(shop))
    assert shop.kubectl("annotate", "deployment", "billing", "--overwrite", "saferollout.io/bypass=now").code == 0
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait("it is on record", lambda: bool(shop.events("Bypassed")))
    shop.wait("what was borrowed is back", lambda: "minReadySeconds" not in shop.deployment("billing")["spec"] or shop.deployment("billing")["spec"]["minReadySeconds"] == 0)
    shop.wait_for_state("Idle", "Completed")
    assert_given_back(shop)


def explained(shop: Shop) -> list[str]:
    return [entry["command"] for entry in json.loads(shop.say("explain", "billing", "-o", "json").out)["commands"]]


@contextmanager
def fighting(shop: Shop, *arguments: str, revision: Revision = NEW) -> Iterator[list[str]]:
    """Re-apply the user's manifest again and again, as self-heal does; yields what the API server answered."""
    over, answers = threading.Event(), list[str]()
    verb = "replace" if "replace" in arguments else "apply"
    rest = [argument for argument in arguments if argument != "replace"]

    def heal() -> None:
        for _ in range(300):
            if over.wait(0.3):
                return
            said = shop.kubectl(verb, *rest, "-f", "-", manifest=[shop.service("billing", revision, **OWN)])
            answers.append(said.error if said.code else "done")

    thread = threading.Thread(target=heal, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join(30)


@pytest.mark.parametrize(
    "arguments",
    [(), ("--server-side", "--field-manager=healer"), ("--server-side", "--force-conflicts", "--field-manager=healer"), ("replace",)],
    ids=["client-side", "server-side", "server-side forced", "replace"],
)
def test_a_tool_that_re_applies_git_all_the_time_neither_hurries_nor_stops_a_release(shop: Shop, arguments: tuple[str, ...]) -> None:
    start(shop, bakeSeconds=2, applied=tuple(argument for argument in arguments if argument != "replace"))
    with PodDiary(shop.cluster, shop.namespace) as diary, fighting(shop, *arguments) as answers:
        shop.wait_for_images("billing", HALF)
        shop.stays("the batch is not exceeded", lambda: shop.images("billing") == HALF, seconds=1)
        shop.wait_for_images("billing", {"shop:2": 4})
        shop.wait_for_state("Completed")
        assert diary.images("billing") == {"shop:1", "shop:2"}
        assert len(answers) > 2
    shop.wait("nothing is held", lambda: shop.labels("billing") == {"managed-by"})
    assert_given_back(shop)


def test_a_tool_that_re_applies_git_all_the_time_does_not_bring_a_failed_template_back(shop: Shop) -> None:
    broken = Revision("shop:2", behaviour="never-ready")
    start(shop, batches=(), progressDeadlineSeconds=3)
    with fighting(shop, revision=broken):
        shop.wait_for_state("RolledBack")
        shop.wait_for_images("billing", {"shop:1": 4})
        shop.stays("it stays so", lambda: shop.images("billing") == {"shop:1": 4} and "held" in shop.labels("billing"), seconds=3)
    assert_given_back(shop)


def test_a_pinned_workload_that_is_restored_from_its_export_is_a_held_first_creation(shop: Shop) -> None:
    """Labels and the waiting template come along, ReplicaSets and status do not: nothing is there to go back to."""
    rollout = shop.safe_rollout("billing", bakeSeconds=600)
    shop.start(rollout, shop.service("billing", Revision("shop:1", behaviour="slow:5"), **OWN))
    shop.apply(shop.service("billing", NEW, **OWN))
    shop.wait_for_images("billing", {"shop:2": 4})
    assert shop.say("abort", "-r", "no").code == 0
    shop.wait("it is pinned", lambda: "pinned" in shop.labels("billing"))
    exported = shop.deployment("billing")
    assert shop.kubectl("delete", "deployment/billing", "saferollout/shop", "--timeout=30s").code == 0
    shop.wait_for_images("billing", {})
    rollout["spec"]["bakeSeconds"] = 0
    with PodDiary(shop.cluster, shop.namespace) as diary:
        metadata = {key: exported["metadata"][key] for key in ("name", "labels", "annotations")}
        assert {"saferollout.io/managed-by", "saferollout.io/pinned"} <= metadata["labels"].keys()
        restored = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": exported["spec"]}
        assert shop.kubectl("create", "-f", "-", manifest=[restored, rollout]).code == 0
        shop.wait_for_images("billing", {"shop:2": 4})
        shop.wait_for_state("Completed")
        assert diary.images("billing") == {"shop:2"}
    assert shop.labels("billing") == {"managed-by"}


def test_a_recreate_deployment_is_released_in_one_go_and_one_that_fails_goes_back_the_same_way(shop: Shop) -> None:
    recreate = {"strategy": {"type": "Recreate"}}
    shop.start(shop.safe_rollout("billing", progressDeadlineSeconds=3), shop.service("billing", OLD, **recreate))
    with PodDiary(shop.cluster, shop.namespace) as diary:
        shop.apply(shop.service("billing", NEW, **recreate))
        shop.wait_for_images("billing", {"shop:2": 4})
        shop.wait_for_state("Completed")
        shop.apply(shop.service("billing", Revision("shop:3", behaviour="never-ready"), **recreate))
        shop.wait("it was tried", lambda: "shop:3" in diary.images("billing"))
        shop.wait_for_state("RolledBack")
        shop.wait_for_images("billing", {"shop:2": 4})
        assert not diary.met("billing=shop:1", "billing=shop:2") and not diary.met("billing=shop:2", "billing=shop:3")
    found = shop.deployment("billing")
    assert found["spec"]["strategy"] == recreate["strategy"]
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:3", "Git's template stays, held"
    assert shop.labels("billing") == {"managed-by", "held"}
    assert not any(key.startswith("saferollout.io/") for key in found["metadata"]["annotations"])
    shop.apply(shop.service("billing", OLD, **recreate))
    shop.wait_for_images("billing", {"shop:1": 4})
    shop.wait_for_state("Completed")


@pytest.mark.parametrize(("history", "kept"), [(1, {"shop:2"}), (2, {"shop:1", "shop:2"})])
def test_what_a_superseded_roll_can_go_back_to_is_a_matter_of_history(shop: Shop, history: int, kept: set[str]) -> None:
    """`lint` warns of a history of one: the native controller deletes what ran before as soon as the newer template comes."""
    shop.start(shop.safe_rollout("billing", bakeSeconds=600, progressDeadlineSeconds=3), shop.service("billing", OLD, revisionHistoryLimit=history))
    shop.apply(shop.service("billing", NEW, revisionHistoryLimit=history))
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.apply(shop.service("billing", Revision("shop:3", behaviour="never-ready"), revisionHistoryLimit=history))
    shop.wait("it goes out", lambda: "shop:3" in shop.images("billing"))
    sets = shop.read("/apis/apps/v1", "replicasets")["items"]
    assert {item["spec"]["template"]["spec"]["containers"][0]["image"] for item in sets} == {*kept, "shop:3"}
    if history == 1:
        shop.wait("it is stuck, and says so", lambda: shop.condition("Stalled").get("reason") == "OldRevisionGone")
        return
    shop.wait_for_state("RolledBack")
    shop.wait_for_images("billing", {"shop:1": 4})
