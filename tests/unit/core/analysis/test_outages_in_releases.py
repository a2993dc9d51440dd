"""Whole releases in which the database goes away: what came in that time is not the release's, whatever the analysis can see later."""

import random
from datetime import datetime, timedelta

import pytest

from saferollout.core.analysis import schedule
from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.diagnosis.evidence import Dependency, Life
from saferollout.core.diagnosis.onsets import SLACK
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.outage_depths import question_name
from tests.unit.core.analysis.played_releases import EVENTS, ROWS, USERS, cluster, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster

LETTERS = {"name": "letters", "signal": "DeadLetterDepth", "contract": "events", "max": "5", "intervalSeconds": 5}
DEAD = ("kafka_topic_partition_current_offset", (("instance", "kafka_topic_partition_current_offset"), ("partition", "0"), ("topic", "events.dlt")))


class Shop:
    """A healthy release of the server; its database is away for a while, and what reads events then writes dead letters."""

    def __init__(self, *, afterwards: int = 0) -> None:
        rng, self.away, self.over, self.afterwards, self.silent = random.Random(4), False, False, afterwards, False

        def works(shop: WatchedCluster) -> None:
            shop.set("pg_up", 0.0 if self.away else 1.0)
            if self.silent:
                shop.drop("pg_up")
            shop.count("kafka_topic_partition_current_offset", 5, topic="events", partition="0")
            shop.count("kafka_topic_partition_current_offset", 3 if self.away else 0, topic="events.dlt", partition="0")
            if self.over and self.afterwards:
                self.afterwards -= 1
                shop.count("kafka_topic_partition_current_offset", 1, topic="events.dlt", partition="0")
            for pod, _ in shop.pod_names("server"):
                shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status="500" if rng.random() < (0.9 if self.silent else 0.002) else "200")

        self.cluster = cluster(works, "server", "client", contracts=[USERS, ROWS, EVENTS], gates=[LETTERS])
        self.cluster._measured = self._measured  # type: ignore[method-assign]

    def _measured(self, name: str, at: datetime) -> Measurement:
        if name.startswith("groups/"):
            return Measurement(at, Outcome.NO_DATA)
        assert name in ("letters", "outage/letters"), name
        return Measurement(at, Outcome.VALUE, self.cluster.history[at].get(DEAD, 0.0))

    def play_an_outage(self) -> None:
        self.cluster.apply("server", "server2", None)
        self.cluster.play_until_new_pods("server", "server2")
        self.cluster.play(looks=10)
        self.away = True
        self.cluster.play(looks=40)
        self.away = False
        self.cluster.play(looks=35)
        self.over = True


def test_dead_letters_of_an_outage_neither_fail_a_release_nor_keep_it() -> None:
    shop = Shop()
    shop.play_an_outage()
    release = shop.cluster.status.release
    assert release is not None and len(release.outages) == 1
    shop.cluster.play(looks=300)
    assert summary(shop.cluster).startswith("Completed"), summary(shop.cluster)
    assert not any("RollbackStarted" in line for line in shop.cluster.log)
    gate = shop.cluster.status.gates[0]
    assert "of it in an outage" in gate.message and float(gate.value) <= 5, gate


def test_dead_letters_that_come_after_the_outage_fail_it() -> None:
    shop = Shop(afterwards=20)
    shop.play_an_outage()
    shop.cluster.play(looks=120)
    assert shop.cluster.pods("server") == {"server1": 10}, summary(shop.cluster)
    failure = shop.cluster.status.release.failure if shop.cluster.status.release is not None else None
    assert failure is not None and failure.gate == "letters"


def test_an_outage_counts_for_nothing_also_while_the_analysis_is_blind_and_after_a_restart() -> None:
    shop = Shop()
    shop.play_an_outage()
    shop.cluster.unreachable_from = shop.cluster.now
    shop.cluster.marks = type(shop.cluster.marks)()
    shop.cluster.play(looks=330)
    assert shop.cluster.status.release is not None and shop.cluster.status.release.failure is None, summary(shop.cluster)
    assert not any("RollbackStarted" in line for line in shop.cluster.log)


def test_an_outage_of_which_only_the_end_is_still_looked_at_does_not_reach_back_to_the_roll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST_LOOKS", 12)
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.cluster.play(looks=40)
    shop.away, went = True, shop.cluster.now
    shop.cluster.play(looks=90)
    shop.away = False
    shop.cluster.play(looks=60)
    release = shop.cluster.status.release
    assert release is not None and len(release.outages) == 1
    assert release.outages[0].start >= went - timedelta(seconds=5) - SLACK


def test_a_database_whose_exporter_fell_silent_is_not_called_alive_until_it_speaks_again() -> None:
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.cluster.play(looks=10)
    assert life_of_the_database(shop) is Life.ALIVE
    shop.silent = True
    shop.cluster.play(looks=12)
    assert life_of_the_database(shop) is Life.UNKNOWN
    shop.silent = False
    shop.cluster.play(looks=12)
    assert life_of_the_database(shop) is Life.ALIVE


def test_what_came_while_an_exporter_was_silent_counts_for_nothing_and_the_release_goes_on_alone() -> None:
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.cluster.play(looks=10)
    shop.silent = True
    shop.cluster.play(looks=40)
    assert "the evidence names no cause" in summary(shop.cluster)
    shop.silent = False
    shop.cluster.play(looks=12)
    assert "a quiet time after a time in which an exporter did not say whether its server was up" in summary(shop.cluster)
    shop.cluster.play(looks=300)
    assert summary(shop.cluster).startswith("Completed"), summary(shop.cluster)
    release = shop.cluster.status.release
    assert release is not None and not release.outages, "nobody knows of an outage"
    assert not any("RollbackStarted" in line for line in shop.cluster.log)


def test_an_exporter_that_is_gone_for_good_keeps_no_release_in_which_nothing_is_wrong() -> None:
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.cluster.works, works = lambda cluster: (works(cluster), cluster.drop("pg_up"))[0], shop.cluster.works
    shop.cluster.play(looks=330)
    assert summary(shop.cluster).startswith("Completed"), summary(shop.cluster)


def life_of_the_database(shop: Shop) -> Life:
    snapshot = shop.cluster.snapshot()
    assessed = assess(snapshot, shop.cluster._answers(snapshot), shop.cluster.now)
    assert isinstance(assessed, Assessment)
    return Scene.of(assessed.evidence).alive(Dependency.POSTGRES).life


def test_the_depth_at_the_ends_of_an_outage_is_asked_under_a_name_of_its_own() -> None:
    shop = Shop()
    assert question_name(shop.cluster.spec.gates[0]) == "outage/letters"


def test_an_outage_that_the_first_looks_of_a_release_see_takes_nobody_back() -> None:
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.away = True
    shop.cluster.play(looks=30)
    assert "the database is down" in summary(shop.cluster), summary(shop.cluster)
    shop.away = False
    shop.cluster.play(looks=300)
    assert summary(shop.cluster).startswith("Completed"), summary(shop.cluster)
    assert not any("RollbackStarted" in line for line in shop.cluster.log)


def test_a_gate_whose_only_measurements_were_taken_in_an_outage_says_so() -> None:
    shop = Shop()
    shop.cluster.apply("server", "server2", None)
    shop.cluster.play_until_new_pods("server", "server2")
    shop.away = True
    shop.cluster.play(looks=40)
    [gate] = shop.cluster.look().gates
    assert gate.verdict == "Waiting"
    assert gate.message == "letters has no measurement yet that counts: those in an outage, or in the quiet time after it, do not"
