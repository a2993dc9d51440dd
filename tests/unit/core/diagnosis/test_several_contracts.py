"""Workloads with parts in two contracts of one kind: the contract is named only by evidence of its own, and nobody innocent goes back."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import (
    Against,
    Arm,
    Dependency,
    Evidence,
    Life,
    Liveness,
    Member,
    Part,
    Reading,
    Role,
    Share,
    Shared,
    Standing,
)
from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.diagnosis import shop

EARLIER, LATER = shop.ONSET - timedelta(minutes=2), shop.ONSET - timedelta(seconds=20)
BOTH = "which of a, b is not known"
_NEW, _OLD = (Arm.NEW, Against.OTHER_ARM), (Arm.OLD, Against.OTHER_ARM)


def topic(name: str, part: Part, **more: bool) -> Role:
    return Role(name, Shared.TOPIC, frozenset({part}), **more)


def cache(name: str) -> Role:
    return Role(name, Shared.CACHE, frozenset({Part.READS, Part.WRITES}))


def table(name: str, *parts: Part) -> Role:
    return Role(name, Shared.TABLE, frozenset(parts or {Part.READS, Part.WRITES}))


def api(name: str, part: Part) -> Role:
    return Role(name, Shared.API, frozenset({part}))


def member(name: str, *roles: Role, moved: datetime | None = None) -> Member:
    shares = (Share(at=moved, share=0.2),) if moved is not None else ()
    return Member(name, roles=roles, new_ready=moved, shares=shares)


def bad(symptom: Symptom, workload: str = "", arm: Arm = Arm.NEIGHBOUR, against: Against = Against.BASELINE, *, contract: str = "") -> Reading:
    return Reading(symptom, workload, arm, against, Standing.WORSE, contract, count=300, total=2000, value=0.15, reference=0.001, onset=shop.ONSET)


def fine(symptom: Symptom, workload: str = "", arm: Arm = Arm.NEIGHBOUR, against: Against = Against.BASELINE, *, contract: str = "") -> Reading:
    return replace(bad(symptom, workload, arm, against, contract=contract), standing=Standing.CLEAR, onset=None)


def found(members: Iterable[Member], *readings: Reading) -> Finding:
    living = tuple(Liveness(one, Life.ALIVE) for one in Dependency)
    at = shop.ONSET + timedelta(minutes=5)
    return diagnose(Evidence(release="opencore", namespace="opencore", at=at, readings=readings, liveness=living, members=tuple(members)))


def two_writers(*others: Member, reads: tuple[Role, ...] = ()) -> tuple[Member, ...]:
    """Return a reader of two topics and a writer of each; the writer of a moved last."""
    reader = member("reader", topic("a", Part.READS), topic("b", Part.READS), *reads)
    return member("wa", topic("a", Part.WRITES), moved=LATER), member("wb", topic("b", Part.WRITES), moved=EARLIER), reader, *others


FAILS = bad(Symptom.CONSUMER_FAILURES, "reader")


def test_dead_letters_tell_which_topic_cannot_be_read_and_whoever_moved_last_on_another_one_stays() -> None:
    finding = found(two_writers(), FAILS, bad(Symptom.DEAD_LETTERS, arm=Arm.ALL, contract="b"), fine(Symptom.DEAD_LETTERS, arm=Arm.ALL, contract="a"))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.NAMED, Action.ROLL_BACK)
    assert (finding.workload, finding.contract, finding.also) == ("wb", "b", ())


def test_without_dead_letters_the_topic_is_not_known_and_nobody_goes_back() -> None:
    finding = found(two_writers(), FAILS)
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)
    assert finding.workload == "wa", "it moved last of all who write what the reader reads"
    assert BOTH in finding.doubts and "wb rolled at that time too" in finding.doubts


def test_one_writer_of_both_topics_leaves_the_topic_unknown() -> None:
    reader = member("reader", topic("a", Part.READS), topic("b", Part.READS))
    finding = found((member("writer", topic("a", Part.WRITES), topic("b", Part.WRITES), moved=LATER), reader), FAILS)
    assert (finding.certainty, finding.action, finding.workload, finding.contract) == (Certainty.SUSPECTED, Action.HOLD, "writer", "")
    assert finding.sentence == "reader can't read what new pods of writer write to a or b"


def test_a_topic_to_which_nobody_who_moved_writes_is_not_the_one() -> None:
    wa, wb, reader = two_writers()
    finding = found((replace(wa, shares=(), new_ready=None), wb, reader), FAILS)
    assert (finding.certainty, finding.action, finding.workload, finding.contract) == (Certainty.NAMED, Action.ROLL_BACK, "wb", "b")


def test_another_reader_that_suffers_and_reads_only_one_of_the_topics_tells_which() -> None:
    finding = found(two_writers(member("second", topic("b", Part.READS))), FAILS, bad(Symptom.CONSUMER_FAILURES, "second"))
    assert (finding.certainty, finding.workload, finding.contract, finding.victim) == (Certainty.NAMED, "wb", "b", "reader and second")


def test_failures_that_are_counted_by_topic_tell_which() -> None:
    finding = found(two_writers(), FAILS, bad(Symptom.CONSUMER_FAILURES, "reader", contract="b"), fine(Symptom.CONSUMER_FAILURES, "reader", contract="a"))
    assert (finding.certainty, finding.workload, finding.contract, finding.doubts) == (Certainty.NAMED, "wb", "b", ())
    assert "reader on b: failed records 15 % (300 of 2000 records handled), before the release 0.1 %" in finding.evidence


def test_dead_letters_in_a_topic_that_both_share_speak_for_neither() -> None:
    shared = tuple(
        replace(one, roles=tuple(replace(role, shares_dead_letters=True) for role in one.roles)) for one in two_writers()
    )
    finding = found(shared, FAILS, *(bad(Symptom.DEAD_LETTERS, arm=Arm.ALL, contract=one) for one in ("a", "b")))
    assert (finding.certainty, finding.action) == (Certainty.SUSPECTED, Action.HOLD)
    assert BOTH in finding.doubts


def test_dead_letters_of_a_reader_whose_own_new_pods_fail_do_not_speak_for_the_topic() -> None:
    other = member("other", topic("a", Part.READS), moved=EARLIER)
    finding = found(
        two_writers(other), FAILS, bad(Symptom.DEAD_LETTERS, arm=Arm.ALL, contract="a"), bad(Symptom.CONSUMER_FAILURES, "other", *_NEW)
    )  # fmt: skip
    assert finding.workload != "wa"
    assert (finding.workload, finding.action) == ("other", Action.ROLL_BACK), "its new pods are proved worse"


def test_dead_letters_of_both_topics_are_two_breaks_and_both_are_told() -> None:
    finding = found(two_writers(), FAILS, *(bad(Symptom.DEAD_LETTERS, arm=Arm.ALL, contract=one) for one in ("a", "b")))
    assert (finding.certainty, finding.workload, finding.contract) == (Certainty.NAMED, "wa", "a")
    assert any("what new pods of wb write to b" in one for one in finding.also)


def test_old_pods_that_stand_still_on_both_topics_do_not_tell_which() -> None:
    finding = found(two_writers(), *(bad(Symptom.STALLED, "reader", contract=one) for one in ("a", "b")))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)
    assert BOTH in finding.doubts


def test_a_reader_whose_new_pods_stand_still_on_both_topics_goes_back_with_the_topic_unknown() -> None:
    reader = member("reader", topic("a", Part.READS), topic("b", Part.READS), moved=LATER)
    members = (member("wa", topic("a", Part.WRITES)), member("wb", topic("b", Part.WRITES)), reader)
    finding = found(members, *(bad(Symptom.STALLED, "reader", *_NEW, contract=one) for one in ("a", "b")))
    assert (finding.cause, finding.certainty, finding.action, finding.contract) == (Cause.MODE_3, Certainty.SUSPECTED, Action.ROLL_BACK, "")
    assert finding.then == ("then the right order: wa and wb first. Declare what reader reads of a or b, with required: true, and the plan does so",)


@pytest.mark.parametrize(("calls_fail", "certainty"), [(None, Certainty.SUSPECTED), (True, Certainty.SUSPECTED), (False, Certainty.NAMED)])
def test_a_server_that_the_reader_calls_and_that_moved_too_is_a_doubt_unless_the_calls_are_well(calls_fail: bool | None, certainty: Certainty) -> None:
    reader = member("reader", topic("a", Part.READS), api("prices", Part.CALLS))
    server = member("server", api("prices", Part.SERVES), moved=EARLIER)
    symptoms = (Symptom.CALLS_FAILED, Symptom.CALLS_REJECTED, Symptom.CALLS_DENIED, Symptom.CALLS_OTHER_4XX)
    calls = () if calls_fail is None else tuple((bad if calls_fail else fine)(one, "reader") for one in symptoms)
    finding = found((member("wa", topic("a", Part.WRITES), moved=LATER), reader, server), FAILS, *calls)
    assert (finding.cause, finding.certainty, finding.workload) == (Cause.MODE_1, certainty, "wa")
    assert ("server rolled at that time too" in finding.doubts) is (certainty is Certainty.SUSPECTED)


def misses(*, contract: str = "", workload: str = "server", arm: Arm = Arm.OLD) -> tuple[Reading, ...]:
    return tuple(bad(one, workload, arm, contract=contract) for one in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS))


def test_misses_that_are_counted_by_cache_tell_which_one_is_to_be_purged() -> None:
    clear = tuple(fine(one, "server", Arm.OLD, contract="a") for one in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS))
    finding = found((member("server", cache("a"), cache("b"), moved=LATER),), *misses(), *misses(contract="b"), *clear)
    assert (finding.cause, finding.certainty, finding.contract, finding.action) == (Cause.MODE_4, Certainty.NAMED, "b", Action.ROLL_BACK)
    assert any(one.startswith("then purge b,") for one in finding.then)


def test_misses_of_all_caches_together_do_not_tell_which_one() -> None:
    finding = found((member("server", cache("a"), cache("b"), moved=LATER),), *misses())
    assert (finding.cause, finding.certainty, finding.contract, finding.action) == (Cause.MODE_4, Certainty.SUSPECTED, "", Action.HOLD)
    assert BOTH in finding.doubts


def test_another_user_of_one_of_the_caches_tells_which_one() -> None:
    members = (member("server", cache("a"), cache("b"), moved=LATER), member("second", cache("b")))
    finding = found(members, *misses(), *misses(workload="second", arm=Arm.NEIGHBOUR))
    assert (finding.certainty, finding.contract) == (Certainty.NAMED, "b")


def test_new_pods_that_are_cold_in_one_cache_are_not_mode_4_of_the_other() -> None:
    cold = (bad(Symptom.CACHE_MISSES, "server", Arm.ALL), fine(Symptom.CACHE_MISSES, "server", Arm.OLD), bad(Symptom.CACHE_MISSES, "server", Arm.NEW))
    assert found((member("server", cache("a"), cache("b"), moved=LATER),), *cold).cause is Cause.NOTHING


def two_apis(*, first: tuple[str, ...] = ("a",), second: tuple[str, ...] = ("b",)) -> tuple[Member, ...]:
    """Return a server of two APIs that rolls, and two clients."""
    server = member("server", api("a", Part.SERVES), api("b", Part.SERVES), moved=LATER)
    clients = (member(name, *(api(one, Part.CALLS) for one in called)) for name, called in (("client", first), ("batch", second)))
    return server, *clients


REFUSES = bad(Symptom.REJECTED, "server", *_NEW)


@pytest.mark.parametrize(("refused", "contract"), [("client", "a"), ("batch", "b")])
def test_the_client_that_is_refused_tells_of_which_api_the_server_refuses_what_came(refused: str, contract: str) -> None:
    clear = fine(Symptom.SERVER_ERRORS, "server", *_NEW)
    finding = found(two_apis(), REFUSES, clear, bad(Symptom.CALLS_REJECTED, refused))
    assert (finding.cause, finding.certainty, finding.contract) == (Cause.MODE_2, Certainty.NAMED, contract)
    assert finding.sentence == f"new pods of server refuse what {refused} sent all along"


@pytest.mark.parametrize("first", [("a",), ("a", "b")])
def test_a_server_that_refuses_nobody_knows_whom_goes_back_with_the_api_unknown(first: tuple[str, ...]) -> None:
    readings = (REFUSES, fine(Symptom.SERVER_ERRORS, "server", *_NEW))
    finding = found(two_apis(first=first), *readings, *([bad(Symptom.CALLS_REJECTED, "client")] if len(first) > 1 else []))
    assert (finding.cause, finding.certainty, finding.contract, finding.action) == (Cause.MODE_2, Certainty.SUSPECTED, "", Action.ROLL_BACK)
    assert BOTH in finding.doubts
    assert finding.sentence == "new pods of server refuse what client or batch sent all along"


def test_a_client_whose_refused_calls_are_counted_by_contract_tells_of_which_server() -> None:
    server, client, batch = two_apis(first=("a", "c"))
    other = member("other", api("c", Part.SERVES), moved=EARLIER)
    told = (bad(Symptom.CALLS_REJECTED, "client", contract="a"), fine(Symptom.CALLS_REJECTED, "client", contract="c"))
    clear = (fine(Symptom.SERVER_ERRORS, name, *_NEW) for name in ("server", "other"))
    finding = found((server, client, batch, other), REFUSES, bad(Symptom.REJECTED, "other", *_NEW), bad(Symptom.CALLS_REJECTED, "client"), *told, *clear)
    assert (finding.workload, finding.certainty, finding.contract) == ("server", Certainty.NAMED, "a")


def test_a_client_that_another_server_refuses_too_tells_nothing_of_this_one() -> None:
    server, client, batch = two_apis(first=("a", "c"))
    other = member("other", api("c", Part.SERVES), moved=EARLIER)
    finding = found((server, client, batch, other), REFUSES, bad(Symptom.REJECTED, "other", *_NEW), bad(Symptom.CALLS_REJECTED, "client"))
    assert finding.contract != "a"


def test_a_client_of_two_servers_that_is_refused_goes_back_with_the_api_unknown_until_a_server_tells() -> None:
    client = member("client", api("a", Part.CALLS), api("b", Part.CALLS), moved=LATER)
    members = (client, member("sa", api("a", Part.SERVES)), member("sb", api("b", Part.SERVES)))
    refused = bad(Symptom.CALLS_REJECTED, "client", *_NEW)
    finding = found(members, refused)
    assert (finding.cause, finding.certainty, finding.contract, finding.action) == (Cause.MODE_3, Certainty.SUSPECTED, "", Action.ROLL_BACK)
    assert BOTH in finding.doubts and finding.then == ("then the right order: sa or sb first",)
    told = found(members, refused, bad(Symptom.REJECTED, "sb"))
    assert (told.certainty, told.contract, told.then) == (Certainty.NAMED, "b", ("then the right order: sb first",))


def test_an_answer_that_cannot_be_read_is_suspected_of_the_server_that_moved_last() -> None:
    client = member("client", api("a", Part.CALLS), api("b", Part.CALLS))
    members = (client, member("sa", api("a", Part.SERVES), moved=EARLIER), member("sb", api("b", Part.SERVES), moved=LATER))
    clear = [fine(one, name, *_NEW) for name in ("sa", "sb") for one in (Symptom.SERVER_ERRORS, Symptom.REJECTED)]
    finding = found(members, bad(Symptom.SERVER_ERRORS, "client"), fine(Symptom.CALLS_FAILED, "client"), *clear)
    assert (finding.cause, finding.certainty, finding.workload, finding.contract) == (Cause.MODE_1, Certainty.SUSPECTED, "sb", "b")
    assert BOTH in finding.doubts and "sa rolled at that time too" in finding.doubts


def test_old_pods_that_fail_on_rows_of_two_tables_leave_the_table_unknown_and_stop_the_spread() -> None:
    readings = (bad(Symptom.SERVER_ERRORS, "server", *_OLD), bad(Symptom.DATA_ERRORS, "server", *_OLD))
    finding = found((member("server", table("a"), table("b"), moved=LATER),), *readings)
    assert (finding.cause, finding.certainty, finding.contract, finding.action) == (Cause.MODE_5, Certainty.SUSPECTED, "", Action.STOP_SPREADING)
    assert BOTH in finding.doubts
    told = found((member("server", table("a"), table("b"), moved=LATER),), *readings, bad(Symptom.DATA_ERRORS, "server", *_OLD, contract="b"))
    assert (told.certainty, told.contract) == (Certainty.NAMED, "b")


def test_a_table_that_a_workload_only_writes_is_not_the_one_its_old_pods_cannot_read() -> None:
    readings = (bad(Symptom.SERVER_ERRORS, "server", *_OLD), bad(Symptom.DATA_ERRORS, "server", *_OLD))
    finding = found((member("server", table("a"), table("b", Part.WRITES), moved=LATER),), *readings)
    assert (finding.certainty, finding.contract) == (Certainty.NAMED, "a")


def test_a_reader_of_two_tables_blames_the_writer_that_moved_last_of_both() -> None:
    reader = member("reader", table("a", Part.READS), table("b", Part.READS))
    writers = (member("wa", table("a", Part.WRITES), moved=EARLIER), member("wb", table("b", Part.WRITES), moved=LATER))
    finding = found((reader, *writers), bad(Symptom.DATA_ERRORS, "reader"), bad(Symptom.SERVER_ERRORS, "reader"))
    assert (finding.cause, finding.certainty, finding.workload, finding.contract) == (Cause.MODE_5, Certainty.SUSPECTED, "wb", "b")
    assert BOTH in finding.doubts and "wa rolled at that time too" in finding.doubts
