"""The scene breaks for real: a mode by a plain rolling update, and an outage, each as people and Prometheus see it."""

from localcluster.opencore.counts import count
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.measuring import wait_until_quiet
from localcluster.opencore.outages import Outage, outage
from localcluster.opencore.plainly import roll_out_plainly
from localcluster.opencore.series import ask
from localcluster.opencore.stage import Stage
from localcluster.testing import wait_for
from tests.scene.counting import counted, pods_with, refused

_LONG_SECONDS = 180.0


def test_a_new_required_event_field_makes_old_consumers_dead_letter_it_and_no_request_is_refused(scene: Stage) -> None:
    before, refused_before = count(scene.prometheus_url), refused(scene)
    roll_out_plainly(scene.tools, OPENCORE / "undeclared" / "mode-1")
    wait_for("dead letters", counted(scene, before, lambda new: new.dead_letters >= 20), seconds=_LONG_SECONDS)

    failing = 'spring_kafka_listener_seconds_count{namespace="opencore",result="failure"}'
    wait_for(
        "both groups' failures in their own metrics",
        lambda: pods_with(scene, failing) == {"billing-service", "notification-service"},
        seconds=30,
    )
    assert refused(scene) == refused_before

    roll_out_plainly(scene.tools, OPENCORE / "workloads")
    wait_until_quiet(scene, seconds=_LONG_SECONDS)


def test_without_kafka_people_are_refused_and_with_it_again_all_is_as_before(scene: Stage) -> None:
    before = count(scene.prometheus_url)
    end = 'sum(last_over_time(kafka_topic_partition_current_offset{namespace="opencore",topic="user.events"}[10m]))'
    [written] = ask(scene.prometheus_url, end)
    with outage(scene.tools, Outage.KAFKA_DOWN):
        wait_for("failed registrations", counted(scene, before, lambda new: new.failed >= 5), seconds=60)
        wait_for(
            "a broker that is gone, in Prometheus",
            lambda: [series.value for series in ask(scene.prometheus_url, 'kafka_brokers{namespace="opencore"}')] == [0.0],
            seconds=60,
        )
    wait_until_quiet(scene, seconds=_LONG_SECONDS)
    assert count(scene.prometheus_url).since(before).dead_letters == 0
    wait_for("new events behind the old ones", lambda: ask(scene.prometheus_url, end)[0].value > written.value, seconds=60)
