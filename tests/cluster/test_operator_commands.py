"""What people say to a release while it goes on, with the real command line and the real operator."""

import json

import pytest

from tests.cluster.shop import PodDiary, Revision, Shop

OLD, NEW = Revision("shop:1"), Revision("shop:2")
NEVER_READY = Revision("shop:2", behaviour="never-ready")
HALF = {"shop:1": 3, "shop:2": 2}
GATE = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}


def start(shop: Shop, *, workload: dict[str, object] | None = None, **spec: object) -> None:
    """Run the first revision of one service, billing, released in two halves."""
    entry = {"name": "billing", "batches": ["50%"], **(workload or {})}
    shop.start(shop.safe_rollout(entry, **spec), shop.service("billing", OLD))

def show(*x):
    for y in x:
        print("-----", y.code); print(y.out); print(y.error)

def test_approve(shop: Shop) -> None:
    start(shop, gating="Enabled", bakeSeconds=5, gates=[GATE])
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Waiting")
    show(shop.say("status"), shop.say("explain", "billing"))
    show(shop.say("approve"))
    shop.wait_for_images("billing", HALF)
    show(shop.say("status"))
    shop.wait("asks", lambda: shop.say("approve").code == 0)
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait("asks", lambda: shop.say("approve", "gate/letters").code == 0)
    shop.wait_for_state("Completed")


def test_restart(shop: Shop) -> None:
    shop.start(shop.safe_rollout("billing", mode="Paused"), shop.service("billing", OLD))
    before = shop.pod_names("billing")
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Paused")
    show(shop.say("explain", "billing"))
    with PodDiary(shop.cluster, shop.namespace) as diary:
        show(shop.say("restart", "billing", "-r", "leak"))
        show(shop.say("explain", "billing"))
        shop.wait("restarted", lambda: not (before & shop.pod_names("billing")) and len(shop.pod_names("billing")) == 4)
        shop.wait("unpinned", lambda: shop.labels("billing") == {"managed-by", "held"})
        show(shop.say("explain", "billing"))
    print(diary.images("billing"))
    d = shop.deployment("billing")
    print(d["spec"]["template"], d["metadata"]["annotations"])
    print(json.dumps(shop.status()["workloads"]))
    shop.kubectl("patch", "saferollout", "shop", "--type=merge", "-p", '{"spec":{"mode":"Automatic"}}')
    shop.wait_for_state("Completed")
    show(shop.say("restart", "billing"))
    shop.wait("restarted", lambda: shop.status()["workloads"][0]["restartTime"] == "")
    show(shop.say("explain", "billing"))
    print(shop.labels("billing"))
