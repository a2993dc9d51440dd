"""A tool that applies on the server and never forces, as Helm 4 does: after a release it owns its fields again."""

from collections.abc import Mapping
from typing import Any

from tests.cluster.shop import Revision, Said, Shop

OLD, NEW, FIX = Revision("shop:1"), Revision("shop:2"), Revision("shop:3")
OTHER_PACE = {"minReadySeconds": 1, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}}
OWN_PACE = {"minReadySeconds": 0, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}


def helm_applies(shop: Shop, revision: Revision, pace: Mapping[str, Any] = OWN_PACE) -> Said:
    manifest = shop.service("billing", revision, **pace)
    return shop.kubectl("apply", "--server-side", "--field-manager=helm", "-f", "-", manifest=[manifest])


def start(shop: Shop, *batches: str, **spec: Any) -> None:
    assert helm_applies(shop, OLD).code == 0
    shop.start(shop.safe_rollout({"name": "billing", "batches": list(batches)}, **spec))
    shop.wait_for_images("billing", {"shop:1": 4})
    shop.wait_for_state("Idle", "Completed")


def ours(shop: Shop) -> set[str]:
    """Return the fields of spec that the API server has on record as the operator's."""
    entries = shop.deployment("billing")["metadata"]["managedFields"]
    fields = [entry["fieldsV1"].get("f:spec", {}) for entry in entries if entry["manager"] == "saferollout"]
    return {field for owned in fields for field in owned}


def test_after_a_release_in_batches_another_strategy_meets_no_conflict(shop: Shop) -> None:
    start(shop, "50%")
    assert helm_applies(shop, NEW).code == 0
    # The state of before is Completed too.
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    shop.wait("nothing of spec is the operator's", lambda: ours(shop) == set())
    said = helm_applies(shop, NEW, OTHER_PACE)
    assert said.code == 0, said.error
    written = shop.deployment("billing")["spec"]
    assert (written["minReadySeconds"], written["strategy"]) == (1, OTHER_PACE["strategy"])
    assert shop.images("billing") == {"shop:2": 4}


def test_while_it_is_paced_another_strategy_is_a_conflict(shop: Shop) -> None:
    start(shop, "50%", bakeSeconds=600)
    assert helm_applies(shop, NEW).code == 0
    shop.wait_for_images("billing", {"shop:1": 3, "shop:2": 2})
    said = helm_applies(shop, NEW, OTHER_PACE)
    assert said.code != 0 and "conflict" in said.error and "saferollout" in said.error


def test_the_fix_after_a_pinned_way_back_meets_no_conflict(shop: Shop) -> None:
    start(shop, progressDeadlineSeconds=5)
    assert helm_applies(shop, NEW).code == 0
    # The state of before is Completed too.
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")
    rolled_back = shop.say("rollback", "-r", "it leaks")
    assert rolled_back.code == 0, rolled_back
    shop.wait_for_state("RolledBack")
    assert shop.images("billing") == {"shop:1": 4}
    shop.wait("the template is Git's alone", lambda: "f:template" not in ours(shop))
    said = helm_applies(shop, FIX)
    assert said.code == 0, said.error
    shop.wait_for_images("billing", {"shop:3": 4})
    shop.wait_for_state("Completed")
    shop.wait("nothing of spec is the operator's", lambda: ours(shop) == set())
