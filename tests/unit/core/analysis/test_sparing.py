"""What gates and deadlines would take back, and the analysis knows better than to."""

import random
from dataclasses import replace

import pytest

from tests.unit.core.analysis.played_releases import ROWS, USERS, answer_requests, cluster, finding, summary, unreadable_rows
from tests.unit.core.analysis.watched_cluster import WatchedCluster

SLO = {"name": "slo", "promql": 'sum(rate(x{pod=~"$all"}[1m]))', "max": "0.5", "failureLimit": 0}
ERRORS = {
    "name": "errors", "signal": "ServerErrorRatio", "workload": "server", "max": "0.05", "failureLimit": 0, "intervalSeconds": 10, "windowSeconds": 20,
}  # fmt: skip


def goes_back(shop: WatchedCluster) -> bool:
    return any("RollbackStarted" in line for line in shop.log)


def release_of_unreadable_rows(*, knows_sqlstates: bool = True, looks: int = 120, **spec_fields: object) -> WatchedCluster:
    """Begin the release; play it, if at all, until what it does has been seen for long enough."""
    shop = cluster(unreadable_rows(random.Random(5), knows_sqlstates=knows_sqlstates), "server", "client", contracts=[USERS, ROWS], **spec_fields)
    shop.apply("server", "server2", None)
    shop.play(looks=looks)
    assert not looks or finding(shop).cause == "Mode5", finding(shop)
    return shop


def on_forward_only(word: str) -> dict[str, object]:
    return {"mode": "Enforce", "quietSeconds": 20, "intervalSeconds": 5, "onForwardOnly": word}


def is_stalled_as_forward_only(shop: WatchedCluster) -> bool:
    return any((one.type, one.status, one.reason) == ("Stalled", "True", "ForwardOnly") for one in shop.status.conditions)


def test_a_gate_that_fails_takes_nothing_back_that_only_new_pods_can_read() -> None:
    shop = release_of_unreadable_rows(gates=[SLO])
    before = shop.pods("server")
    shop.values["slo"] = 1.0
    shop.play(looks=60)
    assert not goes_back(shop), shop.log
    assert shop.pods("server") == before
    assert is_stalled_as_forward_only(shop)
    assert "gate slo of server fails; nothing goes back for it by itself" in summary(shop)
    shop.say("rollback", reason="I know better")
    shop.play(looks=60)
    assert shop.pods("server") == {"server1": 10}


def test_a_deadline_that_passes_takes_nothing_back_that_only_new_pods_can_read() -> None:
    shop = release_of_unreadable_rows(progressDeadlineSeconds=60)
    view = shop.views["server"]
    lame = [replace(rs, ready=rs.pods - 1, available=rs.pods - 1, steady=rs.pods - 1) if rs.hash == "server2" else rs for rs in view.replica_sets]
    shop.views["server"] = replace(view, replica_sets=tuple(lame))
    before = shop.pods("server")
    shop.play(looks=150)
    assert not goes_back(shop), shop.log
    assert shop.pods("server") == before
    assert is_stalled_as_forward_only(shop)


def test_what_a_person_had_finished_goes_back_for_no_gate() -> None:
    shop = release_of_unreadable_rows(gates=[SLO], bakeSeconds=600)
    shop.say("forward", reason="old rows can be read by new pods")
    shop.play(looks=20)
    shop.apply("client", "client2", None)
    shop.values["slo"] = 1.0
    shop.play(looks=60)
    assert "server" not in back_of(shop)
    assert shop.pods("server").get("server2", 0) > 2, shop.pods("server")


def well(**spec_fields: object) -> WatchedCluster:
    rng = random.Random(6)

    def works(shop: WatchedCluster) -> None:
        shop.set("pg_up", 1.0)
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))

    return cluster(works, "server", "client", contracts=[USERS, ROWS], **spec_fields)


def test_a_word_that_a_roll_is_to_be_finished_does_not_keep_pods_that_never_get_ready() -> None:
    shop = well(progressDeadlineSeconds=60, bakeSeconds=600)
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.play(looks=20)
    shop.say("forward", reason="the gate is flaky")
    shop.broken.add("server2")
    shop.play(looks=300)
    assert goes_back(shop), summary(shop)
    assert shop.status.release is not None and shop.status.release.failure is not None
    assert shop.status.release.failure.reason == "ProgressDeadlineExceeded"


def test_a_word_that_a_roll_is_to_be_finished_finishes_it_also_where_the_hold_came_in_the_middle_of_a_batch() -> None:
    shop = release_of_unreadable_rows(
        looks=0, progressDeadlineSeconds=60, workloads=[{"name": "server", "batches": ["60%"]}, {"name": "client"}],
    )  # fmt: skip
    view = shop.views["server"]
    shop.views["server"] = replace(view, strategy=replace(view.strategy, max_unavailable=1, max_surge=0))
    for _ in range(60):
        shop.play(looks=1)
        if shop.pods("server").get("server2", 0) >= 2:
            break
    shop.say("pause", reason="long enough for a finding")
    shop.play(looks=120)
    assert finding(shop).cause == "Mode5", finding(shop)
    shop.say("resume")
    shop.play(looks=90)
    assert not goes_back(shop)
    assert shop.pods("server")["server1"] > 0
    shop.say("forward", reason="old rows can be read by new pods")
    shop.play(looks=200)
    assert shop.pods("server") == {"server2": 10}, summary(shop)


def test_one_that_must_not_go_back_does_not_keep_another_one_from_going_back() -> None:
    shop = release_of_unreadable_rows(looks=0, rollbackScope="Release", progressDeadlineSeconds=60, gates=[SLO])
    shop.play(looks=120)
    assert finding(shop).cause == "Mode5", finding(shop)
    shop.say("forward", reason="old rows can be read by new pods")
    shop.apply("client", "client2", None)
    shop.broken.add("client2")
    shop.play(looks=300)
    assert shop.pods("server") == {"server2": 10}, summary(shop)
    assert back_of(shop) == ["client"]
    assert shop.status.release is not None and shop.status.release.rollback is not None
    assert [one.workload for one in shop.status.release.rollback.stay] == ["server"]


def test_a_newer_template_over_one_that_must_not_go_back_does_not_go_back_for_a_gate_either() -> None:
    shop = release_of_unreadable_rows(gates=[SLO])
    shop.apply("server", "server3", None)
    shop.play(looks=3)
    assert shop.status.release is not None and [one.forward_only for one in shop.status.release.targets if one.workload == "server"] == [True]
    shop.values["slo"] = 1.0
    shop.play(looks=100)
    assert not goes_back(shop), shop.log


def back_of(shop: WatchedCluster) -> list[str]:
    release = shop.status.release
    return list(release.rollback.back) if release is not None and release.rollback is not None else []


def test_where_the_user_wants_it_forward_only_rows_go_back_once_they_are_named() -> None:
    shop = release_of_unreadable_rows(analysis=on_forward_only("Rollback"))
    assert goes_back(shop)
    assert "server goes back" in finding(shop).message
    assert not any("does not go back" in line for line in shop.log)


def test_a_mere_suspicion_of_forward_only_rows_takes_nothing_back_whatever_the_user_wants() -> None:
    shop = release_of_unreadable_rows(knows_sqlstates=False, analysis=on_forward_only("Rollback"))
    assert (finding(shop).certainty, finding(shop).action) == ("Suspected", "Hold")
    assert not goes_back(shop), shop.log


@pytest.mark.parametrize("scraped_after", [0, 10, 25])
def test_a_gate_that_fails_before_the_exporter_tells_of_the_outage_takes_nothing_back(scraped_after: int) -> None:
    rng, down = random.Random(4), set[int]()

    def works(shop: WatchedCluster) -> None:
        second = int(shop.clock.timestamp()) if shop.clock is not None else 0
        shop.set("pg_up", 0.0 if second - scraped_after in down else 1.0)
        answer_requests(shop, rng, bad=lambda revision: (0.9, "500") if second in down else (0.002, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS, ROWS], gates=[ERRORS])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    begin = int(shop.now.timestamp())
    down.update(range(begin, begin + 40))
    for _ in range(120):
        shop.values["errors"] = 0.5 if int(shop.now.timestamp()) in down else 0.0
        shop.play(looks=1)
    assert not goes_back(shop), shop.log
    shop.values["errors"] = 0.0
    shop.play(looks=250)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_a_gate_that_goes_on_failing_takes_its_step_back_when_an_outage_would_have_been_seen() -> None:
    """Only the gate sees it: no contract's signal is worse."""
    rng = random.Random(6)

    def works(shop: WatchedCluster) -> None:
        shop.set("pg_up", 1.0)
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS, ROWS], gates=[SLO])
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.values["slo"] = 1.0
    shop.play(looks=20)
    assert not goes_back(shop)
    assert "gate slo of server fails; until" in summary(shop)
    new_pods = shop.pods("server")["server2"]
    shop.play(looks=40)
    assert goes_back(shop)
    assert shop.pods("server").get("server2", 0) <= new_pods


@pytest.mark.parametrize("mode", ["DryRun", "Disabled"])
def test_where_the_analysis_may_do_nothing_a_gate_takes_its_step_back_at_once(mode: str) -> None:
    rng = random.Random(6)

    def works(shop: WatchedCluster) -> None:
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))

    shop = cluster(works, "server", "client", contracts=[USERS], gates=[SLO], mode=mode)
    shop.apply("server", "server2", None)
    shop.play_until_new_pods("server", "server2")
    shop.values["slo"] = 1.0
    shop.play(looks=12)
    assert goes_back(shop), summary(shop)
