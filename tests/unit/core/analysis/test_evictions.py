"""A cache that throws entries out makes pods miss more, as two formats do: mode 4 is doubted then, and named where the cache has room."""

import pytest

from saferollout.core.diagnosis.evidence import Arm, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import PROFILES, USERS, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def played(*, evicts: bool, per_pod: bool, steadily: float = 0.0) -> Released:
    """Have all pods miss and write more once the server has new pods; the cache, or the cache in each pod, throws entries out then, or `steadily`."""

    def missing(shop: WatchedCluster) -> bool:
        return any(is_new(revision) for _, revision in shop.pod_names("server"))

    def looks_up(shop: WatchedCluster, pod: str, revision: str) -> None:
        misses = missing(shop)
        for _ in range(5):
            missed = shop.rng.random() < (0.4 if misses else 0.05)
            shop.count("cache_gets_total", namespace="shop", pod=pod, cache="profiles", result="miss" if missed else "hit")
            shop.count("cache_puts_total", float(missed), namespace="shop", pod=pod, cache="profiles")
        if per_pod:
            shop.count("cache_evictions_total", steadily + 3.0 * (evicts and misses), namespace="shop", pod=pod, cache="profiles")

    def server(shop: WatchedCluster) -> None:
        shop.set("redis_up", 1.0)
        if not per_pod:
            shop.count("redis_evicted_keys_total", steadily + 20.0 * (evicts and missing(shop)))

    return released(answers(), looks_up, once=server, contracts=[USERS, PROFILES]).after(160)


@pytest.mark.parametrize("per_pod", [False, True])
def test_two_formats_are_doubted_where_entries_are_evicted_too(per_pod: bool) -> None:
    told = played(evicts=True, per_pod=per_pod)
    assert told.told is not None
    finding = told.told.finding
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_4, Certainty.SUSPECTED, Action.HOLD)
    assert "entries are evicted too: the cache may have too little room" in finding.doubts


@pytest.mark.parametrize("per_pod", [False, True])
@pytest.mark.parametrize("steadily", [0.0, 2.0])
def test_two_formats_are_named_where_no_more_is_evicted_than_before(per_pod: bool, steadily: float) -> None:
    told = played(evicts=False, per_pod=per_pod, steadily=steadily)
    assert told.told is not None
    finding = told.told.finding
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_4, Certainty.NAMED, Action.ROLL_BACK)
    evicted = [one for one in told.told.evidence.readings if one.symptom is Symptom.EVICTIONS]
    assert [one.arm for one in evicted] == [Arm.ALL] and evicted[0].standing is not Standing.WORSE
