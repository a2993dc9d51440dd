"""What goes back, in which order, and what has to stay."""

from dataclasses import replace

from saferollout.api.spec import RollbackScope
from saferollout.core.contracts import Channel, Party, Preference, Use, World
from saferollout.core.foresight import if_failed
from saferollout.core.planner import plan
from saferollout.core.plans import RollbackPlan
from saferollout.core.rollback import rollback
from saferollout.core.superseding import plan_superseding
from tests.unit.core.kernel import CACHE, REQUEST, TABLE, TOPIC, external, party, reads, revision, steps, world, writes


def done(*parties: Party, rolling: tuple[str, ...] = (), stored: dict[str, str] | None = None, unchanged: tuple[Party, ...] = ()) -> World:
    """Return the world after the goals of `parties` have rolled; those in `rolling` have both revisions alive."""

    def after(one: Party) -> Party:
        assert one.goal is not None
        alive = (*one.alive, one.goal) if one.name in rolling else (one.goal,)
        return replace(one, alive=alive, goal=None, stable=one.alive[0] if one.alive else None)

    return world(*map(after, parties), *unchanged, stored=stored)


def went(answer: RollbackPlan) -> tuple[list[str], dict[str, tuple[str | None, str | None]]]:
    return list(answer.back), {stay.workload: (stay.contract, stay.version) for stay in answer.stay}


def test_a_failed_writer_goes_back_alone_and_its_widened_reader_stays_at_its_floor() -> None:
    now = done(party("reader", reads("1"), reads("12")), party("writer", writes("1"), writes("2")), rolling=("writer",))
    for scope in RollbackScope:
        answer = rollback(now, failed="writer", rolled=("reader", "writer"), scope=scope)
        assert went(answer) == (["writer"], {"reader": ("events", "2")})


def test_a_reader_whose_old_revision_reads_everything_goes_back_with_the_release() -> None:
    parties = party("reader", reads("12"), reads("123")), party("writer", writes("1"), writes("2"))
    now = done(*parties, rolling=("writer",))
    answer = rollback(now, failed="writer", rolled=("reader", "writer"), scope=RollbackScope.RELEASE)
    assert went(answer) == (["writer", "reader"], {})
    alone = rollback(now, failed="writer", rolled=("reader", "writer"), scope=RollbackScope.WORKLOAD)
    assert went(alone) == (["writer"], {"reader": (None, None)})


def test_whoever_can_not_live_with_the_old_revision_goes_back_too() -> None:
    """The server has narrowed after its client; when the client must return, the server has to accept 1 again first."""
    now = done(party("server", reads("12"), reads("2"), on=REQUEST), party("client", writes("1"), writes("2"), on=REQUEST))
    answer = rollback(now, failed="client", rolled=("client", "server"), scope=RollbackScope.WORKLOAD)
    assert went(answer) == (["server", "client"], {})


def test_a_narrowed_reader_can_return_although_its_writer_has_to_stay() -> None:
    now = done(
        party("reader", reads("12"), reads("2")), party("writer", writes("1"), writes("2")), rolling=("reader",), stored={"events": "2"}
    )
    answer = rollback(now, failed="reader", rolled=("writer", "reader"), scope=RollbackScope.WORKLOAD)
    assert went(answer) == (["reader"], {"writer": (None, None)})


def test_what_conflicts_with_something_that_stays_stays_too_and_names_it() -> None:
    """`a` can't return below the stored 2; the client can't return because `a` no longer accepts what it would send."""
    both = {"events": reads("1"), "api/request": reads("12")}, {"events": reads("12"), "api/request": reads("2")}
    now = done(
        party("a", *both),
        party("client", writes("1"), writes("2"), on=REQUEST),
        party("writer", writes("1"), writes("2")),
        rolling=("writer",),
    )
    answer = rollback(now, failed="writer", rolled=("client", "a", "writer"), scope=RollbackScope.RELEASE)
    assert went(answer) == (["writer"], {"a": ("events", "2"), "client": ("api/request", "1")})
    assert "a, which stays, can't read the api/request 1" in next(stay.sentence for stay in answer.stay if stay.workload == "client")


def test_an_external_writer_is_a_floor() -> None:
    now = done(party("reader", reads("1"), reads("12")), unchanged=(external("partner", writes("2"), on=REQUEST),))
    assert rollback(now, failed="reader", rolled=("reader",), scope=RollbackScope.WORKLOAD).back == ("reader",)
    now = done(party("reader", reads("1"), reads("12"), on=REQUEST), rolling=(), unchanged=(external("partner", writes("2"), on=REQUEST),))
    # The pair was violated before the release, so returning to it is nothing new.
    assert rollback(now, failed="reader", rolled=("reader",), scope=RollbackScope.WORKLOAD).back == ("reader",)


def test_a_workload_at_its_own_floor_stays_and_draws_nobody_back() -> None:
    table = party("worker", reads("1", writes="1"), reads("12", writes="2"), on=TABLE, recreate=True)
    now = done(table, party("other", reads("12"), reads("123"), on=TABLE), stored={"rows": "12"})
    answer = rollback(now, failed="worker", rolled=("other", "worker"), scope=RollbackScope.WORKLOAD)
    assert answer.back == ()
    assert went(answer)[1]["worker"] == ("rows", "2")


def test_a_workload_that_could_not_meet_its_old_revision_stays() -> None:
    """Somebody forced a roll through; the way back would let old and new pods meet over the API."""
    forced = party("worker", reads("1", writes="1"), reads("2", writes="2"), on=REQUEST)
    answer = rollback(done(forced), failed="worker", rolled=("worker",), scope=RollbackScope.RELEASE)
    assert went(answer) == ([], {"worker": ("api/request", "1")})
    replaced = replace(forced, recreate=True)
    assert rollback(done(replaced), failed="worker", rolled=("worker",), scope=RollbackScope.RELEASE).back == ("worker",)


def test_a_created_workload_goes_back_to_no_pods() -> None:
    first = Party("first", (revision("first-new", writes("1"), on=TOPIC),))
    answer = rollback(world(first), failed="first", rolled=("first",), scope=RollbackScope.WORKLOAD)
    assert answer.back == ("first",)


def test_a_created_writer_stays_while_a_reader_that_requires_it_can_not_go() -> None:
    """The reader is held at its floor by another contract and stalls without a writer."""
    reader = party("reader", {"rows": reads("1")}, {"rows": reads("12"), "events": reads("1", required=True)})
    now = done(reader, party("writer", None, writes("1")), stored={"rows": "12"})
    answer = rollback(now, failed="writer", rolled=("writer", "reader"), scope=RollbackScope.WORKLOAD)
    assert answer.back == ()
    stay = next(stay for stay in answer.stay if stay.workload == "writer")
    assert (stay.contract, stay.version) == ("events", None)
    assert "reader requires that somebody writes events" in stay.sentence


def stopped_at_its_floor(*, rolling: tuple[str, ...]) -> World:
    """Return a world in which a writer writes events no more and can't return, because it then read what z has written to rows."""
    return done(
        party("reader", reads("1", required=True), reads("1")),
        party("writer", {"events": writes("1"), "rows": reads("1")}, {"rows": reads("12")}),
        party("z", writes("1"), writes("2"), on=TABLE),
        rolling=rolling,
        stored={"rows": "12"},
    )


def test_a_reader_does_not_come_to_require_again_what_its_writer_at_its_floor_writes_no_more() -> None:
    answer = rollback(stopped_at_its_floor(rolling=("z",)), failed="z", rolled=("reader", "writer", "z"), scope=RollbackScope.RELEASE)
    assert went(answer) == (["z"], {"reader": ("events", None), "writer": ("rows", "2")})
    sentence = next(stay.sentence for stay in answer.stay if stay.workload == "reader")
    assert sentence == "reader stays: its old revision requires that somebody writes events, and nobody does any more."


def test_a_failed_reader_that_would_stall_stays_and_draws_nobody_back() -> None:
    answer = rollback(stopped_at_its_floor(rolling=()), failed="reader", rolled=("reader", "writer", "z"), scope=RollbackScope.WORKLOAD)
    assert answer.back == ()
    assert went(answer)[1]["reader"] == ("events", None)


def test_a_reader_that_required_goes_back_with_a_writer_that_can() -> None:
    now = done(party("reader", reads("1", required=True), reads("1")), party("writer", writes("1"), Use()), stored={"events": "1"})
    answer = rollback(now, failed="writer", rolled=("reader", "writer"), scope=RollbackScope.RELEASE)
    assert went(answer) == (["writer", "reader"], {})


def test_a_reader_held_for_want_of_a_writer_does_not_hide_that_no_order_is_safe() -> None:
    """Each of the other two would have to come back before the other."""
    first, second = {"api/request": writes("1"), "cache": reads("1")}, {"api/request": writes("2"), "cache": reads("2")}
    third, fourth = {"api/request": reads("1"), "cache": writes("1")}, {"api/request": reads("2"), "cache": writes("2")}
    world_now = stopped_at_its_floor(rolling=("z",))
    tangle = done(party("a", first, second), party("b", third, fourth), stored={})
    both = world(*world_now.parties, *tangle.parties, stored={"rows": "12"})
    answer = rollback(both, failed="z", rolled=("reader", "writer", "z", "a", "b"), scope=RollbackScope.RELEASE)
    assert (list(answer.back), {stay.workload for stay in answer.stay}) == (["z"], {"reader", "writer", "a", "b"})


def test_a_first_writer_that_fails_goes_back_although_its_reader_stalls_again_as_it_did_before() -> None:
    now = done(party("writer", Use(), writes("1")), rolling=("writer",), unchanged=(party("reader", reads("1", required=True)),))
    for scope in RollbackScope:
        assert went(rollback(now, failed="writer", rolled=("writer",), scope=scope)) == (["writer"], {})


def test_a_reader_that_requires_a_failed_writer_goes_back_before_it() -> None:
    now = done(party("reader", Use(), reads("1", required=True)), party("writer", Use(), writes("1")))
    answer = rollback(now, failed="writer", rolled=("writer", "reader"), scope=RollbackScope.WORKLOAD)
    assert answer.back == ("reader", "writer")


def test_under_roles_alone_the_way_back_is_writers_first() -> None:
    now = done(party("reader", Use(), Use()), party("writer", Use(), Use()))
    now = replace(now, preferences=(Preference("reader", "writer", "events"),))
    answer = rollback(now, failed="reader", rolled=("reader", "writer"), scope=RollbackScope.RELEASE)
    assert answer.back == ("writer", "reader")


def test_nothing_rolled_goes_nowhere() -> None:
    now = world(party("reader", reads("1")))
    assert rollback(now, failed="reader", rolled=(), scope=RollbackScope.WORKLOAD) == RollbackPlan((), ())


def test_the_cache_is_rolled_back_to_its_floor() -> None:
    now = done(
        party("reporting", reads("1"), reads("12"), on=CACHE),
        party("sessions", reads("12", writes="1"), reads("12", writes="2"), on=CACHE),
        rolling=("sessions",),
    )
    answer = rollback(now, failed="sessions", rolled=("reporting", "sessions"), scope=RollbackScope.RELEASE)
    assert went(answer) == (["sessions"], {"reporting": ("cache", "2")})


def test_foresight_takes_every_step_before_the_failing_one_as_done() -> None:
    """The proof has removed 1, so the first reader is free to stay narrow; the second fails while it narrows."""
    before = world(party("writer", writes("1"), writes("2")), party("a", reads("12"), reads("2")), party("b", reads("12"), reads("2")))
    answer = plan(before)
    assert steps(answer) == ["writer", "Prove/events/1", "a", "b"]
    assert if_failed(before, answer, workload="b", scope=RollbackScope.RELEASE).back == ("b", "a", "writer")
    assert if_failed(before, answer, workload="b", scope=RollbackScope.WORKLOAD).back == ("b",)
    assert if_failed(before, answer, workload="writer", scope=RollbackScope.RELEASE).back == ("writer",)


def test_foresight_says_nothing_about_a_workload_that_does_not_roll() -> None:
    before = world(party("writer", writes("1"), writes("2")), party("reader", reads("12")))
    assert if_failed(before, plan(before), workload="reader", scope=RollbackScope.RELEASE) == RollbackPlan((), ())


def half_rolled(third: Use, *, second: Use, on: Channel) -> World:
    stable = revision("first", Use(), on=on)
    return world(Party("worker", (stable, revision("second", second, on=on)), revision("third", third, on=on), stable=stable))


def test_a_newer_template_goes_out_directly_where_it_is_safe_beside_every_alive_one() -> None:
    answer = plan_superseding(half_rolled(reads("9"), second=writes("9"), on=REQUEST))
    assert (steps(answer), answer.back_first) == (["worker"], ())


def test_a_newer_template_goes_by_way_of_the_stable_one_where_only_that_is_safe() -> None:
    answer = plan_superseding(half_rolled(reads("1"), second=writes("9"), on=REQUEST))
    assert (steps(answer), answer.back_first) == (["worker"], ("worker",))


def test_what_the_half_rolled_one_wrote_is_drained_on_that_way() -> None:
    answer = plan_superseding(half_rolled(reads("1"), second=writes("9"), on=CACHE))
    assert (steps(answer), answer.back_first) == (["Prove/cache/9", "worker"], ("worker",))


def test_where_the_way_back_is_closed_too_the_direct_plan_is_refused() -> None:
    stable = revision("first", reads("1"), on=REQUEST)
    stuck = Party("worker", (stable, revision("second", reads("12"), on=REQUEST)), revision("third", reads("3"), on=REQUEST), stable=stable)
    answer = plan_superseding(world(stuck, party("client", writes("1"), on=REQUEST)))
    assert (answer.accepted, answer.back_first) == (False, ())
