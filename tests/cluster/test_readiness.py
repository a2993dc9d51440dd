"""What kstatus, and so Flux, and `kubectl wait` are told at each moment of a release: every one is a row of docs/readiness.md."""

from __future__ import annotations

from typing import Any

from tests.cluster.readings import shows
from tests.cluster.shop import Revision, Shop

READER, WRITER = Revision("shop:1", "events: {reads: [1]}"), Revision("shop:1", "events: {writes: [1]}")
NEXT_READER, NEXT_WRITER = Revision("shop:2", "events: {reads: [1, 2]}"), Revision("shop:2", "events: {writes: [2]}")
SLOW = "slow:8"
GATE = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}


def begin(shop: Shop, *, reader: Revision = READER, batches: tuple[str, ...] = (), deployment: dict[str, Any] | None = None, **spec: Any) -> None:
    rollout = shop.safe_rollout({"name": "reader", "batches": list(batches)}, "writer", **spec)
    shop.start(rollout, shop.service("reader", reader, **(deployment or {})), shop.service("writer", WRITER))


def deliver(shop: Shop, **revisions: Revision) -> None:
    shop.apply(*(shop.service(name, revision) for name, revision in revisions.items()))


def test_a_release_in_order(shop: Shop) -> None:
    begin(shop)
    shows(shop, "at rest")
    deliver(shop, reader=Revision("shop:2", NEXT_READER.contracts, SLOW), writer=NEXT_WRITER)
    shows(shop, "a release in order: the reader rolls")
    shows(shop, "released")


def test_a_refused_release_and_one_that_is_taken_back(shop: Shop) -> None:
    begin(shop)
    deliver(shop, writer=Revision("shop:9", "events: {writes: [9]}"))
    shows(shop, "refused")
    deliver(shop, writer=WRITER)
    shows(shop, "refused, then reverted")


def test_batches_pauses_and_bakes(shop: Shop) -> None:
    begin(shop, batches=("50%",), bakeSeconds=600)
    deliver(shop, reader=NEXT_READER)
    shows(shop, "a batch bakes")
    assert shop.say("pause", "--reason", "to look").code == 0
    shows(shop, "paused in the middle of a batch")


def test_the_last_bake_and_the_way_back(shop: Shop) -> None:
    begin(shop, reader=Revision("shop:1", READER.contracts, SLOW), bakeSeconds=600)
    deliver(shop, reader=NEXT_READER)
    shows(shop, "all pods are new, and bake")
    assert shop.say("abort", "--reason", "it leaks").code == 0
    shows(shop, "going back")


def test_a_release_that_fails_and_is_fixed(shop: Shop) -> None:
    begin(shop, progressDeadlineSeconds=4)
    deliver(shop, reader=Revision("shop:2", NEXT_READER.contracts, "never-ready"), writer=NEXT_WRITER)
    shows(shop, "went back, and the writer can't go without the reader")
    deliver(shop, reader=Revision("shop:3", NEXT_READER.contracts))
    shows(shop, "released")


def test_a_release_that_fails_and_stays_as_it_is(shop: Shop) -> None:
    begin(shop, progressDeadlineSeconds=4, onFailure="Pause")
    deliver(shop, reader=Revision("shop:2", NEXT_READER.contracts, "never-ready"))
    shows(shop, "`onFailure: Pause`, and it failed")


def test_a_deployment_whose_own_deadline_passed_is_called_failed_until_it_rolls_again(shop: Shop) -> None:
    own = {"progressDeadlineSeconds": 2}
    begin(shop, deployment=own, progressDeadlineSeconds=8)
    shop.apply(shop.service("reader", Revision("shop:2", NEXT_READER.contracts, "never-ready"), **own))
    shows(shop, "the reader's own, shorter deadline passes")
    shop.wait_for_state("RolledBack")
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Paused"}}).code == 0
    shop.apply(shop.service("reader", Revision("shop:3", NEXT_READER.contracts), **own))
    shows(shop, "the same, and later a fix waits for its turn")
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic"}}).code == 0
    shows(shop, "released")


def test_a_release_that_waits_for_people(shop: Shop) -> None:
    begin(shop, gating="Enabled", gates=[GATE])
    deliver(shop, reader=NEXT_READER)
    shows(shop, "a gate can't tell, and holds")
    assert shop.patch("saferollout", "shop", {"spec": {"onInconclusive": "Approve"}}).code == 0
    shows(shop, "a gate wants an approval")
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Paused"}}).code == 0
    assert shop.patch("saferollout", "shop", {"spec": {"gating": "Disabled"}}).code == 0
    shows(shop, "`mode: Paused`")
    assert shop.kubectl("annotate", "deployment/reader", "saferollout.io/paused=not today").code == 0
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Automatic"}}).code == 0
    shows(shop, "the reader's owner paused it")


def test_templates_without_numbers_wait_for_the_rest_of_their_sync(shop: Shop) -> None:
    roles = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400}, "readers": ["reader"], "writers": ["writer"]}
    rollout = shop.safe_rollout("reader", "writer", contracts=[roles])
    shop.start(rollout, shop.service("reader", Revision()), shop.service("writer", Revision()))
    assert shop.patch("saferollout", "shop", {"spec": {"settleSeconds": 600}}).code == 0
    deliver(shop, reader=Revision("shop:2"))
    shows(shop, "more of the same sync may come")


def test_a_workload_that_does_not_exist(shop: Shop) -> None:
    shop.apply(shop.safe_rollout("reader", "writer", progressDeadlineSeconds=20), shop.service("reader", READER))
    shows(shop, "the writer does not exist")
    shows(shop, "the same for longer than `progressDeadlineSeconds`")
    deliver(shop, writer=WRITER)
    shows(shop, "released")


def test_a_spec_that_says_what_cannot_be(shop: Shop) -> None:
    begin(shop)
    assert shop.patch("saferollout", "shop", {"spec": {"gating": "Enabled", "gates": [{**GATE, "promql": "sum("}]}}).code == 0
    shows(shop, "the spec is invalid")


def test_a_safe_rollout_that_is_deleted_leaves_a_held_workload_paused(shop: Shop) -> None:
    begin(shop)
    deliver(shop, writer=Revision("shop:9", "events: {writes: [9]}"))
    shop.wait_for_state("Refused")
    assert shop.kubectl("delete", "saferollout/shop", "--timeout=30s").code == 0
    shows(shop, "it is deleted while the writer is held")
