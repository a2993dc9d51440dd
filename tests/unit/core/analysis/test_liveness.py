"""Whether nodes, scrapes and gateways live, from series of Kubernetes and of Prometheus itself; and that what is measured meanwhile does not count."""

from collections.abc import Callable

import pytest

from saferollout.core.diagnosis.evidence import Dependency, Life
from saferollout.core.diagnosis.finding import Action, Cause
from saferollout.core.diagnosis.onsets import SLACK
from tests.unit.core.analysis.released_shop import PodWork, Released, answers, is_ready, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

Second = Callable[[WatchedCluster], float]


def since_new(shop: WatchedCluster) -> float:
    """Return how many seconds ago the first new pods came; below 0 before."""
    if not any(is_new(revision) for _, revision in shop.pod_names("server")):
        shop.marked = None
        return -1.0
    shop.marked = shop.marked or shop.clock
    return (shop.clock - shop.marked).total_seconds()  # type: ignore[operator]


def between(start: float, end: float) -> Callable[[WatchedCluster], bool]:
    return lambda shop: start <= since_new(shop) < end


def lives(told: Released, dependency: Dependency) -> tuple[Life, str]:
    assert told.told is not None
    found = [one for one in told.told.evidence.liveness if one.dependency is dependency]
    return next(((one.life, one.name) for one in found if one.life is not Life.ALIVE), (found[0].life, found[0].name))


def cause(told: Released) -> tuple[Cause, Action]:
    assert told.told is not None
    return told.told.finding.cause, told.told.finding.action


def on_nodes(away: Callable[[WatchedCluster], bool], *, deleted: Callable[[WatchedCluster], bool] = lambda shop: False) -> PodWork:
    """Have pods run on two nodes, new ones on node-1, which is away at times; kubelets of a node that is away tell nothing."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        node = "node-1" if is_new(revision) else "node-2"
        shop.set("kube_pod_info", 1.0, namespace="shop", pod=pod, node=node)
        for one in ("node-1", "node-2"):
            shop.set("kube_node_status_condition", float(not (one == "node-1" and away(shop))), node=one, condition="Ready", status="true")
        if node == "node-1" and deleted(shop):
            shop.set("kube_pod_deletion_timestamp", 1.0, namespace="shop", pod=pod)

    return work


def test_a_node_that_is_down_holds_and_what_its_pods_did_meanwhile_is_no_verdict() -> None:
    away = between(30, 90)
    told = released(answers(bad=lambda new: 0.9 if new and away(shop_of[0]) else 0.005), everybody=(on_nodes(away),), once=lambda shop: shop_of.__setitem__(0, shop))
    told.after(60)
    assert lives(told, Dependency.NODE) == (Life.DOWN, "node-1") and cause(told) == (Cause.NODE_TROUBLE, Action.RESUME_AFTER_QUIET)
    told.after(60)
    assert lives(told, Dependency.NODE)[0] is Life.RESTARTED and not told.worse()
    assert cause(told) == (Cause.NOTHING, Action.GO_ON)


shop_of: list[WatchedCluster] = [None]  # type: ignore[list-item]


def test_one_look_at_which_a_node_is_not_ready_says_nothing() -> None:
    told = released(answers(), everybody=(on_nodes(between(30, 35)),)).after(60)
    assert lives(told, Dependency.NODE)[0] is Life.ALIVE and cause(told)[1] is Action.GO_ON


def test_a_dead_node_whose_pods_are_being_deleted_keeps_nobody_waiting() -> None:
    told = released(answers(), everybody=(on_nodes(between(30, 900), deleted=between(60, 900)),)).after(50)
    assert lives(told, Dependency.NODE)[0] is Life.DOWN
    assert cause(told.after(60))[1] is Action.GO_ON


def scraped(up: Callable[[WatchedCluster, str, bool], bool | None]) -> PodWork:
    """Have Prometheus scrape pods: True, False, or None where it has no such target."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        value = up(shop, pod, is_new(revision))
        if value is None:
            shop.counters = {key: one for key, one in shop.counters.items() if not (key[0] == "up" and dict(key[1])["pod"] == pod)}
        else:
            shop.set("up", float(value), namespace="shop", pod=pod, job="shop")

    return work


@pytest.mark.parametrize("gone", [False, None], ids=["up is 0", "no series"])
@pytest.mark.parametrize("who", ["all", "old"])
def test_ready_pods_without_samples_are_scrape_trouble_and_no_verdict(gone: bool | None, who: str) -> None:
    away = between(130, 250)
    told = released(answers(), is_ready(), scraped(lambda shop, pod, new: gone if away(shop) and (not new or who == "all") else True)).after(160)
    assert lives(told, Dependency.SCRAPE) == (Life.DOWN, "pods of server")
    assert cause(told) == (Cause.SCRAPE_TROUBLE, Action.RESUME_AFTER_QUIET)
    assert told.told is not None and "gets no samples" in told.told.finding.sentence
    told.after(120)
    assert cause(told) == (Cause.NOTHING, Action.GO_ON) and not told.worse()


@pytest.mark.parametrize(
    ("why", "up", "ready"),
    [
        ("one pod of many", lambda shop, pod, new: not (pod.endswith("00001") and not new), lambda shop, pod, new: True),
        ("one odd scrape", lambda shop, pod, new: not between(131, 136)(shop), lambda shop, pod, new: True),
        ("new pods that Prometheus has yet to find", lambda shop, pod, new: True if not new or since_new(shop) > 80 else None, lambda shop, pod, new: True),
        ("new pods that wedge", lambda shop, pod, new: not new, lambda shop, pod, new: True),
        ("pods that are not ready", lambda shop, pod, new: not new, lambda shop, pod, new: not new),
        ("a workload that nobody scrapes", lambda shop, pod, new: None, lambda shop, pod, new: True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_scrape_trouble(why: str, up: Callable[[WatchedCluster, str, bool], bool | None], ready: Callable[[WatchedCluster, str, bool], bool]) -> None:
    told = released(answers(), is_ready(ready), scraped(up), progressDeadlineSeconds=3600)
    for _ in range(4):
        assert cause(told.after(50))[0] is not Cause.SCRAPE_TROUBLE, why


@pytest.mark.parametrize(("again", "started"), [(False, False), (True, True)], ids=["reloads", "begins anew"])
def test_traefik_that_loads_its_configuration_again_and_again_was_not_restarted(again: bool, started: bool) -> None:
    def traefik(shop: WatchedCluster) -> None:
        shop.set("traefik_config_reloads_total", 1.0 if again and since_new(shop) > 60 else 100.0 + since_new(shop))

    told = released(answers(), once=traefik).after(100)
    assert told.told is not None and bool(told.told.outages) is started


def test_a_caller_whose_pods_nobody_reports_is_not_called_alive() -> None:
    unseen, seen = released(answers()).after(20), released(answers(), everybody=(is_ready(),)).after(20)
    assert unseen.told is not None and not [one for one in unseen.told.evidence.liveness if one.dependency is Dependency.GATEWAY]
    assert lives(seen, Dependency.GATEWAY) == (Life.ALIVE, "client")


def test_a_caller_that_is_away_is_an_outage_only_once_others_have_taken_its_place() -> None:
    told = released(answers(), everybody=(is_ready(),)).after(20)
    told.shop.away.add("client")
    told.after(30)
    assert lives(told, Dependency.GATEWAY) == (Life.DOWN, "client")
    assert told.told is not None and not told.told.outages, "it may have been scaled to nothing"
    told.shop.away.clear()
    told.shop.restarts["client"] = 1
    told.after(30)
    assert lives(told, Dependency.GATEWAY) == (Life.RESTARTED, "client")
    [outage] = told.told.outages
    lasted = outage.end - outage.start - SLACK
    assert 30 <= lasted.total_seconds() <= 30 + 10 + 20, "from a little before the last look before to the quiet time after"


def test_a_caller_whose_pods_are_the_same_afterwards_was_there_all_the_time() -> None:
    told = released(answers(), everybody=(is_ready(),)).after(20)
    told.shop.away.add("client")
    told.after(30)
    told.shop.away.clear()
    told.after(30)
    assert lives(told, Dependency.GATEWAY) == (Life.ALIVE, "client")
    assert told.told is not None and not told.told.outages
