"""Calls too rare to hurt keep no batch of a busy service, and no others pass by it."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from saferollout.core.analysis.comparisons import BetweenArms
from saferollout.core.analysis.exposure import Unproven, unproven
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import PodCounts, Window
from tests.unit.core.analysis.answering_server import BAKE, missing, requests, shop_of
from tests.unit.core.analysis.played_releases import USERS, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster

CALLS = "http_client_requests_seconds_count"
BACK = {"name": "back", "api": {"server": "client", "clients": ["server"]}}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return BEGAN + timedelta(seconds=second)


def between(symptom: Symptom, *, new: tuple[float, float], old: tuple[float, float] = (0, 0), before: float = 0, looks: int = 6) -> BetweenArms:
    """Compare (bad, all) of all looks together, evenly spread over them; `before`: all of one look before the release."""
    windows = tuple(
        Window(at=at(10 * number), new_events=new[0] / looks, new_total=new[1] / looks, old_events=old[0] / looks, old_total=old[1] / looks)
        for number in range(1, looks + 1)
    )
    return BetweenArms(symptom, "server", "", windows, (PodCounts(at=at(0), pods={"old": (0, before)}),), (), True, True)


def waiting(*found: BetweenArms) -> set[Symptom]:
    told: tuple[Unproven, ...] = unproven(found, workload="server", since=at(0), highest_rate=0.02, without=())
    return {one.symptom for one in told}


ANSWERS = between(Symptom.SERVER_ERRORS, new=(0, 6000), old=(0, 24000), before=5000)


@pytest.mark.parametrize("symptom", [Symptom.CALLS_FAILED, Symptom.CALLS_REJECTED])
def test_a_call_among_thousands_of_answers_needs_no_showing_of_its_own(symptom: Symptom) -> None:
    rare = between(symptom, new=(0, 6), old=(0, 24), before=5)
    assert waiting(rare) == {symptom}, "alone it is all that is known"
    assert waiting(ANSWERS, rare) == set()
    assert waiting(ANSWERS, between(symptom, new=(6, 6), old=(0, 24), before=5)) == set(), "all of them bad: one in a thousand"


def test_calls_that_new_pods_do_not_make_any_more_though_old_ones_do_are_not_rare() -> None:
    gone = between(Symptom.CALLS_FAILED, new=(0, 0), old=(0, 12000), before=2500)
    assert waiting(ANSWERS, gone) == {Symptom.CALLS_FAILED}


def test_calls_that_only_new_pods_make_often_are_not_rare() -> None:
    often = between(Symptom.CALLS_FAILED, new=(6, 150), old=(0, 20), before=5)
    assert waiting(ANSWERS, often) == {Symptom.CALLS_FAILED}


def test_bad_calls_that_may_be_more_than_the_rate_among_all_that_is_asked_are_not_passed_over() -> None:
    few = between(Symptom.SERVER_ERRORS, new=(0, 200), old=(0, 800), before=150)
    assert waiting(few, between(Symptom.CALLS_FAILED, new=(0, 4), old=(0, 16), before=3)) == set()
    assert waiting(few, between(Symptom.CALLS_FAILED, new=(4, 4), old=(0, 16), before=3)) == {Symptom.CALLS_FAILED}


@pytest.mark.parametrize("symptom", [Symptom.CONSUMER_FAILURES, Symptom.DATA_ERRORS])
def test_what_others_ask_for_is_never_too_rare_to_be_shown(symptom: Symptom) -> None:
    assert waiting(ANSWERS, between(symptom, new=(0, 6), old=(0, 24), before=5)) == {symptom}


def test_a_batch_of_a_busy_service_that_calls_another_one_once_a_minute_passes() -> None:
    serve, rng = requests(lambda revision: 20.0), random.Random(5)

    def works(shop: WatchedCluster) -> None:
        serve(shop)
        for pod, _ in shop.pod_names("server"):
            shop.count(CALLS, float(rng.random() < 1 / 60), namespace="shop", pod=pod, status="200")

    shop = shop_of(works, contracts=[USERS, BACK])
    shop.play(looks=BAKE + 15)
    assert shop.pods("server")["server2"] > 2, (summary(shop), missing(shop))
