"""A consumer group that nobody declared is a warning, and never more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from saferollout.api.contracts import Contract
from saferollout.api.status import State
from saferollout.core.decision import Note
from saferollout.core.event_reasons import NoteType
from saferollout.core.questions import questions
from saferollout.core.topic_signals import other_groups
from saferollout.core.unknown_readers import declared_groups
from saferollout.core.views import HoldMode
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import WRITES_1, condition, little_cluster, state

GROUPS = [{"group": "billing", "workload": "reader"}]
DWH = {"name": "dwh", "reads": ["1"], "consumerGroup": "spark"}
TOPIC = {"name": "events", "topic": {"name": "shop.events", "consumerGroups": GROUPS}, "externalReaders": [DWH]}


def broker(*groups: str, **changes: Any) -> LittleCluster:
    """Return a little cluster whose topic is read by `groups` beside those that are declared."""
    cluster = little_cluster(**{"contracts": [TOPIC], "gating": "Disabled", **changes})
    cluster.groups = groups
    return cluster


def undeclared(cluster: LittleCluster) -> list[str]:
    return [group for contract in cluster.status.contracts for group in contract.undeclared_groups]


def said(cluster: LittleCluster) -> str:
    return next(known.message for known in cluster.status.conditions if known.type == "PlanAccepted")


def test_a_group_that_nobody_declared_is_a_warning_in_status_and_an_event() -> None:
    cluster = broker("audit")
    (note,) = cluster.look().notes
    assert isinstance(note, Note) and (note.reason, note.type) == ("UndeclaredReader", NoteType.WARNING)
    assert undeclared(cluster) == ["audit"]
    assert "consumer group audit reads topic shop.events" in said(cluster)
    assert "externalReaders" in said(cluster), "it says the way out"
    assert condition(cluster, "PlanAccepted") == "True"


def test_the_warning_is_written_and_told_once() -> None:
    cluster = broker("audit")
    cluster.look()
    written = cluster.status_writes
    for _ in range(10):
        cluster.now += timedelta(minutes=5)
        assert cluster.look().notes == ()
    assert cluster.status_writes == written


def test_the_warning_blocks_nothing() -> None:
    cluster = broker("audit")
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play()
    assert cluster.pods("writer") == {"w2": 10}
    assert state(cluster) is State.COMPLETED
    assert undeclared(cluster) == ["audit"], "it outlives the release and its books"


def test_what_is_not_measured_changes_nothing() -> None:
    cluster = broker("audit")
    cluster.look()
    cluster.groups = None
    cluster.look()
    assert undeclared(cluster) == ["audit"]
    silent = broker()
    silent.groups = None
    silent.look()
    assert undeclared(silent) == [] and said(silent) == ""


def test_the_warning_ends_with_the_group() -> None:
    cluster = broker("audit")
    cluster.look()
    cluster.groups = ()
    cluster.look()
    assert undeclared(cluster) == [] and said(cluster) == ""


def test_a_group_that_was_declared_since_is_dropped_without_being_measured() -> None:
    cluster = broker("audit")
    cluster.look()
    cluster.groups = None
    declared = {**TOPIC, "externalReaders": [{**DWH, "consumerGroup": "audit"}]}
    cluster.spec = cluster.spec.model_copy(update={"contracts": (Contract.model_validate(declared),)})
    cluster.look()
    assert undeclared(cluster) == []


def test_very_many_groups_do_not_fill_the_status() -> None:
    cluster = broker(*(f"console-consumer-{number:05}" for number in range(3000)))
    cluster.look()
    assert len(undeclared(cluster)) == 20
    assert len(said(cluster)) <= 1024


def test_groups_are_declared_by_our_workloads_and_by_external_readers() -> None:
    assert declared_groups(Contract.model_validate(TOPIC)) == ("billing", "spark")


def test_the_query_leaves_out_what_is_declared_and_keeps_to_the_tenant() -> None:
    query = other_groups("shop.events", than=("a.b", "c"), matchers=('tenant="shop"',))
    assert query.value == (
        'count by (consumergroup) ({__name__=~"kafka_consumergroup_lag|kafka_consumergroup_current_offset",topic="shop.events",'
        'consumergroup!~"a\\\\.b|c",tenant="shop"})'
    )
    assert query.names == "consumergroup"


def test_the_topic_is_asked_about_every_five_minutes_also_while_nothing_is_released() -> None:
    cluster = broker()
    snapshot = cluster.snapshot()
    first = datetime(2026, 11, 24, 12, 0, 1, tzinfo=UTC)
    asked = {question.instants for now in (first, first + timedelta(minutes=4)) for question in questions(snapshot, now)}
    assert asked == {(datetime(2026, 11, 24, 12, 0, tzinfo=UTC),)}
    assert questions(snapshot, first + timedelta(minutes=5))[0].instants[0].minute == 5


def test_where_the_operator_itself_must_stop_a_template_it_asks_nothing_first() -> None:
    cluster = broker()
    snapshot = replace(cluster.snapshot(), hold_mode=HoldMode.REACTIVE)
    assert questions(snapshot, cluster.now) == ()
    cluster.apply("writer", "w2", WRITES_1)
    cluster.look()
    releasing = replace(cluster.snapshot(), hold_mode=HoldMode.REACTIVE)
    assert [question.name for question in questions(releasing, cluster.now) if not question.name.startswith("analysis/")] == ["groups/events"]


def test_what_is_no_topic_is_not_asked_about() -> None:
    cluster = broker(contracts=[{"name": "events", "table": {"name": "events"}}])
    assert questions(cluster.snapshot(), cluster.now) == ()
