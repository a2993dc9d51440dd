"""Refusals and their smallest repairs, each tried."""

from itertools import pairwise

from saferollout.core.contracts import Channel, ContractKind
from saferollout.core.planner import plan
from saferollout.core.plans import Refusal, RevisionRole
from tests.unit.core.kernel import CACHE, REQUEST, TABLE, TOPIC, external, party, reads, steps, world, writes


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
    for old, new in pairwise(uses):
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
            party(
                "a",
                {"events": writes("1"), "more": reads("1"), "rows": reads("1")},
                {"events": writes("2"), "more": reads("12"), "rows": reads("2")},
            ),
            party(
                "b",
                {"events": reads("1"), "more": writes("1"), "rows": writes("1")},
                {"events": reads("12"), "more": writes("2"), "rows": writes("2")},
            ),
            channels=(TOPIC, TABLE, more),
        )
    )
    assert answer.reason is Refusal.NO_SAFE_ORDER
    assert len({repair.workload for repair in answer.repairs}) == 1


def test_a_replaced_workload_still_meets_what_it_left_in_the_table() -> None:
    answer = plan(world(party("worker", reads("1", writes="1"), reads("2", writes="2"), on=TABLE, recreate=True)))
    assert answer.reason is Refusal.NO_SAFE_ORDER
    assert answer.conflicts[0].writer is not None
    assert answer.repairs[0].reads == ("1", "2")
