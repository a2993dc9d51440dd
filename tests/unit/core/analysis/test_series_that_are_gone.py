"""A release that was watched is not let go on because there is nothing left to watch it by."""

from datetime import timedelta

from tests.unit.core.analysis.test_passing_needs_exposure import missing, requests, shop_of, state
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
    assert state(shop).startswith("Waiting") and "series that were there are gone" in state(shop), state(shop)
    shop.say("approve", subject="analysis", reason="seen by eye")
    shop.play(looks=20)
    assert shop.pods("server")["server2"] > 2, "a person lets it go on"


def test_a_release_for_which_nobody_ever_exported_anything_is_held_by_nothing() -> None:
    shop = shop_of(lambda shop: None)
    shop.play(looks=100)
    assert shop.status.release is not None and not shop.status.release.watched
    assert state(shop).startswith("Completed"), state(shop)
