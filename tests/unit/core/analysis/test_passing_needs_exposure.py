"""No alarm is not a pass: a batch goes on when its new pods are shown to be well, and says what is missing until then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from saferollout.core import heeding
from saferollout.core.analysis.comparisons import BetweenArms, Comparison
from saferollout.core.analysis.exposure import Unproven, unproven
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import Interval, PodCounts, Window
from tests.unit.core.analysis.answering_server import BAKE, METRIC, missing, requests, shop_of
from tests.unit.core.analysis.played_releases import ROWS, USERS, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def test_a_batch_with_little_traffic_waits_for_it_although_its_bake_is_over_and_passes_alone() -> None:
    shop = shop_of(requests(lambda revision: 0.8))
    shop.play(looks=BAKE + 25)
    assert shop.pods("server")["server2"] == 2, "the first batch is two of ten pods, and goes on only when it is shown to be well"
    assert summary(shop).startswith("Waiting") and "more answers on new pods of server" in summary(shop), summary(shop)
    assert missing(shop) and "approve analysis" in missing(shop)
    shop.play(looks=400)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_what_a_waiting_batch_has_shown_is_judged_once_a_look_however_often_it_is_decided_on(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[datetime] = []
    known: dict[datetime, str] = {}

    def counted(compared: Sequence[Comparison], **told: Any) -> tuple[Unproven, ...]:
        judged.append(shop.now)
        return unproven(compared, **told)

    shop = shop_of(requests(lambda revision: 0.8), bakeSeconds=5)
    shop.play(looks=20)
    monkeypatch.setattr(heeding, "unproven", counted)
    for _ in range(40):
        shop.play(looks=1)
        known[shop.now] = missing(shop)
    assert 6 <= len(judged) <= 9, "40 decisions in 40 s, a look each 5 s"
    assert len(set(known.values())) > 1, "what is said of it changes all the same"


def test_much_traffic_has_shown_it_when_the_bake_is_over() -> None:
    shop = shop_of(requests(lambda revision: 20.0))
    shop.play(looks=BAKE + 12)
    assert shop.pods("server")["server2"] > 2, summary(shop)


def test_new_pods_to_which_nobody_sends_anything_are_not_well_they_are_unseen() -> None:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0))
    shop.play(looks=200)
    assert shop.pods("server")["server2"] == 2
    assert "no answers 5xx" not in summary(shop) and "were seen of them since they were ready" in summary(shop), summary(shop)


def test_a_person_lets_one_batch_go_on_unseen_and_the_next_one_is_held_anew() -> None:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0))
    shop.play(looks=80)
    shop.say("approve", subject="analysis", reason="staging has no traffic")
    shop.play(looks=120)
    assert shop.pods("server") == {"server2": 10} and missing(shop), summary(shop)
    assert "BatchPassed server" in " ".join(shop.log)


def test_where_a_person_is_to_be_asked_the_release_asks_for_the_analysis() -> None:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0), onInconclusive="Approve")
    shop.play(looks=80)
    assert summary(shop) == "AwaitingApproval: waits for approval of analysis"


def test_a_higher_rate_takes_fewer_requests() -> None:
    shop = shop_of(requests(lambda revision: 0.8), analysis={"highestRate": "0.2"})
    shop.play(looks=BAKE + 25)
    assert shop.pods("server")["server2"] > 2, summary(shop)


def test_what_nobody_ever_asks_anything_passes_by_its_bake() -> None:
    def works(shop: WatchedCluster) -> None:
        for pod, _ in shop.pod_names("server"):
            shop.set(METRIC, 0.0, namespace="shop", pod=pod, status="200")

    shop = shop_of(works)
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_errors_that_were_there_before_do_not_keep_a_release_from_passing(share: float) -> None:
    shop = shop_of(requests(lambda revision: 8.0, bad=lambda revision: share))
    shop.play(looks=500)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_new_pods_that_fail_twice_as_often_are_not_shown_to_be_well() -> None:
    shop = shop_of(requests(lambda revision: 4.0, bad=lambda revision: 0.12 if is_new(revision) else 0.06), analysis={"falseAlarms": "0.000001"})
    shop.play(looks=BAKE + 60)
    assert shop.pods("server")["server2"] == 2, summary(shop)
    assert "more answers" in summary(shop) or "lie between good and bad" in summary(shop), summary(shop)


def test_an_outage_shows_nothing_so_what_was_served_in_it_does_not_count() -> None:
    away = [False]
    serve = requests(lambda revision: 20.0)

    def works(shop: WatchedCluster) -> None:
        serve(shop)
        shop.set("pg_up", 0.0 if away[0] else 1.0)

    shop = shop_of(works, contracts=[USERS, ROWS])
    shop.play_until_new_pods("server", "server2")
    away[0] = True
    shop.play(looks=BAKE + 20)
    assert shop.pods("server")["server2"] == 2
    away[0] = False
    shop.play(looks=25)
    assert shop.pods("server")["server2"] == 2, summary(shop)
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_the_message_changes_seldom_since_every_wording_is_a_write() -> None:
    shop, seen = shop_of(requests(lambda revision: 0.8)), list[str]()
    for _ in range(400):
        shop.play(looks=1)
        rolls = shop.status.release.rolls if shop.status.release is not None else []
        words = rolls[0].missing_exposure if rolls else ""
        if words and (not seen or words != seen[-1]):
            seen.append(words)
    assert 1 <= len(seen) <= 12, seen


@pytest.mark.parametrize(("has_prometheus", "fields", "is_held"), [(True, {}, True), (False, {}, False), (True, {"gating": "Disabled"}, False)])
def test_whoever_says_nothing_is_watched_wherever_metrics_are_there_and_wanted(
    has_prometheus: bool, fields: dict[str, object], is_held: bool
) -> None:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0), has_prometheus=has_prometheus, **fields)
    shop.play(looks=200)
    assert summary(shop).startswith("Waiting" if is_held else "Completed"), summary(shop)


@pytest.mark.parametrize("mode", ["DryRun", "Disabled"])
def test_only_an_enforced_analysis_waits_for_exposure(mode: str) -> None:
    shop = shop_of(requests(lambda revision: 0.0 if is_new(revision) else 5.0), analysis={"mode": mode})
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_what_prometheus_does_not_answer_in_time_shows_nothing_and_is_named() -> None:
    shop = shop_of(requests(lambda revision: 20.0))
    shop.times_out = METRIC
    shop.play(looks=80)
    assert shop.pods("server")["server2"] == 2
    assert f"{METRIC} of server was not fully answered: query timed out" in summary(shop), summary(shop)
    shop.times_out = ""
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_what_was_served_while_an_exporter_was_silent_does_not_count_either() -> None:
    silent, served = [False], [True]
    serve = requests(lambda revision: 20.0 if served[0] or not is_new(revision) else 0.0)

    def works(shop: WatchedCluster) -> None:
        serve(shop)
        shop.drop("pg_up") if silent[0] else shop.set("pg_up", 1.0)

    shop = shop_of(works, contracts=[USERS, ROWS])
    shop.play_until_new_pods("server", "server2")
    silent[0] = True
    shop.play(looks=BAKE - 5)
    silent[0], served[0] = False, False
    shop.play(looks=100)
    assert shop.pods("server")["server2"] == 2 and "answers were seen of them only in an outage or while" in summary(shop), summary(shop)


def test_a_window_that_began_before_the_batch_was_ready_shows_nothing_of_it() -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)

    def at(seconds: int) -> datetime:
        return began + timedelta(seconds=seconds)

    def told(*ends: int) -> tuple[float, ...]:
        windows = tuple(Window(at=at(end), new_events=0, new_total=1000, old_events=0, old_total=1000) for end in ends)
        both = BetweenArms(Symptom.SERVER_ERRORS, "server", "", windows, (PodCounts(at=at(0), pods={"old": (0, 1000)}),), (), True, True)
        found = unproven([both], workload="server", since=at(20), highest_rate=0.02, without=())
        return tuple(one.seen for one in found)

    assert told(10, 60) == (0.0,), "looks were missed, and most of what the last one tells was served before"
    assert told(10, 20, 30) == (), "shown to be well"


def test_what_came_in_a_time_that_does_not_count_is_not_told_as_seen() -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)

    def at(seconds: int) -> datetime:
        return began + timedelta(seconds=seconds)

    def told(away_until: int) -> Unproven:
        windows = tuple(Window(at=at(end), new_events=0, new_total=10, old_events=0, old_total=10) for end in (10, 20, 30, 40))
        both = BetweenArms(Symptom.SERVER_ERRORS, "server", "", windows, (PodCounts(at=at(0), pods={"old": (0, 10)}),), (), True, True)
        [found] = unproven([both], workload="server", since=at(0), highest_rate=0.02, without=(Interval(start=at(0), end=at(away_until)),))
        return found

    assert (told(15).seen, told(15).discarded) == (20, 20)
    assert "some" in told(15).sentence and "more answers" in told(15).sentence
    assert (told(60).seen, told(60).discarded) == (0, 40)
    assert "were seen of them only in an outage or while an exporter was silent" in told(60).sentence, told(60).sentence


def test_a_batch_that_waits_longer_than_looks_are_kept_has_shown_all_that_came_since_it_was_ready() -> None:
    shop = shop_of(requests(lambda revision: 0.06))
    shop.play(looks=10)
    shop.play(looks=30, seconds=40.0)
    assert shop.pods("server")["server2"] == 2, "20 minutes, in which two pods answer some 140 requests"
    shop.play(looks=40, seconds=40.0)
    assert shop.pods("server")["server2"] > 2, f"{summary(shop)}: ten minutes hold too few, the half hour enough"
