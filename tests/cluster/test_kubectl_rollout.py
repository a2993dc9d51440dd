"""kubectl's own rollout verbs on a workload that is held, paced or pinned: each cell of the table in docs/operations.md, typed."""

from __future__ import annotations

import re
import time

import pytest

from localcluster.paths import CHECKOUT
from tests.cluster.shop import Revision, Shop
from tests.cluster.stances import stance
from tests.page_table import rows_of

pytestmark = pytest.mark.long

STANCES = ("held", "paced", "pinned")
CELLS = {row[0]: dict(zip(STANCES, row[1:], strict=True)) for row in rows_of(CHECKOUT / "docs" / "operations.md", "kubectl rollout", *STANCES)}
BILLING = "deployment/billing"
OLD, OTHER, NEW = Revision("shop:0"), Revision("shop:1"), Revision("shop:2")
HALF = {"shop:1": 3, "shop:2": 2}


def says(shop: Shop, verb: str, at: str) -> None:
    """Type a verb and expect what its cell says; `waits` is seen as kubectl giving up in time."""
    answer, _, sentence = CELLS[verb][at].partition(": ")
    said = shop.kubectl("rollout", verb, BILLING, *(["--timeout=1s"] if answer == "waits" else []))
    assert (said.code == 0) is (answer == "answers"), said
    assert ("timed out" in said.error) is (answer == "waits"), said
    assert re.search(".*".join(map(re.escape, sentence.split("…"))), f"{said.out} {said.error}", re.DOTALL), said


def becomes(shop: Shop, what: str, images: dict[str, int]) -> None:
    shop.wait(f"it is {what} with {images}", lambda: (stance(shop, "billing"), shop.images("billing")) == (what, images))


def test_every_verb_of_the_page_is_typed() -> None:
    assert list(CELLS) == ["status", "history", "pause", "resume", "restart", "undo"]


def test_on_a_held_workload_they_wait_or_say_where_to_look(shop: Shop) -> None:
    shop.start(shop.safe_rollout("billing"), shop.service("billing", OLD))
    # Of two ReplicaSets born in one second a scale-up from 0 may start the empty one, which is why that one would be deleted.
    time.sleep(1)
    shop.apply(shop.service("billing", OTHER))
    becomes(shop, "runs", {"shop:1": 4})
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Paused"}}).code == 0
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Paused")
    becomes(shop, "held", {"shop:1": 4})
    shop.wait("the native controller has seen it", lambda: shop.is_settled("billing"))
    for verb in CELLS:
        says(shop, verb, "held")
    shop.stays("it is held", lambda: stance(shop, "billing") == "held" and shop.images("billing") == {"shop:1": 4}, seconds=2)


def test_on_a_paced_workload_they_change_neither_the_share_nor_the_pace(shop: Shop) -> None:
    batches = {"name": "billing", "batches": ["50%"]}
    shop.start(shop.safe_rollout(batches, bakeSeconds=600), shop.service("billing", OTHER))
    shop.apply(shop.service("billing", NEW))
    shop.wait("it bakes", lambda: "bakes" in shop.message())
    becomes(shop, "paced", HALF)
    shop.wait("the native controller has seen it", lambda: shop.is_settled("billing"))
    for verb in ("status", "history", "resume"):
        says(shop, verb, "paced")
    says(shop, "pause", "paced")
    becomes(shop, "paced", HALF)
    before = shop.pod_names("billing")
    says(shop, "restart", "paced")
    shop.wait("the new half is another", lambda: len(shop.pod_names("billing") - before) == 2)
    becomes(shop, "paced", HALF)
    shop.wait("it bakes anew", lambda: "bakes" in shop.message())


def test_undo_of_a_paced_workload_takes_its_release_back(shop: Shop) -> None:
    batches = {"name": "billing", "batches": ["50%"]}
    shop.start(shop.safe_rollout(batches, bakeSeconds=600), shop.service("billing", OTHER))
    shop.apply(shop.service("billing", NEW))
    becomes(shop, "paced", HALF)
    shop.wait("it bakes", lambda: "bakes" in shop.message())
    says(shop, "undo", "paced")
    becomes(shop, "runs", {"shop:1": 4})
    shop.wait("it is free", lambda: shop.labels("billing") == {"managed-by"})


def test_on_a_pinned_workload_they_do_not_hinder_the_way_back(shop: Shop) -> None:
    slow = Revision("shop:1", behaviour="slow:20")
    shop.start(shop.safe_rollout("billing", bakeSeconds=600), shop.service("billing", slow))
    shop.apply(shop.service("billing", NEW))
    becomes(shop, "runs", {"shop:2": 4})
    assert shop.say("abort", "--reason", "it leaks").code == 0
    shop.wait("it is pinned, and going back", lambda: stance(shop, "billing") == "pinned" and shop.images("billing").get("shop:1", 0) > 0)
    shop.wait("the native controller has seen it", lambda: shop.is_settled("billing"))
    for verb in sorted(CELLS, key="restart".__eq__):  # last, because that it came is said from then on
        says(shop, verb, "pinned")
    spec = shop.deployment("billing")["spec"]
    assert stance(shop, "billing") == "pinned"
    assert not spec.get("paused") and spec["template"]["spec"]["containers"][0]["image"] == "shop:1"
    shop.wait_for_state("RolledBack", seconds=150)
    becomes(shop, "held", {"shop:1": 4})
