"""Nobody goes back by data that can't be trusted; what sound data names still does."""

import random

import pytest

from saferollout.core.analysis.asking import FOR_PROOFS
from saferollout.core.analysis.servers import WATCHED
from saferollout.core.analysis.trust import RESTS_ON
from saferollout.core.catalogue.series import SignalName
from saferollout.core.catalogue.signals import WANTED_BY_CONTRACTS, WANTED_BY_RELEASES, WANTED_BY_WORKLOADS
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.played_releases import USERS, cluster, summary
from tests.unit.core.analysis.test_gaps import REQUESTS
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def test_it_is_known_of_every_symptom_what_it_rests_on() -> None:
    assert set(RESTS_ON) == set(Symptom) and all(RESTS_ON.values())


def test_every_signal_that_is_asked_for_at_each_look_is_read_by_somebody() -> None:
    asked = {signal for of_kind in WANTED_BY_CONTRACTS.values() for signal, _ in of_kind} | set(WANTED_BY_WORKLOADS) | set(WANTED_BY_RELEASES)
    of_symptoms = frozenset().union(*RESTS_ON.values())
    of_life = {one for watched in WATCHED for one in (watched.up, watched.start) if one is not None} | {SignalName.NODE_READY, SignalName.SCRAPED}
    assert asked - FOR_PROOFS == of_symptoms | of_life


def played(*, restarts: bool) -> WatchedCluster:
    """Release a server whose new pods begin to fail half of their requests once it is known that some of them report without a status."""
    rng, broken = random.Random(4), [False]

    def works(shop: WatchedCluster) -> None:
        for number, (pod, revision) in enumerate(shop.pod_names("server")):
            is_odd = is_new(revision) and number % 2 == 0
            for _ in range(5):
                status = {} if is_odd else {"status": "500" if broken[0] and is_new(revision) and rng.random() < 0.5 else "200"}
                shop.count(REQUESTS, namespace="shop", pod=pod, **status)
            crashes = 0.2 if broken[0] and restarts and is_new(revision) else 0.0
            shop.count("kube_pod_container_status_restarts_total", crashes, namespace="shop", pod=pod, container="main")

    shop = cluster(works, "server", "client", contracts=[USERS])
    shop.apply("server", "server2", None)
    shop.play(looks=70)
    assert shop.pods("server").get("server2"), summary(shop)
    broken[0] = True
    shop.play(looks=150)
    return shop


@pytest.mark.parametrize(("restarts", "goes_back"), [(False, False), (True, True)])
def test_only_what_sound_signals_name_goes_back_and_the_rest_holds(restarts: bool, goes_back: bool) -> None:
    shop = played(restarts=restarts)
    if goes_back:
        assert shop.pods("server") == {"server1": 10}, summary(shop)
        assert shop.status.release is not None and shop.status.release.failure is not None and shop.status.release.failure.reason == "Diagnosed"
        return
    assert shop.pods("server").get("server2") and shop.pods("server").get("server1"), "neither back nor on"
    assert summary(shop).startswith("Waiting") and f"some pods of server report {REQUESTS} without status" in summary(shop), summary(shop)
    assert shop.status.release is not None and shop.status.release.finding is not None, "what is suspected is on record all the same"
