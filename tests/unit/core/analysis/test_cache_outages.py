"""Whole releases in which the cache goes away, or begins anew between two looks: all pods miss until it is full again, and nobody goes back for it."""

import random

from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from tests.unit.core.analysis.played_releases import USERS, cluster, finding, summary
from tests.unit.core.analysis.released_shop import PROFILES
from tests.unit.core.analysis.watched_cluster import WatchedCluster

FILLS = 12
"""Seconds that the cache takes to be full again."""


class Cached:
    """A healthy release of a server that reads and writes a cache, which is `away`, or was started at some second."""

    def __init__(self) -> None:
        rng, self.away, self.started = random.Random(6), False, -5000.0

        def works(shop: WatchedCluster) -> None:
            assert shop.clock is not None
            now = shop.clock.timestamp()
            self.started = now if self.away else max(self.started, now - 5000)
            shop.set("redis_up", 0.0 if self.away else 1.0)
            shop.drop("redis_uptime_in_seconds")
            if not self.away:
                shop.set("redis_uptime_in_seconds", now - self.started)
            for pod, _ in shop.pod_names("server"):
                for _ in range(5):
                    missed = rng.random() < (0.9 if now - self.started < FILLS else 0.05)
                    shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status="200")
                    shop.count("cache_gets_total", namespace="shop", pod=pod, cache="profiles", result="miss" if missed else "hit")
                    shop.count("cache_puts_total", float(missed), namespace="shop", pod=pod, cache="profiles")

        self.cluster = cluster(works, "server", "client", contracts=[USERS, PROFILES])
        self.cluster.apply("server", "server2", None)
        self.cluster.play_until_new_pods("server", "server2")
        self.cluster.play(looks=10)


def test_a_cache_that_is_down_holds_the_release_which_goes_on_alone_when_it_is_back_and_full() -> None:
    cached = Cached()
    cached.away = True
    cached.cluster.play(looks=40)
    found = finding(cached.cluster)
    assert (found.cause, found.certainty, found.action) == (Cause.CACHE_DOWN, Certainty.NAMED, Action.RESUME_AFTER_QUIET)
    cached.away = False
    cached.cluster.play(looks=300)
    assert_completed(cached.cluster)


def test_a_cache_that_began_anew_between_two_looks_is_waited_for_and_no_mode_4() -> None:
    cached = Cached()
    assert cached.cluster.clock is not None
    cached.started = cached.cluster.clock.timestamp() + 1
    said = set()
    for _ in range(20):
        cached.cluster.play(looks=1)
        snapshot = cached.cluster.snapshot()
        told = assess(snapshot, cached.cluster._answers(snapshot), cached.cluster.now)
        assert isinstance(told, Assessment)
        said.add(told.finding.cause)
    assert said <= {Cause.NOTHING, Cause.CACHE_DOWN}, said
    cached.cluster.play(looks=300)
    assert_completed(cached.cluster)


def assert_completed(shop: WatchedCluster) -> None:
    assert summary(shop).startswith("Completed"), summary(shop)
    assert shop.status.release is not None and len(shop.status.release.outages) == 1
    assert not any("RollbackStarted" in line for line in shop.log)
