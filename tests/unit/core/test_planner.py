"""The rows of the planner's table, each by name."""

from dataclasses import replace

import pytest

from saferollout.core.contracts import Channel, ContractKind, Party, Preference, Revision, Sanction, Use, still_written, stored_after_roll
from saferollout.core.planner import plan
from saferollout.core.plans import Approve, Method, Prove, Refusal, RevisionRole, ready_steps
from tests.unit.core.kernel import CACHE, REQUEST, RESPONSE, TABLE, TOPIC, party, reads, steps, world, writes


def test_a_reader_rolls_before_its_writer() -> None:
    answer = plan(world(party("writer", writes("1"), writes("2")), party("reader", reads("1"), reads("12"))))
    assert steps(answer) == ["reader", "writer"]
    assert answer.steps[1].after == ("Roll/reader",)


def test_a_release_that_changes_nothing_has_no_steps() -> None:
    assert plan(world(party("reader", reads("1")))).steps == ()


def test_a_bug_fix_in_one_service_waits_for_nobody() -> None:
    answer = plan(world(party("reader", reads("1"), reads("1")), party("writer", writes("1"))))
    assert steps(answer) == ["reader"]
    assert answer.steps[0].because == ("changes no contract",)


@pytest.mark.parametrize(
    ("channel", "method"),
    [
        (TOPIC, Method.RETENTION),
        (CACHE, Method.TTL),
        (Channel("rows", ContractKind.TABLE, drained_promql="count(rows)"), Method.PROMQL),
        (replace(TOPIC, drained_promql="lag"), Method.PROMQL),
    ],
)
def test_a_reader_that_narrows_waits_for_the_proof_its_contract_offers(channel: Channel, method: Method) -> None:
    parties = party("reader", reads("12"), reads("2"), on=channel), party("writer", writes("1"), writes("2"), on=channel)
    answer = plan(world(*parties, channels=(channel,)))
    assert steps(answer) == ["writer", f"Prove/{channel.name}/1", "reader"]
    proof = answer.steps[1]
    assert isinstance(proof, Prove)
    assert (proof.method, proof.protects, proof.after) == (method, ("reader",), ("Roll/writer",))


@pytest.mark.parametrize("channel", [TABLE, replace(TOPIC, retention_seconds=None), replace(CACHE, ttl_seconds=None)])
def test_where_nothing_can_prove_a_drain_a_person_is_asked_and_told_why(channel: Channel) -> None:
    parties = party("reader", reads("12"), reads("2"), on=channel), party("writer", writes("1"), writes("2"), on=channel)
    answer = plan(world(*parties, channels=(channel,)))
    assert steps(answer) == ["writer", f"Approve/{channel.name}/1", "reader"]
    assert isinstance(answer.steps[1], Approve)
    assert "nothing can prove" in answer.steps[1].because[-1]


@pytest.mark.parametrize("channel", [REQUEST, RESPONSE])
def test_an_api_stores_nothing_so_nothing_is_proved(channel: Channel) -> None:
    parties = party("reader", reads("12"), reads("2"), on=channel), party("writer", writes("1"), writes("2"), on=channel)
    assert steps(plan(world(*parties, channels=(channel,)))) == ["writer", "reader"]


def test_a_waiting_proof_holds_only_what_is_ordered_after_it() -> None:
    answer = plan(
        world(
            party("narrowing", reads("12"), reads("2")),
            party("other", reads("1"), reads("1"), on=TABLE),
            stored={"events": "1"},
        )
    )
    assert steps(answer) == ["other", "Prove/events/1", "narrowing"]
    assert [step.id for step in ready_steps(answer)] == ["Roll/other", "Prove/events/1"]


def test_two_readers_share_one_proof() -> None:
    answer = plan(world(party("a", reads("12"), reads("2")), party("b", reads("12"), reads("2")), stored={"events": "1"}))
    assert steps(answer) == ["Prove/events/1", "a", "b"]
    assert isinstance(answer.steps[0], Prove)
    assert answer.steps[0].protects == ("a", "b")


def test_a_version_that_an_unchanged_writer_writes_can_not_be_drained() -> None:
    answer = plan(world(party("reader", reads("12"), reads("2")), party("writer", writes("1"))))
    assert answer.reason is Refusal.UNSAFE_GOAL
    (conflict,) = answer.conflicts
    assert conflict.writer is not None
    assert (conflict.writer.workload, conflict.writer.revision) == ("writer", RevisionRole.OLD)
    assert (conflict.reader.workload, conflict.reader.revision, conflict.failure_mode) == ("reader", RevisionRole.NEW, 3)


def test_a_workload_that_is_replaced_as_a_whole_does_not_meet_itself() -> None:
    uses = reads("1", writes="1"), reads("2", writes="2")
    assert plan(world(party("worker", *uses, on=REQUEST, recreate=True))).accepted
    assert plan(world(party("worker", *uses, on=REQUEST))).reason is Refusal.SELF_CONFLICT


def test_a_workload_not_created_yet_is_ordered_like_any_other() -> None:
    answer = plan(world(party("writer", None, writes("1")), party("reader", None, reads("1", required=True))))
    assert steps(answer) == ["writer", "reader"]


def test_a_deleted_workload_does_not_hold_the_others() -> None:
    answer = plan(world(Party("gone", ()), party("writer", writes("1"), writes("2"))))
    assert steps(answer) == ["writer"]


def test_of_an_interrupted_roll_every_alive_revision_counts_as_old() -> None:
    half = Party(
        "reader", (Revision("a", {"events": reads("12")}), Revision("b", {"events": reads("1")})), Revision("c", {"events": reads("12")})
    )
    answer = plan(world(half, party("writer", writes("1"), writes("2"))))
    assert steps(answer) == ["reader", "writer"]


def test_a_roll_under_way_goes_on() -> None:
    new = Revision("new", {"events": reads("12")})
    half = Party("reader", (Revision("old", {"events": reads("1")}), new), new)
    assert steps(plan(world(half, party("writer", writes("1"), writes("2"))))) == ["reader", "writer"]


def test_an_unsafe_running_state_is_reported_and_refuses_nothing() -> None:
    answer = plan(world(party("reader", reads("1"), reads("1")), party("writer", writes("2"), writes("2"))))
    assert steps(answer) == ["reader", "writer"]
    (conflict,) = answer.unsafe_now
    assert conflict.writer is not None
    assert (conflict.version, conflict.writer.workload, conflict.reader.workload) == ("2", "writer", "reader")


def test_an_unsafe_running_state_does_not_excuse_a_new_violating_pair() -> None:
    answer = plan(world(party("reader", reads("1")), party("bypassed", writes("2")), party("writer", writes("1"), writes("2"))))
    assert answer.reason is Refusal.UNSAFE_GOAL
    assert [conflict.writer and conflict.writer.workload for conflict in answer.conflicts] == ["writer"]
    assert len(answer.unsafe_now) == 1


def test_a_stored_version_without_a_writer_is_reported_without_a_writer() -> None:
    answer = plan(world(party("reader", reads("1")), stored={"events": "2"}))
    (conflict,) = answer.unsafe_now
    assert conflict.writer is None
    assert answer.accepted


def test_versioned_cache_keys_never_meet() -> None:
    keyed = replace(CACHE, versioned_keys=True)
    answer = plan(
        world(party("worker", reads("1", writes="1"), reads("2", writes="2"), on=keyed), channels=(keyed,), stored={"cache": "1"})
    )
    assert steps(answer) == ["worker"]


def test_a_preference_orders_and_is_dropped_where_it_would_close_a_cycle() -> None:
    base = world(party("writer", writes("1"), writes("2")), party("reader", reads("1"), reads("12")), party("free", None, Use()))
    wanted = (Preference("writer", "reader", "roles"), Preference("writer", "free", "roles"), Preference("free", "reader", "roles"))
    assert steps(plan(replace(base, preferences=wanted))) == ["reader", "writer", "free"]


def test_of_two_preferences_against_each_other_the_first_wins() -> None:
    base = world(party("a", Use(), Use()), party("b", Use(), Use()))
    wanted = (Preference("b", "a", "rows"), Preference("a", "b", "rows"))
    answer = plan(replace(base, preferences=wanted))
    assert steps(answer) == ["b", "a"]
    assert "not proved" in answer.steps[1].because[-1]


def test_a_persons_word_is_asked_for_before_the_roll_it_is_about() -> None:
    base = world(party("reader", reads("1"), reads("1")))
    answer = plan(replace(base, sanctions=(Sanction("reader", "events", "1", "It may not read what was written since."),)))
    assert steps(answer) == ["Approve/events/1", "reader"]
    assert answer.steps[0].because == ("It may not read what was written since.",)


def test_a_persons_word_and_an_unprovable_drain_are_one_question() -> None:
    endless = replace(TOPIC, retention_seconds=None)
    base = world(party("a", reads("12"), reads("2")), party("b", reads("12"), reads("12")), channels=(endless,), stored={"events": "1"})
    answer = plan(replace(base, sanctions=(Sanction("b", "events", "1", "Earlier template."),)))
    assert sorted(steps(answer)) == ["Approve/events/1", "a", "b"]


def test_what_a_roll_will_write_counts_as_stored_before_it_starts() -> None:
    before = world(party("writer", writes("1"), writes("2")), stored={"events": "0"})
    assert stored_after_roll(before, "writer")["events"] == {"0", "1", "2"}
    assert stored_after_roll(before, "nobody")["events"] == {"0", "1"}


def test_a_version_is_still_written_while_any_alive_revision_writes_it() -> None:
    before = world(party("writer", writes("1"), writes("2")))
    assert still_written(before, "events", "1")
    assert not still_written(before, "events", "2")
