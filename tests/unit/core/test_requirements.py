"""`required: true`: a consumer that stalls while nobody writes is never left alone."""

from saferollout.core.contracts import Use
from saferollout.core.planner import plan
from saferollout.core.plans import Refusal
from tests.unit.core.kernel import external, party, reads, steps, world, writes


def test_a_first_event_is_written_before_it_is_required() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", Use(), writes("1"))))
    assert steps(answer) == ["orders", "saga"]


def test_a_goal_in_which_a_reader_stalls_for_ever_is_refused() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", writes("1"), Use())))
    assert answer.reason is Refusal.UNSAFE_GOAL
    (conflict,) = answer.conflicts
    assert (conflict.version, conflict.writer, conflict.failure_mode) == (None, None, 3)
    (repair,) = answer.repairs
    assert (repair.workload, repair.writes) == ("orders", ("1",))
    assert repair.sentence.startswith("Let the new revision of orders still write events 1")
    kept = party("orders", writes("1"), writes("".join(repair.writes)))
    assert plan(world(party("saga", Use(), reads("1", required=True)), kept)).accepted


def test_where_nobody_ever_wrote_the_reader_comes_without_requiring_it_first() -> None:
    answer = plan(world(party("saga", Use(), reads("1", required=True)), party("orders", Use(), Use())))
    (repair,) = answer.repairs
    assert (repair.workload, repair.reads) == ("saga", ("1",))
    assert repair.sentence.startswith("Let the new revision of saga read events without requiring")
    assert plan(world(party("saga", Use(), reads("1")), party("orders", Use(), Use()))).accepted


def test_one_writer_is_asked_to_go_on_and_only_with_what_the_readers_of_the_goal_can_read() -> None:
    saga = party("saga", reads("12"), reads("2", required=True))
    both = plan(world(saga, party("orders", writes("1"), Use()), party("shop", writes("12"), Use()), party("till", writes("2"), Use())))
    assert [(repair.workload, repair.writes) for repair in both.repairs] == [("shop", ("2",))]


def test_where_what_was_written_can_not_be_read_any_more_the_reader_must_not_require_it() -> None:
    answer = plan(world(party("saga", reads("12"), reads("2", required=True)), party("orders", writes("1"), Use())))
    assert [repair.workload for repair in answer.repairs] == ["saga"]


def test_a_reader_that_does_not_change_is_released_first_without_requiring() -> None:
    other = party("other", reads("12"), reads("2"))
    answer = plan(world(party("saga", reads("12", required=True)), other, party("orders", writes("1"), Use())))
    (repair,) = answer.repairs
    assert repair.sentence == "Release first a revision of saga that reads events without requiring that anybody writes it."


def test_a_writer_takes_over_before_the_other_one_stops() -> None:
    answer = plan(world(party("saga", reads("1", required=True)), party("old", writes("1"), Use()), party("new", Use(), writes("1"))))
    assert steps(answer) == ["new", "old"]


def test_a_reader_stops_requiring_before_the_writer_stops_writing() -> None:
    answer = plan(world(party("orders", writes("1"), Use()), party("saga", reads("1", required=True), reads("1"))))
    assert steps(answer) == ["saga", "orders"]


def test_a_lasting_writer_makes_requirements_free() -> None:
    answer = plan(
        world(party("saga", Use(), reads("1", required=True)), party("orders", Use(), writes("1")), external("partner", writes("1")))
    )
    assert steps(answer) == ["saga", "orders"]


def test_a_requirement_that_closes_a_cycle_is_refused_with_an_extra_revision() -> None:
    stuck = plan(
        world(
            party("saga", {"api/request": writes("1")}, {"events": reads("1", required=True), "api/request": writes("2")}),
            party("orders", {"api/request": reads("12")}, {"events": writes("1"), "api/request": reads("2")}),
        )
    )
    assert stuck.reason is Refusal.NO_SAFE_ORDER
    (repair,) = stuck.repairs
    assert repair.sentence.startswith("Let the new revision of saga read events without requiring") or repair.workload == "orders"
