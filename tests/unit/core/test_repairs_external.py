"""Goals that external readers could not live with, and what makes them possible; each repair is tried."""

from saferollout.core.planner import plan
from saferollout.core.plans import Refusal
from tests.unit.core.kernel import external, party, reads, world, writes


def test_a_writer_keeps_to_what_all_external_readers_read() -> None:
    partners = external("e1", reads("12")), external("e2", reads("23"))
    answer = plan(world(party("writer", None, writes("4")), *partners))
    (repair,) = answer.repairs
    assert (repair.workload, repair.writes) == ("writer", ("2",))
    assert repair.sentence == "Keep writer writing events 2 until e1 also reads 4 and e2 also reads 4."
    assert plan(world(party("writer", None, writes("2")), *partners)).accepted


def test_also_a_reader_that_is_content_with_the_goal_limits_what_a_writer_may_keep_to() -> None:
    answer = plan(world(party("writer", None, writes("3")), external("e1", reads("12")), external("e2", reads("23"))))
    assert [(repair.workload, repair.writes) for repair in answer.repairs] == [("writer", ("2",))]


def test_what_is_written_today_comes_first() -> None:
    partners = external("e1", reads("12")), external("e2", reads("13"))
    (repair,) = plan(world(party("writer", writes("1"), writes("23")), *partners)).repairs
    assert repair.writes == ("1",)
    assert repair.sentence == "Keep writer writing events 1 until e1 also reads 3 and e2 also reads 2."


def test_where_external_readers_have_no_version_in_common_they_have_to_read_more_and_the_repair_says_so() -> None:
    answer = plan(world(party("writer", None, writes("4")), external("e1", reads("1")), external("e2", reads("2"))))
    assert [(repair.workload, repair.reads) for repair in answer.repairs] == [("e1", ("1", "4")), ("e2", ("2", "4"))]
    assert "no version is read by all of e1, e2" in answer.repairs[0].sentence
    assert plan(world(party("writer", None, writes("4")), external("e1", reads("14")), external("e2", reads("24")))).accepted


def test_our_own_reader_that_gives_up_what_its_writer_must_keep_reads_on() -> None:
    answer = plan(world(party("reader", reads("12"), reads("2")), party("writer", writes("1"), writes("2")), external("e", reads("1"))))
    assert answer.reason is Refusal.UNSAFE_GOAL
    assert [(repair.workload, repair.reads, repair.writes) for repair in answer.repairs] == [("reader", ("1", "2"), ()), ("writer", (), ("1",))]
    assert plan(world(party("reader", reads("12"), reads("12")), party("writer", writes("1"), writes("1")), external("e", reads("1")))).accepted


def test_our_own_reader_need_not_learn_what_its_writer_will_not_write() -> None:
    answer = plan(world(party("reader", reads("1"), reads("1")), party("writer", writes("1"), writes("2")), external("e", reads("1"))))
    assert [repair.workload for repair in answer.repairs] == ["writer"]


def test_a_writer_that_keeps_to_a_version_reads_it_too() -> None:
    old, new = reads("12", writes="1"), reads("2", writes="2")
    (repair,) = plan(world(party("worker", old, new), external("e", reads("1")))).repairs
    assert (repair.reads, repair.writes) == (("1", "2"), ("1",))
    assert repair.sentence == "Keep worker writing events 1 until e also reads 2. Let its new revision read 1 too."
    assert plan(world(party("worker", old, reads("12", writes="1")), external("e", reads("1")))).accepted
