"""Answers 4xx on the server and on the client, each kind apart: validation, logins and routes, and all others."""

from datetime import datetime

import pytest

from saferollout.core.diagnosis.evidence import Against, Arm, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import PodWork, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

CALLS = {"name": "users", "api": {"server": "client", "clients": ["server"]}}
"""Here the workload that rolls is the one that calls."""
MAY_BE_RIGHT = "services answer so by right, too: whether these answers are right is not known"


def calls(*, bad: float, status: str) -> PodWork:
    """Send some calls, of which those of new pods are answered badly."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        for _ in range(5):
            refused = is_new(revision) and shop.rng.random() < bad
            shop.count("http_client_requests_seconds_count", namespace="shop", pod=pod, status=status if refused else "200")

    return work


def worse(found: Released) -> set[Symptom]:
    return {symptom for symptom, _, arm, _ in found.worse() if arm is Arm.NEW}


@pytest.mark.parametrize(("status", "symptom"), [
    ("401", Symptom.DENIED), ("429", Symptom.DENIED), ("405", Symptom.OTHER_4XX), ("409", Symptom.OTHER_4XX), ("413", Symptom.OTHER_4XX), ("415", Symptom.OTHER_4XX),
])  # fmt: skip
def test_new_pods_that_answer_most_requests_with_a_4xx_that_is_no_validation_may_be_a_plain_bug_and_hold(status: str, symptom: Symptom) -> None:
    found = released(answers(bad=lambda new: 0.6 if new else 0.0, status=status)).after(120)
    assert found.told is not None
    assert worse(found) == {symptom}
    assert (found.told.finding.cause, found.told.finding.certainty, found.told.finding.action) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.HOLD)
    assert found.told.finding.workload == "server"
    assert found.told.finding.doubts == (MAY_BE_RIGHT,)


@pytest.mark.parametrize(("status", "symptom"), [
    ("401", Symptom.CALLS_DENIED), ("404", Symptom.CALLS_DENIED), ("429", Symptom.CALLS_DENIED), ("405", Symptom.CALLS_OTHER_4XX), ("415", Symptom.CALLS_OTHER_4XX),
])  # fmt: skip
def test_new_pods_whose_calls_are_answered_4xx_hold_and_may_be_ahead_of_their_server(status: str, symptom: Symptom) -> None:
    found = released(calls(bad=0.6, status=status), contracts=[CALLS]).after(120)
    assert found.told is not None
    assert worse(found) == {symptom}
    assert (found.told.finding.cause, found.told.finding.certainty, found.told.finding.action) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.HOLD)
    assert found.told.finding.doubts == (MAY_BE_RIGHT, "it may call what its server does not serve yet, as in mode 3",)


@pytest.mark.parametrize("status", ["404", "409", "429"])
def test_mode_2_is_named_beside_other_4xx_that_come_as_before(status: str) -> None:
    refuses = answers(bad=lambda new: 0.3 if new else 0.0, status="422", rate=3)
    found = released(refuses, answers(bad=lambda new: 0.1, status=status, rate=3)).after(120)
    assert found.told is not None
    assert (found.told.finding.cause, found.told.finding.certainty) == (Cause.MODE_2, Certainty.NAMED)


def test_validation_and_another_4xx_that_rise_at_once_are_suspected_and_the_server_goes_back() -> None:
    both = (answers(bad=lambda new: 0.4 if new else 0.0, status=status, rate=3) for status in ("422", "415"))
    found = released(*both).after(120)
    assert found.told is not None
    assert (found.told.finding.cause, found.told.finding.certainty, found.told.finding.action) == (Cause.MODE_2, Certainty.SUSPECTED, Action.ROLL_BACK)
    assert found.told.finding.doubts == ("other answers 4xx (405, 409, 413, 415 and the like) rise too, which have other causes",)


def test_old_pods_whose_calls_are_denied_hold_the_release_and_nothing_goes_back() -> None:
    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        denied = any(is_new(one) for _, one in shop.pod_names("server")) and not is_new(revision)
        shop.count("http_client_requests_seconds_count", 5, namespace="shop", pod=pod, status="403" if denied and shop.rng.random() < 0.6 else "200")

    found = released(work, contracts=[CALLS]).after(120)
    assert found.told is not None
    assert (found.told.finding.cause, found.told.finding.action) == (Cause.UNKNOWN, Action.HOLD)


def test_a_new_version_that_asks_what_is_not_there_holds_and_does_not_go_back() -> None:
    found = released(calls(bad=0.2, status="404"), contracts=[CALLS]).after(300)
    assert found.told is not None
    assert (found.told.finding.cause, found.told.finding.certainty, found.told.finding.action) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.HOLD)


def test_new_pods_with_twice_as_many_conflicts_are_no_trouble() -> None:
    found = released(answers(bad=lambda new: 0.1 if new else 0.05, status="409")).after(300)
    assert found.told is not None
    assert Symptom.OTHER_4XX in worse(found), "it is shown"
    assert (found.told.finding.cause, found.told.finding.action) == (Cause.NOTHING, Action.GO_ON), found.told.finding


def test_a_neighbour_to_whom_a_third_party_says_401_for_half_a_minute_holds_nothing() -> None:
    began: list[datetime] = []

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        if pod.startswith("server"):
            shop.count("http_server_requests_seconds_count", 5, namespace="shop", pod=pod, status="200")
            return
        denied = bool(began) and 60 <= (shop.clock - began[0]).total_seconds() < 90
        shop.count("http_client_requests_seconds_count", 5, namespace="shop", pod=pod, status="401" if denied else "200")

    found = released(everybody=(work,))
    began.append(found.shop.clock)
    found.after(200)
    assert found.told is not None
    assert (Symptom.CALLS_DENIED, "client", Arm.NEIGHBOUR, Against.BASELINE) in found.worse(), "it is shown"
    assert (found.told.finding.cause, found.told.finding.action) == (Cause.NOTHING, Action.GO_ON), found.told.finding


@pytest.mark.parametrize("status", ["4xx", "4", "client_error"])
def test_answers_4xx_without_a_code_may_be_mode_2_and_are_not_called_anything_else(status: str) -> None:
    found = released(answers(bad=lambda new: 0.3 if new else 0.0, status=status)).after(300)
    assert found.told is not None
    said = found.told.finding
    assert (said.cause, said.certainty, said.action) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.HOLD)
    assert said.sentence.endswith("answers 4xx"), said.sentence
    assert "which 4xx is not told; as in mode 2" in said.doubts


def test_beside_answers_4xx_without_a_code_no_kind_of_them_is_known_to_be_as_before() -> None:
    found = released(answers(bad=lambda new: 0.05, status="4xx")).after(300)
    told = [found.reading(symptom, Arm.NEW, Against.OTHER_ARM) for symptom in (Symptom.REJECTED, Symptom.DENIED)]
    assert [(one.standing, one.detail) for one in told] == [(Standing.CANNOT_TELL, "some answers 4xx have no code")] * 2
    assert found.told is not None
    assert found.told.finding.action is Action.GO_ON
    assert any("mode 2 on users can't be seen" in one for one in found.told.finding.doubts), found.told.finding


def test_where_no_answer_4xx_came_at_all_none_was_a_validation_either() -> None:
    found = released(answers(status="4xx", bad=lambda new: 0.0)).after(300)
    assert found.reading(Symptom.REJECTED, Arm.NEW, Against.OTHER_ARM).standing is Standing.CLEAR


def test_calls_answered_4xx_without_a_code_are_worded_so() -> None:
    found = released(calls(bad=0.6, status="4xx"), contracts=[CALLS]).after(120)
    assert found.told is not None
    assert found.told.finding.sentence.endswith("calls answered 4xx")
    assert "which 4xx is not told; as in mode 3" in found.told.finding.doubts
