"""Rows of docs/situations.md about what workloads share: who rolls first, what is refused, what must be proved."""

from typing import Any

from saferollout.api.status import State
from tests.golden.shop import API, NEW, OLD, TOPIC, release_all
from tests.golden.stage import Stage
from tests.unit.situations.scene import condition, order, ordinary_day, state, steps, untouched, waits
from tests.unit.situations.table import situation

FORGETFUL_TOPIC: dict[str, Any] = {"name": "user-events", "topic": {"name": "user.events", "deadLetterTopic": "user.events.dlt"}}


@situation("a topic shared with another namespace or team")
def test_an_external_reader_with_its_versions_holds_the_writer_back() -> None:
    stage = ordinary_day(contracts=[{**TOPIC, "externalReaders": [{"name": "warehouse", "reads": ["1"]}]}, API])
    release_all(stage)
    stage.play()
    assert state(stage) is State.REFUSED
    assert "warehouse" in condition(stage, "PlanAccepted")[1]
    assert stage.pods("user-service") == {"u1": 10}


@situation("a consumer group on the topic that nobody declared")
def test_a_consumer_group_that_nobody_declared_is_warned_of_and_blocks_nothing() -> None:
    stage = ordinary_day()
    stage.groups = ("audit",)
    stage.woken = True
    release_all(stage, "notification")
    stage.play()
    accepted, said = condition(stage, "PlanAccepted")
    assert accepted == "True" and "consumer group audit" in said
    assert state(stage) is State.COMPLETED


@situation("Git reverted during or after a failed release")
def test_a_revert_in_the_middle_of_a_way_back_and_after_it_needs_no_hand() -> None:
    for seconds in (1, 120):
        stage = ordinary_day()
        stage.apply("billing", "b2", OLD["billing"])
        stage.measure("dead-letters", 0.0)
        stage.wait(8)
        stage.measure("dead-letters", 40.0)
        stage.play_until(lambda stage=stage: state(stage) is State.ROLLING_BACK)
        stage.wait(seconds)
        stage.apply("billing", "b1", OLD["billing"])
        stage.measure("dead-letters", 0.0)
        stage.play()
        assert stage.pods("billing") == {"b1": 4}, seconds
        assert not stage.views["billing"].held and stage.views["billing"].paced is None
        assert state(stage) is State.IDLE and condition(stage, "Stalled")[0] == "False"


@situation("Git reverted two releases back")
def test_a_revert_of_two_releases_is_planned_from_what_is_alive_and_refused_at_the_floor_by_name() -> None:
    stage = ordinary_day(contracts=[FORGETFUL_TOPIC, API])
    release_all(stage, "notification", "billing", "gateway")
    stage.play()
    release_all(stage, "user-service")
    stage.play()
    stage.apply("notification", "n1", OLD["notification"])
    stage.wait(30)
    assert stage.pods("notification") == {"n2": 2}
    assert "user-events 2" in condition(stage, "PlanAccepted")[1], "the version that holds it"
    stage.apply("user-service", "u1", OLD["user-service"])
    stage.wait(120)
    assert stage.pods("user-service") == {"u1": 10}, "the writer can go back"
    assert stage.pods("notification") == {"n2": 2} and "Prove/user-events/2" in waits(stage), "the reader waits for what it wrote"


@situation("only a writer, or only a reader, of an unnumbered contract changes")
def test_a_change_of_one_side_under_a_word_is_no_contract_change_and_the_plan_says_so() -> None:
    stage = _worded("Backward")
    stage.apply("user-service", "u2", None)
    stage.play()
    assert order(stage) == ["user-service"]
    assert "unchanged" in steps(stage)["Roll/user-service"], steps(stage)


@situation("client and server of an API released together, roles only")
def test_under_roles_alone_the_server_goes_before_its_clients() -> None:
    stage = _silent([API])
    for name in ("gateway", "user-service"):
        stage.apply(name, f"{name[0]}2", None)
    stage.play()
    assert order(stage) == ["user-service", "gateway"]


@situation("two services that both read and write one table, roles only")
def test_two_that_read_and_write_one_table_go_in_the_specs_order_and_nothing_is_called_proved() -> None:
    both = ["billing", "user-service"]
    stage = _silent([{"name": "users", "table": {"schema": "public", "name": "users"}, "readers": both, "writers": both}])
    for name in reversed(both):
        stage.apply(name, f"{name[0]}2", None)
    stage.wait(3)
    assert "by role on users, not proved" in steps(stage)["Roll/user-service"]
    stage.play()
    assert order(stage) == both


@situation("day one: nothing declared anywhere")
def test_on_day_one_roles_give_an_order_and_nothing_is_refused() -> None:
    stage = _silent([{**TOPIC, "readers": ["notification", "billing"], "writers": ["user-service"]}, API])
    for name in ("user-service", "gateway", "billing", "notification"):
        stage.apply(name, f"{name[0]}2", None)
    stage.play()
    assert order(stage) == ["notification", "billing", "user-service", "gateway"]
    assert state(stage) is State.COMPLETED


@situation("database migration")
def test_readers_of_a_new_column_roll_before_its_writers_and_dropping_the_old_needs_a_proof() -> None:
    table = {"name": "users", "table": {"schema": "public", "name": "users"}}
    stage = _silent([table], billing="users: {reads: [1]}", **{"user-service": "users: {reads: [1], writes: [1]}"})
    stage.apply("user-service", "u2", "users: {reads: [1, 2], writes: [1]}")
    stage.apply("billing", "b2", "users: {reads: [1, 2]}")
    stage.play()
    stage.apply("user-service", "u3", "users: {reads: [1, 2], writes: [2]}")
    stage.play()
    stage.apply("billing", "b3", "users: {reads: [2]}")
    stage.wait(60)
    assert stage.pods("billing") == {"b2": 4} and state(stage) is State.AWAITING_APPROVAL
    stage.say("approve", subject="Prove/users/1", reason="backfill counted 0 rows")
    stage.play()
    assert stage.pods("billing") == {"b3": 4}


@situation("cache encoding changes")
def test_a_cache_encoding_changes_by_way_of_a_revision_that_reads_both_or_under_another_key() -> None:
    shared = {"name": "sessions", "cache": {"ttlSeconds": 60, "keys": "Shared"}}
    stage = _silent([shared], gateway="sessions: {reads: [1], writes: [1]}")
    stage.apply("gateway", "g2", "sessions: {reads: [2], writes: [2]}")
    stage.play()
    assert state(stage) is State.REFUSED and "also reads" in condition(stage, "PlanAccepted")[1]
    stage.apply("gateway", "g3", "sessions: {reads: [1, 2], writes: [1]}")
    stage.play()
    stage.apply("gateway", "g4", "sessions: {reads: [1, 2], writes: [2]}")
    stage.play()
    assert stage.pods("gateway") == {"g4": 3}

    versioned = _silent([{"name": "sessions", "cache": {"ttlSeconds": 60, "keys": "Versioned"}}], gateway="sessions: {reads: [1], writes: [1]}")
    versioned.checks_safety = False  # old and new pods keep to keys of their own
    versioned.apply("gateway", "g2", "sessions: {reads: [2], writes: [2]}")
    versioned.play()
    assert versioned.pods("gateway") == {"g2": 3}


@situation("dead letters are replayed after a rollback")
def test_what_will_be_replayed_is_announced_and_readers_must_read_it() -> None:
    stage = ordinary_day(contracts=[{**FORGETFUL_TOPIC, "storedVersions": ["2"]}, API])
    assert stage.status.contracts[0].stored_versions == ["1", "2"]
    release_all(stage, "notification")
    stage.play()
    assert stage.pods("notification") == {"n2": 2}, "it reads what will be replayed"
    stage.apply("notification", "n3", "user-events: {reads: [1]}")
    stage.wait(60)
    assert stage.pods("notification") == {"n2": 2}, "this one could not"
    assert "user-events 2" in waits(stage) or "Prove/user-events/2" in waits(stage)


@situation("restored from a backup, status lost")
def test_after_a_lost_status_what_retained_templates_wrote_counts_as_stored() -> None:
    stage = ordinary_day(contracts=[FORGETFUL_TOPIC, API])
    release_all(stage, "notification", "billing", "gateway")
    stage.play()
    for revision, writes in (("u2", "[2]"), ("u3", "[1]")):
        stage.apply("user-service", revision, f"{{user-events: {{writes: {writes}}}, users-api/response: {{writes: [1]}}}}")
        stage.play()
    stage.status = type(stage.status)()
    stage.woken = True
    stage.wait(5)
    assert next(known for known in stage.status.contracts if known.name == "user-events").stored_versions == ["1", "2"]
    stage.apply("notification", "n3", "user-events: {reads: [1]}")
    stage.wait(60)
    assert stage.pods("notification") == {"n2": 2}, "nothing narrows without proof"
    assert state(stage) is State.AWAITING_APPROVAL


def _silent(contracts: list[dict[str, Any]], **declared: str) -> Stage:
    """Return the shop over other contracts, its templates silent but for what is `declared`."""
    stage = ordinary_day(contracts=contracts, gates=[])
    for name in OLD:
        stage.running(name, f"{name[0]}1", declared.get(name), replicas=stage.views[name].replicas)
    stage.status = type(stage.status)()
    stage.play()
    stage.writes.clear()
    return stage


def _worded(word: str) -> Stage:
    return _silent([{**TOPIC, "compatibility": word, "readers": ["notification", "billing"], "writers": ["user-service"]}])


def test_only_what_a_row_is_about_is_touched() -> None:
    stage = _worded("Backward")
    stage.apply("billing", "b2", None)
    stage.play()
    assert untouched(stage, "notification", "user-service", "gateway")
    assert NEW.keys() == OLD.keys()
