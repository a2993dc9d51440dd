"""Whole releases in which the database is restarted again and again: no window counts, and a person is told why nothing gets on."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from saferollout.api.status import Condition, ConditionStatus
from saferollout.core.analysis.lifelines import Lifeline
from saferollout.core.diagnosis.evidence import Dependency
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.reasons import ConditionType, Reason
from tests.unit.core.analysis.played_releases import ROWS, USERS, cluster, finding, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

QUIET, AWAY = 20, 5


class Restarting:
    """A release of the server whose database is restarted every so many seconds, from the first new pod on or ever since; `times`: no more often."""

    def __init__(self, *, every: int, new_fail: float = 0.5, ever: bool = False, times: int = 10_000, **spec_fields: object) -> None:
        rng, started = random.Random(4), 1.0
        self.every, self.left = every, times

        def works(shop: WatchedCluster) -> None:
            nonlocal started
            assert shop.clock is not None
            now = shop.clock.timestamp()
            if self.left and now - started >= self.every and (ever or any(is_new(revision) for _, revision in shop.pod_names("server"))):
                started, self.left = now, self.left - 1
            away = now - started < AWAY
            shop.set("pg_up", 0.0 if away else 1.0)
            shop.set("pg_postmaster_start_time_seconds", started)
            for pod, revision in shop.pod_names("server"):
                for _ in range(5):
                    fails = rng.random() < (0.9 if away else new_fail if is_new(revision) else 0.002)
                    shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status="500" if fails else "200")

        self.cluster = cluster(works, "server", "client", contracts=[USERS, ROWS], progressDeadlineSeconds=120, **spec_fields)
        if ever:
            self.cluster.play(looks=60, seconds=5)
        self.cluster.apply("server", "server2", None)
        self.cluster.play_until_new_pods("server", "server2")

    @property
    def stalled(self) -> Condition:
        return next(one for one in self.cluster.status.conditions if one.type == ConditionType.STALLED)


def test_a_release_that_restarts_its_database_again_and_again_is_held_and_says_whose_step_may_be_the_cause() -> None:
    played = Restarting(every=2 * QUIET)
    played.cluster.play(looks=60, seconds=5)
    found = finding(played.cluster)
    assert (found.cause, found.certainty, found.action) == (Cause.DATABASE_DOWN, Certainty.SUSPECTED, Action.HOLD), found
    assert found.workload == "server"
    assert "the database is down or restarted again and again since new pods of server came: they may be the cause" in found.message
    assert [one for one in found.commands if "saferollout rollback" in one] and [one for one in found.commands if "saferollout approve analysis" in one]
    assert played.stalled.status is ConditionStatus.TRUE
    assert played.stalled.reason == Reason.OUTAGE_AGAIN_AND_AGAIN
    assert played.cluster.pods("server") == {"server1": 10, "server2": 2}, "nothing goes back for it by itself"


def test_that_new_pods_fail_more_in_those_outages_stands_in_the_evidence_and_takes_nothing_back() -> None:
    played = Restarting(every=2 * QUIET)
    played.cluster.play(looks=60, seconds=5)
    assert [one for one in finding(played.cluster).evidence if one.startswith("in those outages, which proves nothing: new pods of server")]


def test_new_pods_that_fail_as_old_ones_do_in_those_outages_are_not_spoken_of() -> None:
    played = Restarting(every=2 * QUIET, new_fail=0.002)
    played.cluster.play(looks=60, seconds=5)
    found = finding(played.cluster)
    assert found.workload == "server"
    assert not [one for one in found.evidence if "in those outages" in one], found.evidence
    assert [one for one in found.evidence if "was back at least" in one]


def test_it_is_said_once_and_in_the_same_words_however_long_it_lasts() -> None:
    played = Restarting(every=2 * QUIET)
    played.cluster.play(looks=60, seconds=5)
    known, number = finding(played.cluster), len(played.cluster.log)
    for _ in range(60):
        played.cluster.play(looks=1, seconds=5)
        assert finding(played.cluster) == known
        assert played.stalled.status is ConditionStatus.TRUE
    assert not [line for line in played.cluster.log[number:] if "Found" in line or "Recovered" in line or "Stalled" in line]


def test_a_database_that_was_restarted_as_often_before_the_release_has_no_suspect() -> None:
    played = Restarting(every=2 * QUIET, ever=True)
    played.cluster.play(looks=60, seconds=5)
    found = finding(played.cluster)
    assert (found.cause, found.certainty, found.action, found.workload) == (Cause.DATABASE_DOWN, Certainty.SUSPECTED, Action.HOLD, "")
    assert "again and again, and was so before the release" in found.message
    assert not [one for one in found.commands if "saferollout rollback" in one]
    assert played.stalled.reason == Reason.OUTAGE_AGAIN_AND_AGAIN


def test_restarts_that_leave_time_that_counts_are_judged_by_that_time() -> None:
    played = Restarting(every=QUIET + 60)
    played.cluster.play(looks=100, seconds=5)
    assert summary(played.cluster).startswith("RolledBack"), summary(played.cluster)
    assert finding(played.cluster).cause == Cause.PLAIN_BUG


@pytest.mark.parametrize("times", [1, 2])
def test_one_restart_or_two_are_waited_for_and_the_release_goes_on_alone(times: int) -> None:
    played = Restarting(every=2 * QUIET, new_fail=0.002, times=times)
    for _ in range(60):
        played.cluster.play(looks=1, seconds=5)
        assert played.stalled.status is ConditionStatus.FALSE
    played.cluster.play(looks=100, seconds=5)
    assert summary(played.cluster).startswith("Completed"), summary(played.cluster)


def test_when_the_restarts_end_the_release_goes_on_alone_and_is_judged() -> None:
    played = Restarting(every=2 * QUIET, new_fail=0.002, times=5)
    played.cluster.play(looks=45, seconds=5)
    assert played.stalled.reason == Reason.OUTAGE_AGAIN_AND_AGAIN
    played.cluster.play(looks=150, seconds=5)
    assert summary(played.cluster).startswith("Completed"), summary(played.cluster)
    assert played.stalled.status is ConditionStatus.FALSE


def test_a_persons_word_lets_the_batch_go_on_and_the_next_one_is_held_again() -> None:
    played = Restarting(every=2 * QUIET, new_fail=0.002)
    played.cluster.play(looks=60, seconds=5)
    played.cluster.say("approve", subject="analysis", reason="seen")
    played.cluster.play(looks=1, seconds=5)
    assert "BatchPassed server" in played.cluster.log
    assert played.stalled.reason != Reason.OUTAGE_AGAIN_AND_AGAIN
    played.cluster.play(looks=5, seconds=5)
    assert played.stalled.reason == Reason.OUTAGE_AGAIN_AND_AGAIN


def test_a_quiet_time_as_it_is_by_default_needs_a_restart_every_few_minutes_only() -> None:
    played = Restarting(every=150, analysis={"mode": "Enforce", "quietSeconds": 120, "intervalSeconds": 15})
    played.cluster.play(looks=48, seconds=15)
    assert finding(played.cluster).workload == "server"
    assert played.stalled.reason == Reason.OUTAGE_AGAIN_AND_AGAIN
    assert played.stalled.message.count("again and again") == 1


def test_a_dry_run_puts_it_on_record_and_stalls_nothing() -> None:
    played = Restarting(every=2 * QUIET, analysis={"mode": "DryRun", "quietSeconds": QUIET, "intervalSeconds": 5})
    played.cluster.play(looks=30, seconds=5)
    assert finding(played.cluster).cause == Cause.DATABASE_DOWN
    assert played.stalled.status is ConditionStatus.FALSE


def test_what_comes_within_a_quiet_time_of_a_beginning_belongs_to_it() -> None:
    def at(second: int) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)

    states = tuple((at(second), second not in (20, 30, 50)) for second in range(0, 200, 10))
    server = Lifeline(Dependency.POSTGRES, states=states, starts=(at(20), at(40), at(150)))
    assert server.beginnings(apart=timedelta(seconds=30)) == (at(40), at(150))
    assert server.beginnings(apart=timedelta(seconds=20)) == (at(40), at(60), at(150))
