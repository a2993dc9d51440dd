"""A release that was watched is not let go on because there is nothing left to watch it by."""

from collections.abc import Callable
from datetime import timedelta

from tests.unit.core.analysis.answering_server import BAKE, METRIC, Works, missing, requests, shop_of
from tests.unit.core.analysis.played_releases import ROWS, USERS, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def held_for_exposure() -> WatchedCluster:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0))
    shop.play(looks=60)
    assert missing(shop) and shop.pods("server")["server2"] == 2
    return shop


def test_a_batch_held_for_exposure_stays_held_when_prometheus_has_lost_everything_and_the_operator_asks_anew() -> None:
    shop = held_for_exposure()
    for _ in range(10):
        shop.forgets_before = shop.now + timedelta(hours=1)
        shop.play(looks=10)
        assert shop.pods("server")["server2"] == 2, "nothing goes on unseen"
    assert summary(shop).startswith("Waiting") and "series that were there are gone" in summary(shop), summary(shop)
    shop.say("approve", subject="analysis", reason="seen by eye")
    shop.play(looks=20)
    assert shop.pods("server")["server2"] > 2, "a person lets it go on"


def test_a_release_for_which_nobody_ever_exported_anything_is_held_by_nothing() -> None:
    shop = shop_of(lambda shop: None)
    shop.play(looks=100)
    assert shop.status.release is not None and not shop.status.release.watched
    assert summary(shop).startswith("Completed"), summary(shop)


def with_calls(*, ends: list[bool], rate: Callable[[str], float] = lambda revision: 0.8, calls: str = "hikaricp_connections_timeout_total") -> Works:
    """Have pods answer little, and report something else beside it; the requests are reported no more once that is said."""
    serve = requests(rate)

    def works(shop: WatchedCluster) -> None:
        serve(shop)
        if ends[0]:
            shop.drop(METRIC)
        for pod, _ in shop.pod_names("server"):
            shop.count(calls, 0.0, namespace="shop", pod=pod, pool="p")

    return works


def test_a_batch_that_waits_for_answers_says_where_they_are_not_reported_any_more() -> None:
    ends = [False]
    shop = shop_of(with_calls(ends=ends), bakeSeconds=5, contracts=[USERS, ROWS])
    shop.play(looks=25)
    assert "more answers on new pods of server" in summary(shop), summary(shop)
    ends[0] = True
    shop.play(looks=20)
    assert f"Waiting: {METRIC} of server to be reported again: pods that reported it do not any more" in summary(shop), summary(shop)
    assert "approve analysis" in missing(shop)
    ends[0] = False
    shop.play(looks=15)
    assert "more answers on new pods of server" in summary(shop), summary(shop)


def test_what_pods_have_shown_is_not_taken_back_because_they_report_it_no_more() -> None:
    ends = [False]
    shop = shop_of(with_calls(ends=ends, rate=lambda revision: 20.0), contracts=[USERS, ROWS])
    shop.play(looks=BAKE)
    ends[0] = True
    shop.play(looks=15)
    assert shop.pods("server")["server2"] > 2, summary(shop)


def test_new_pods_that_nobody_asked_anything_have_lost_nothing() -> None:
    shop = shop_of(with_calls(ends=[False], rate=lambda revision: 0.0 if is_new(revision) else 5.0), contracts=[USERS, ROWS])
    shop.play(looks=60)
    assert "new pods of server to do something" in summary(shop), summary(shop)


def test_pods_that_are_gone_themselves_have_lost_nothing_either_and_what_the_cluster_tells_of_pods_does_not_speak_for_them() -> None:
    ends = [False]
    shop = shop_of(with_calls(ends=ends, calls="kube_pod_container_status_restarts_total"), bakeSeconds=5)
    shop.play(looks=25)
    ends[0] = True
    shop.play(looks=20)
    assert "to be reported again" not in summary(shop), summary(shop)
