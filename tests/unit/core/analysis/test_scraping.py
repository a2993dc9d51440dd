"""Looks closer together than scrapes: told from the data, with what to set, and nothing is taken for a silence that is none."""

from collections.abc import Callable

import pytest

from saferollout.core.analysis.scraping import INTERVAL_FIELD
from saferollout.core.diagnosis.evidence import Arm, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import PodWork, Released, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster

REQUESTS = "http_server_requests_seconds_count"


def scraped(*, every: int, rate: Callable[[int], int] = lambda second: 20, spread: bool = False) -> PodWork:
    """Answer so many requests a second, of which Prometheus hears every so many seconds, of all pods at once or each at its own moment."""
    waiting: dict[str, int] = {}

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        assert shop.clock is not None
        second = int(shop.clock.timestamp())
        waiting[pod] = waiting.get(pod, 0) + rate(second)
        if (second + (sum(pod.encode()) if spread else 1)) % every == 0:
            shop.count(REQUESTS, float(waiting.pop(pod)), namespace="shop", pod=pod, status="200")

    return work


def told(work: PodWork, *, seconds: float = 40, mode: str = "Enforce", replicas: int = 3) -> Released:
    return released(work, replicas=replicas, has_prometheus=True, analysis={"mode": mode, "quietSeconds": 20, "intervalSeconds": 5}).after(seconds)


def warned(shop: WatchedCluster) -> str:
    return next(one.message for one in shop.status.conditions if one.type == "PlanAccepted")


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize(("every", "wanted"), [(20, 20), (15, 15), (8, 10)])
def test_looks_closer_together_than_scrapes_are_told_with_what_to_set_and_hold_nothing(every: int, wanted: int, spread: bool) -> None:
    found = told(scraped(every=every, spread=spread))
    assert found.told is not None
    assert found.told.warning.startswith(f"{INTERVAL_FIELD} (5) is shorter"), found.told.warning
    assert f"set it to {wanted}," in found.told.warning, found.told.warning
    assert not found.told.gaps and found.told.finding.cause is Cause.NOTHING, found.told.finding
    found.shop.play(looks=2)
    assert warned(found.shop) == found.told.warning
    assert found.shop.status.summary is not None and "PlanAccepted" not in found.shop.status.summary.message


@pytest.mark.parametrize("seconds", [31, 34, 37, 40, 43])
def test_requests_that_come_with_every_fourth_look_only_are_not_taken_for_traffic_that_stopped(seconds: int) -> None:
    found = told(scraped(every=20), seconds=seconds)
    assert found.reading(Symptom.FEWER_REQUESTS, Arm.ALL).standing is not Standing.WORSE


def test_traffic_that_stops_is_still_told_where_each_look_has_a_sample_of_its_own() -> None:
    ends = [False]
    found = told(scraped(every=5, rate=lambda second: 0 if ends[0] else 20), seconds=20)
    assert found.reading(Symptom.FEWER_REQUESTS, Arm.ALL).standing is Standing.CLEAR
    ends[0] = True
    assert found.after(20).reading(Symptom.FEWER_REQUESTS, Arm.ALL).standing is Standing.WORSE
    assert found.told is not None and not found.told.warning


@pytest.mark.parametrize(
    "work",
    [
        scraped(every=5),
        scraped(every=3, spread=True),
        scraped(every=5, rate=lambda second: 60 * (second % 137 < 40)),
        scraped(every=20, rate=lambda second: int(second % 9 == 0)),
    ],
    ids=["as often as looks", "more often", "traffic that comes and goes", "too little to tell"],
)
def test_nothing_is_warned_of_where_each_look_has_a_sample_or_nobody_can_tell(work: PodWork) -> None:
    found = told(work)
    assert found.told is not None and found.told.warning == ""


def test_one_busy_series_that_moves_at_each_look_speaks_for_its_workload() -> None:
    slow, calls = scraped(every=20), "http_client_requests_seconds_count"

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        slow(shop, pod, revision)
        shop.count(calls, 20.0, namespace="shop", pod=pod, status="200")

    found = released(work, replicas=3, contracts=({"name": "users", "api": {"server": "client", "clients": ["server"]}},)).after(40)
    assert found.told is not None and found.told.warning == ""
