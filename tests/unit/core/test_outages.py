"""Times that don't count: on record until the release ends, and what they leave behind in topics."""

from datetime import UTC, datetime, timedelta

import pytest

from saferollout.api.gates import Gate
from saferollout.api.status import Outage
from saferollout.core import gates
from saferollout.core.gates import Verdict
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.outage_depths import without_backlog, without_outages
from saferollout.core.outages import MOST_OUTAGES, merged
from saferollout.core.statistics.windows import Interval

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
LETTERS = Gate.model_validate({"name": "letters", "signal": "DeadLetterDepth", "contract": "events", "max": "5"})
LAG = Gate.model_validate({"name": "lag", "signal": "ConsumerLag", "contract": "events", "max": "100"})
OUTAGE = Outage(start=BEGAN + timedelta(seconds=60), end=BEGAN + timedelta(seconds=120))


def at(second: int) -> datetime:
    return BEGAN + timedelta(seconds=second)


def depths(**by_second: float) -> tuple[Measurement, ...]:
    return tuple(Measurement(at(int(second[1:])), Outcome.VALUE, value) for second, value in by_second.items())


def verdict(measured: tuple[Measurement, ...], *, known: tuple[Measurement, ...], start: float = 3.0) -> gates.GateVerdict:
    counting = [one for one in measured if not OUTAGE.start <= one.at <= at(120)]
    return gates.verdict(LETTERS, without_outages(counting, known=(*measured, *known), outages=[OUTAGE], start=start), baseline=start)


ENDS = depths(s60=4, s120=104)


def test_letters_that_came_in_an_outage_do_not_count() -> None:
    judged = verdict(depths(s30=4, s150=104), known=ENDS)
    assert judged.kind is Verdict.PASSING
    assert (judged.value, judged.message) == (1, "letters 1 keeps <= 5 (start 3, now 104, 100 of it in an outage)")


def test_letters_before_and_after_an_outage_count_together() -> None:
    assert verdict(depths(s30=4, s150=106), known=ENDS).kind is Verdict.PASSING
    judged = verdict(depths(s30=4, s150=109), known=ENDS)
    assert (judged.kind, judged.value) == (Verdict.FAILING, 6)


def test_letters_that_came_just_before_an_outage_are_the_releases() -> None:
    assert verdict(depths(s30=4, s150=110), known=depths(s60=10, s120=110)).kind is Verdict.FAILING


def test_after_a_purge_no_letter_of_the_release_hides_behind_those_of_the_outage() -> None:
    assert verdict(depths(s30=4, s150=104, s180=0), known=ENDS).kind is Verdict.PASSING
    assert verdict(depths(s30=4, s150=104, s180=0, s210=20), known=ENDS).kind is Verdict.FAILING


def test_letters_from_before_the_release_are_not_left_out_twice() -> None:
    outage = Outage(start=at(-120), end=at(-60))
    known = depths(**{"s-120": 0, "s-60": 100})
    counting = without_outages(depths(s30=110), known=known, outages=[outage], start=100.0)
    assert gates.verdict(LETTERS, counting, baseline=100.0).kind is Verdict.FAILING


def test_while_an_end_of_the_outage_is_not_known_nothing_after_it_is_judged() -> None:
    unanswered = Measurement(at(120), Outcome.UNREACHABLE, detail="Prometheus can't be reached")
    judged = verdict(depths(s30=4, s150=104), known=(*depths(s60=4), unanswered))
    assert judged.kind is Verdict.INCONCLUSIVE
    assert judged.message == "letters can't be judged: how many dead letters came in an outage is not known: Prometheus can't be reached"


def test_where_an_end_has_no_data_only_what_is_shown_to_have_come_in_the_outage_is_left_out() -> None:
    nothing = Measurement(at(120), Outcome.NO_DATA)
    within = depths(s90=50)
    assert verdict((*depths(s30=4), *within, *depths(s150=54)), known=(*depths(s60=4), nothing)).value == 5
    assert verdict((*depths(s30=4), *within, *depths(s150=56)), known=(*depths(s60=4), nothing)).kind is Verdict.FAILING


def test_a_second_outage_adds_to_the_first() -> None:
    second = Outage(start=at(200), end=at(260))
    known = (*ENDS, *depths(s200=104, s260=204))
    counting = without_outages(depths(s30=4, s300=205), known=known, outages=[OUTAGE, second], start=3.0)
    assert gates.verdict(LETTERS, counting, baseline=3.0).value == 2


def test_an_outage_that_goes_on_leaves_nothing_out() -> None:
    counting = without_outages(depths(s30=20), known=(), outages=[Outage(start=at(60))], start=3.0)
    assert counting[0].uncounted == 0


def lag_verdict(**by_second: float) -> gates.GateVerdict:
    return gates.verdict(LAG, without_backlog(LAG, depths(**by_second), outages=[OUTAGE], baseline=0.0), baseline=0.0)


def test_a_lag_that_an_outage_left_holds_and_does_not_fail_until_it_was_caught_up_once() -> None:
    left = lag_verdict(s150=9000, s180=4000)
    assert left.kind is Verdict.INCONCLUSIVE
    assert left.message == "lag can't be judged: its lag is what an outage left, until it is caught up once (<= 100)"
    assert lag_verdict(s30=5, s150=9000).kind is Verdict.INCONCLUSIVE, "what it was before the outage says nothing of now"
    assert lag_verdict(s150=9000, s180=50).kind is Verdict.PASSING
    assert lag_verdict(s150=9000, s180=50, s210=500).kind is Verdict.FAILING
    assert lag_verdict(s30=500).kind is Verdict.FAILING, "before the outage it was the release's own"


def test_a_lag_from_before_an_outage_lets_no_batch_pass_after_it() -> None:
    left = without_backlog(LAG, depths(s20=5, s40=5, s150=9000), outages=[OUTAGE], baseline=0.0)
    assert not gates.passes_since(LAG, left, since=at(10), bake_seconds=0, baseline=0.0).passed
    caught_up = without_backlog(LAG, depths(s20=5, s40=5, s150=9000, s180=20), outages=[OUTAGE], baseline=0.0)
    assert gates.passes_since(LAG, caught_up, since=at(10), bake_seconds=0, baseline=0.0).passed


def test_a_lag_that_takes_long_to_be_worked_off_is_no_failure_to_measure() -> None:
    patient = LAG.model_copy(update={"inconclusive_limit": 2})
    lags = depths(**{f"s{second}": 9000 for second in range(150, 450, 30)})
    left = gates.verdict(patient, without_backlog(patient, lags, outages=[OUTAGE], baseline=0.0), baseline=0.0)
    assert (left.kind, left.stalled, left.inconclusive) == (Verdict.INCONCLUSIVE, False, 0)


def spans(outages: list[Outage]) -> list[tuple[int, int | None]]:
    return [(_second(one.start), None if one.end is None else _second(one.end)) for one in outages]


def _second(instant: datetime) -> int:
    return int((instant - BEGAN).total_seconds())


def seen(*pairs: tuple[int, int]) -> list[Interval]:
    return [Interval(start=at(start), end=at(end)) for start, end in pairs]


def test_an_outage_has_no_end_on_record_until_its_quiet_time_is_over() -> None:
    first = merged([], seen((60, 200)), now=at(80))
    assert spans(first) == [(60, None)]
    assert merged(first, seen((60, 230)), now=at(110)) == first, "nothing to write while it goes on"
    over = merged(first, seen((60, 230)), now=at(231))
    assert spans(over) == [(60, 230)]
    assert merged(over, seen((60, 230)), now=at(500)) == over


def test_an_outage_that_the_analysis_no_longer_looks_back_to_stays_on_record() -> None:
    known = [Outage(start=at(60), end=at(230))]
    assert merged(known, [], now=at(9000)) == known
    assert spans(merged(known, seen((5000, 5100)), now=at(9000))) == [(60, 230), (5000, 5100)]


def test_outages_that_touch_are_one_and_one_whose_series_are_gone_ends_now() -> None:
    assert spans(merged([Outage(start=at(60), end=at(230))], seen((200, 300)), now=at(400))) == [(60, 300)]
    gone = merged([Outage(start=at(60))], [], now=at(400))
    assert spans(gone) == [(60, 400)]
    assert merged(gone, [], now=at(401)) == gone


@pytest.mark.parametrize("more", [1, 5])
def test_beyond_twenty_the_oldest_become_one(more: int) -> None:
    many = merged([], seen(*((100 * number, 100 * number + 50) for number in range(MOST_OUTAGES + more))), now=at(10**6))
    assert len(many) == MOST_OUTAGES
    assert spans(many)[0] == (0, 100 * more + 50)


def test_an_outage_that_ended_while_nobody_looked_does_not_reach_to_the_end_of_the_next_one() -> None:
    first = merged([], seen((60, 200)), now=at(80))
    assert [(one.start, one.end) for one in merged(first, seen((60, 200), (400, 500)), now=at(450))] == [(at(60), at(200)), (at(400), None)]
