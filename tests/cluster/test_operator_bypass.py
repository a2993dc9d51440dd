"""Break-glass with the real operator at work: one update, and nothing that lies in Git or came past admission."""

from typing import Any

import pytest

from tests.cluster.shop import PodDiary, Revision, Shop

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
    assert len(shop.events("Bypassed")) == 2 * 2, "each on the SafeRollout and on the workload"
    shop.wait("both are on record", lambda: annotations(shop).get(BYPASSED) == "fire\nsmoke" and BYPASS not in annotations(shop))
