"""The rows of the planner's table, each by name."""

from dataclasses import replace

import pytest

from saferollout.core.contracts import Channel, ContractKind, Party, Preference, Revision, Sanction, Use, stored_after_roll, still_written
from saferollout.core.planner import plan
from saferollout.core.plans import Approve, Method, Prove, Refusal, RevisionRole, Stage, ready_steps
from saferollout.core.stages import stage_of
from tests.unit.core.kernel import CACHE, REQUEST, RESPONSE, TABLE, TOPIC, external, party, reads, steps, world, writes


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


def test_goals_that_can_not_live_together_are_refused_even_where_both_are_new() -> None:
    answer = plan(world(party("reader", reads("1"), reads("1")), party("writer", writes("1"), writes("2"))))
    assert answer.reason is Refusal.UNSAFE_GOAL
    assert answer.conflicts[0].failure_mode == 1
    assert answer.repairs[0].reads == ("1", "2")


def test_a_reader_that_gives_up_what_a_new_writer_still_writes_is_ahead_of_it() -> None:
    answer = plan(world(party("reader", reads("12"), reads("2")), party("writer", writes("1"), writes("1"))))
    assert answer.conflicts[0].failure_mode == 3
    assert answer.repairs[0].sentence.startswith("Let the new revision of reader still read events 1")


def test_an_external_writer_refuses_a_reader_that_gives_its_version_up() -> None:
    answer = plan(world(party("reader", reads("12"), reads("2")), external("partner", writes("1"))))
    assert answer.reason is Refusal.UNSAFE_GOAL
    assert answer.conflicts[0].writer is not None
    assert answer.conflicts[0].writer.revision is RevisionRole.EXTERNAL
    assert (answer.repairs[0].workload, answer.repairs[0].reads) == ("reader", ("1", "2"))


def test_an_external_reader_asks_the_writer_to_go_on_writing_what_it_reads() -> None:
    answer = plan(world(party("writer", writes("1"), writes("2")), external("partner", reads("1"))))
    assert (answer.repairs[0].workload, answer.repairs[0].writes) == ("writer", ("1",))


def test_a_workload_that_conflicts_with_itself_is_told_both_steps_between() -> None:
    answer = plan(world(party("cache-user", reads("1", writes="1"), reads("2", writes="2"), on=CACHE)))
    assert answer.reason is Refusal.SELF_CONFLICT
    assert [(repair.reads, repair.writes) for repair in answer.repairs] == [(("1", "2"), ("1",)), (("1", "2"), ("2",))]
    first, second = answer.repairs
    in_between = reads("".join(first.reads), writes="".join(first.writes)), reads("".join(second.reads), writes="".join(second.writes))
    uses = [reads("1", writes="1"), *in_between, reads("2", writes="2")]
    for old, new in zip(uses, uses[1:], strict=False):
        assert plan(world(party("cache-user", old, new, on=CACHE))).accepted


def test_a_repair_on_a_cycle_released_first_makes_the_goal_possible() -> None:
    server, client = (reads("1"), reads("2")), (writes("1"), writes("2"))
    answer = plan(world(party("server", *server, on=REQUEST), party("client", *client, on=REQUEST)))
    assert answer.reason is Refusal.NO_SAFE_ORDER
    (repair,) = answer.repairs
    assert (repair.workload, repair.reads, repair.writes) == ("server", ("1", "2"), ())
    between = reads("".join(repair.reads))
    assert plan(world(party("server", server[0], between, on=REQUEST), party("client", client[0], on=REQUEST))).accepted
    assert steps(plan(world(party("server", between, server[1], on=REQUEST), party("client", *client, on=REQUEST)))) == ["client", "server"]


def test_a_cycle_names_only_its_own_pairs() -> None:
    answer = plan(
        world(
            party("server", reads("1"), reads("2"), on=REQUEST),
            party("client", writes("1"), writes("2"), on=REQUEST),
            party("reader", reads("1"), reads("12")),
            party("writer", writes("1"), writes("2")),
        )
    )
    assert {conflict.contract for conflict in answer.conflicts} == {"api/request"}
    assert "server" in answer.message
    assert "client" in answer.message


def test_two_cycles_are_both_named_with_a_repair_each() -> None:
    other = Channel("other/request", ContractKind.REQUEST)
    answer = plan(
        world(
            party("s1", reads("1"), reads("2"), on=REQUEST),
            party("c1", writes("1"), writes("2"), on=REQUEST),
            party("s2", reads("1"), reads("2"), on=other),
            party("c2", writes("1"), writes("2"), on=other),
            channels=(REQUEST, other),
        )
    )
    assert {repair.workload for repair in answer.repairs} == {"s1", "s2"}


def test_the_smallest_repair_of_a_cycle_changes_one_workload() -> None:
    """One edge needs two workloads changed, the other only one."""
    more = Channel("more", ContractKind.TOPIC)
    answer = plan(
        world(
            party("a", {"events": writes("1"), "more": reads("1"), "rows": reads("1")}, {"events": writes("2"), "more": reads("12"), "rows": reads("2")}),
            party("b", {"events": reads("1"), "more": writes("1"), "rows": writes("1")}, {"events": reads("12"), "more": writes("2"), "rows": writes("2")}),
            channels=(TOPIC, TABLE, more),
        )
    )  # fmt: skip
    assert answer.reason is Refusal.NO_SAFE_ORDER
    assert len({repair.workload for repair in answer.repairs}) == 1


def test_a_workload_that_is_replaced_as_a_whole_does_not_meet_itself() -> None:
    uses = reads("1", writes="1"), reads("2", writes="2")
    assert plan(world(party("worker", *uses, on=REQUEST, recreate=True))).accepted
    assert plan(world(party("worker", *uses, on=REQUEST))).reason is Refusal.SELF_CONFLICT


def test_a_replaced_workload_still_meets_what_it_left_in_the_table() -> None:
    answer = plan(world(party("worker", reads("1", writes="1"), reads("2", writes="2"), on=TABLE, recreate=True)))
    assert answer.reason is Refusal.NO_SAFE_ORDER
    assert answer.conflicts[0].writer is not None
    assert answer.repairs[0].reads == ("1", "2")


def test_a_workload_not_created_yet_is_ordered_like_any_other() -> None:
    answer = plan(world(party("writer", None, writes("1")), party("reader", None, reads("1", required=True))))
    assert steps(answer) == ["writer", "reader"]


def test_a_deleted_workload_does_not_hold_the_others() -> None:
    answer = plan(world(Party("gone", ()), party("writer", writes("1"), writes("2"))))
    assert steps(answer) == ["writer"]


def test_of_an_interrupted_roll_every_alive_revision_counts_as_old() -> None:
    half = Party("reader", (Revision("a", {"events": reads("12")}), Revision("b", {"events": reads("1")})), Revision("c", {"events": reads("12")}))
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
    answer = plan(world(party("worker", reads("1", writes="1"), reads("2", writes="2"), on=keyed), channels=(keyed,), stored={"cache": "1"}))
    assert steps(answer) == ["worker"]


@pytest.mark.parametrize(
    ("old", "new", "stage"),
    [
        (reads("1"), reads("12"), Stage.EXPAND),
        (reads("1"), reads("1"), Stage.EXPAND),
        (reads("12"), reads("2"), Stage.CONTRACT),
        (reads("12"), reads("23"), Stage.CONTRACT),
        (reads("1"), Use(), Stage.CONTRACT),
        (writes("1"), writes("2"), Stage.MIGRATE),
        (writes("1"), Use(), Stage.MIGRATE),
        (reads("12", writes="1"), reads("2", writes="2"), Stage.CONTRACT),
        (None, writes("1"), Stage.MIGRATE),
        (None, reads("1"), Stage.EXPAND),
    ],
)
def test_the_stage_tells_what_the_roll_does_to_its_contracts(old: Use | None, new: Use, stage: Stage) -> None:
    assert stage_of(party("it", old, new)) is stage


def test_ties_are_expand_then_migrate_then_contract_then_readers_then_the_spec() -> None:
    answer = plan(
        world(
            party("contract", reads("12"), reads("2"), on=RESPONSE),
            party("migrate", writes("1"), writes("2"), on=TABLE),
            party("writer", writes("1"), writes("1")),
            party("both", reads("1", writes="1"), reads("1", writes="1"), on=CACHE),
            party("second", reads("1"), reads("1")),
            party("first", reads("1"), reads("1")),
        )
    )
    assert steps(answer) == ["second", "first", "both", "writer", "migrate", "contract"]


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


def test_a_first_event_is_written_before_it_is_required() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", Use(), writes("1"))))
    assert steps(answer) == ["orders", "saga"]


def test_a_goal_in_which_a_reader_stalls_for_ever_is_refused() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", writes("1"), Use())))
    assert answer.reason is Refusal.UNSAFE_GOAL
    (conflict,) = answer.conflicts
    assert (conflict.version, conflict.writer, conflict.failure_mode) == (None, None, 3)
    assert answer.repairs


def test_a_writer_takes_over_before_the_other_one_stops() -> None:
    answer = plan(world(party("saga", reads("1", required=True)), party("old", writes("1"), Use()), party("new", Use(), writes("1"))))
    assert steps(answer) == ["new", "old"]


def test_a_reader_stops_requiring_before_the_writer_stops_writing() -> None:
    answer = plan(world(party("orders", writes("1"), Use()), party("saga", reads("1", required=True), reads("1"))))
    assert steps(answer) == ["saga", "orders"]


def test_a_lasting_writer_makes_requirements_free() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", Use(), writes("1")), external("partner", writes("1"))))
    assert steps(answer) == ["saga", "orders"]


def test_a_requirement_that_closes_a_cycle_is_refused_with_an_extra_revision() -> None:
    stuck = plan(
        world(
            party("saga", {"api/request": writes("1")}, {"events": reads("1", required=True), "api/request": writes("2")}),
            party("orders", {"api/request": reads("12")}, {"events": writes("1"), "api/request": reads("2")}),
        )
    )
    assert stuck.reason is Refusal.NO_SAFE_ORDER
    assert stuck.repairs


def test_what_a_roll_will_write_counts_as_stored_before_it_starts() -> None:
    before = world(party("writer", writes("1"), writes("2")), stored={"events": "0"})
    assert stored_after_roll(before, "writer")["events"] == {"0", "1", "2"}
    assert stored_after_roll(before, "nobody")["events"] == {"0", "1"}


def test_a_version_is_still_written_while_any_alive_revision_writes_it() -> None:
    before = world(party("writer", writes("1"), writes("2")))
    assert still_written(before, "events", "1")
    assert not still_written(before, "events", "2")
