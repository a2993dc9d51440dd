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
    assert answer.repairs


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
    assert stuck.repairs
