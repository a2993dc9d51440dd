"""Break-glass with the real operator at work: one update, and nothing that lies in Git or came past admission."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localcluster.testing import wait_for
from saferollout.workloads.protocol import MERGE_PATCH
from tests.cluster.processes import Operator
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.cluster.workload_stage import Person

OLD, NEW, NEWER, NEWEST = (Revision(f"shop:{number}") for number in (1, 2, 3, 4))
BYPASS, BYPASSED = "saferollout.io/bypass", "saferollout.io/bypassed"


def in_git(shop: Shop, revision: Revision, reason: str) -> dict[str, Any]:
    """Return a manifest that somebody committed with a bypass."""
    manifest = shop.service("billing", revision)
    manifest["metadata"]["annotations"] = {BYPASS: reason}
    return manifest


def annotations(shop: Shop) -> dict[str, str]:
    return shop.deployment("billing")["metadata"].get("annotations") or {}


@pytest.mark.parametrize("verb", ["apply", "replace"])
def test_a_bypass_that_lies_in_git_releases_one_update_however_often_it_is_synced(shop: Shop, verb: str) -> None:
    def sync(revision: Revision, reason: str) -> None:
        said = shop.kubectl(verb, "-f", "-", manifest=[in_git(shop, revision, reason)])
        assert said.code == 0, said.error

    shop.start(shop.safe_rollout("billing", mode="Paused"), shop.service("billing", OLD))
    sync(NEW, "fire")
    shop.wait_for_images("billing", {"shop:2": 4})
    for _ in range(3):
        shop.wait("the bypass was cleared", lambda: BYPASS not in annotations(shop) and annotations(shop).get(BYPASSED) == "fire")
        sync(NEW, "fire")
    shop.wait("the bypass was cleared", lambda: BYPASS not in annotations(shop))
    with PodDiary(shop.cluster, shop.namespace) as diary:
        sync(NEWER, "fire")
        shop.wait_for_state("Paused")
        shop.stays("held", lambda: "held" in shop.labels("billing") and shop.images("billing") == {"shop:2": 4}, seconds=2)
        assert "shop:3" not in diary.images("billing")
    sync(NEWER, "smoke")
    shop.wait_for_images("billing", {"shop:3": 4})
    shop.wait("both are on record", lambda: annotations(shop).get(BYPASSED) == "fire\nsmoke" and BYPASS not in annotations(shop))
    shop.wait("each is told on the SafeRollout and on the workload", lambda: len(shop.events("Bypassed")) >= 2 * 2)
    shop.stays("told once", lambda: len(shop.events("Bypassed")) == 2 * 2, seconds=1)


@contextmanager
def standing_still(operator: Operator) -> Iterator[None]:
    """Stop the operator's process for a moment: whoever is faster than it does what follows."""
    operator.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        operator.process.send_signal(signal.SIGCONT)


def somebody_with_edit_rights(shop: Shop) -> Person:
    account = shop.cluster.service_account(shop.namespace, "owner")
    shop.cluster.kubectl("create", "rolebinding", "owner", "-n", shop.namespace, "--clusterrole=edit", f"--serviceaccount={shop.namespace}:owner")
    person = Person(shop.cluster, account.token)
    wait_for("the role is known", lambda: person.send("GET", f"/apis/apps/v1/namespaces/{shop.namespace}/deployments").status == 200)
    return person


@pytest.mark.parametrize("relabels", [False, True], ids=["unlabelled", "labelled again"])
def test_a_bypass_that_came_while_the_label_was_missing_is_held_all_the_same(shop: Shop, operator_at_work: Operator, relabels: bool) -> None:
    shop.start(shop.safe_rollout("billing", mode="Paused"), shop.service("billing", OLD))
    person, path = somebody_with_edit_rights(shop), f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/billing"

    def patch(*, label: str | None = None, **body: Any) -> None:
        labels = {"labels": {"saferollout.io/managed-by": label}} if "spec" not in body else {}
        answer = person.send("PATCH", path, {"metadata": {**labels, **body.pop("metadata", {})}, **body}, content_type=MERGE_PATCH)
        assert answer.status == 200, answer.body

    with standing_still(operator_at_work):
        patch(label=None)
        forged = {"annotations": {BYPASS: "fire", BYPASSED: "fire"}}
        patch(metadata=forged, spec={"template": {"spec": {"containers": [{"name": "main", "image": "shop:2"}]}}})
        shop.wait("pods of it are there", lambda: "shop:2" in shop.images("billing"))
        if relabels:
            patch(label="shop")
    shop.wait("it is held and labelled", lambda: {"held", "managed-by"} <= shop.labels("billing") and BYPASS not in annotations(shop))
    shop.wait(
        "what ran is back, and the way back is over",
        lambda: shop.images("billing") == {"shop:1": 4} and "held" in shop.labels("billing") and "pinned" not in shop.labels("billing"),
    )
    shop.wait_for_event("HeldLate")
    shop.wait_for_event("BypassIgnored", "did not count")
    assert shop.events("Bypassed") == []
    assert shop.kubectl("annotate", "deployment", "billing", "--overwrite", f"{BYPASS}=fire").code == 0
    shop.stays("the same reason does not count later", lambda: shop.images("billing") == {"shop:1": 4} and "held" in shop.labels("billing"), seconds=2)
