"""How the few queries behind a measurement become one outcome."""

from datetime import UTC, datetime

import pytest

from saferollout.core.answers import Answer
from saferollout.core.measurements import Measurement, Outcome, Query, Sample, Samples
from saferollout.core.measuring import measure

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOTHING = Answer(Outcome.NO_DATA, detail="the query finds no data")
DOWN = Answer(Outcome.UNREACHABLE, detail="down")


def number(value: float) -> Answer:
    return Answer(Outcome.VALUE, value=value)


def measured(query: Query, **answers: Answer) -> Measurement:
    told = {"time() - max(age": number(0), **answers}
    return measure(query, at=AT, ask=lambda promql, label="", by=(): told[promql + label + ",".join(by)], longest_age=100)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (Query(value="value", absent="switch it on"), "the query finds no data: switch it on"),
        (Query(value="value"), "the query finds no data"),
        (Query(value="value", exposure="exposure", minimum_exposure=20, absent="switch it on"), "the query finds no data"),
    ],
)
def test_where_the_value_itself_is_absent_it_is_said_what_to_see_to(query: Query, detail: str) -> None:
    found = measured(query, value=NOTHING, exposure=NOTHING)
    assert (found.outcome, found.detail) == (Outcome.NO_DATA, detail)


FULL = Query(value="value", present="present", exposure="exposure", minimum_exposure=20, age="age")


@pytest.mark.parametrize(
    ("answers", "outcome", "value", "detail"),
    [
        ({"exposure": number(20), "value": number(0.5), "age": number(100)}, Outcome.VALUE, 0.5, ""),
        ({"exposure": number(19), "value": number(0.5)}, Outcome.TOO_LITTLE_TRAFFIC, None, "fewer requests than the 20 that are needed"),
        ({"exposure": NOTHING}, Outcome.NO_DATA, None, "the query finds no data"),
        ({"exposure": DOWN}, Outcome.UNREACHABLE, None, "down"),
        ({"exposure": number(20), "value": DOWN}, Outcome.UNREACHABLE, None, "down"),
        ({"exposure": number(20), "value": NOTHING, "present": number(20), "age": number(1)}, Outcome.VALUE, 0.0, ""),
        ({"exposure": number(20), "value": NOTHING, "present": NOTHING}, Outcome.NO_DATA, None, "the query finds no data"),
        ({"exposure": number(20), "value": NOTHING, "present": DOWN}, Outcome.UNREACHABLE, None, "down"),
        ({"exposure": number(20), "value": NOTHING, "present": number(20), "age": number(101)}, Outcome.STALE, None, "older than 100 s"),
        ({"exposure": number(20), "value": number(1), "age": number(100.1)}, Outcome.STALE, None, "older than 100 s"),
        ({"exposure": number(20), "value": number(1), "age": NOTHING}, Outcome.VALUE, 1.0, ""),
        ({"exposure": number(20), "value": number(1), "age": DOWN}, Outcome.UNREACHABLE, None, "down"),
    ],
)
def test_a_value_counts_only_with_traffic_behind_it_and_fresh_samples(
    answers: dict[str, Answer], outcome: Outcome, value: float | None, detail: str
) -> None:
    found = measured(FULL, **answers)
    assert (found.outcome, found.value) == (outcome, value)
    assert found.detail.endswith(detail)
    assert found.at == AT


def test_a_waived_exposure_is_not_asked_for() -> None:
    assert measured(Query(value="value", exposure="exposure"), value=number(1)).value == 1


def test_without_present_absent_is_no_data() -> None:
    assert measured(Query(value="value"), value=NOTHING).outcome is Outcome.NO_DATA


NAMES = Query(value="groups by ", present="present", names="group")


def test_names_are_asked_for_by_their_label() -> None:
    found = measured(NAMES, **{"groups by group": Answer(Outcome.VALUE, value=2.0, names=("a", "b"))})
    assert (found.value, found.names) == (2.0, ("a", "b"))


def test_no_name_is_an_answer_only_where_there_could_be_one() -> None:
    assert measured(NAMES, **{"groups by group": NOTHING}, present=number(1)) == Measurement(AT, Outcome.VALUE, 0.0)
    assert measured(NAMES, **{"groups by group": NOTHING}, present=NOTHING).outcome is Outcome.NO_DATA


def test_where_even_the_youngest_sample_is_old_the_clocks_are_named() -> None:
    found = measured(Query(value="value", age="time() - min(x)"), value=number(1), **{"time() - min(x)": number(400), "time() - max(x)": number(101)})
    assert found.outcome is Outcome.STALE
    assert found.detail == (
        "every sample behind the value is older than 100 s: "
        "the target is no longer scraped, or the clocks of Prometheus and of the operator differ"
    )


BY_POD = Query(value="value by ", age="time() - min(x)", by=("pod",))
ALL_FRESH = "(value by ) and on () ((time() - min(x)) <= 100)pod"
TWO = Samples.of((Sample((("pod", "b"),), 2.0), Sample((("pod", "a"),), 1.0)))


def test_samples_and_their_age_are_one_query() -> None:
    found = measured(BY_POD, **{ALL_FRESH: Answer(Outcome.VALUE, value=2.0, samples=TWO)})
    assert [(sample.labels, sample.value) for sample in found.samples] == [((("pod", "a"),), 1.0), ((("pod", "b"),), 2.0)]
    assert found.value == 2.0


@pytest.mark.parametrize(
    ("age", "outcome"), [(number(101), Outcome.STALE), (NOTHING, Outcome.NO_DATA), (number(1), Outcome.NO_DATA), (DOWN, Outcome.UNREACHABLE)]
)
def test_only_where_no_samples_are_found_their_age_is_asked_for(age: Answer, outcome: Outcome) -> None:
    found = measured(BY_POD, **{ALL_FRESH: NOTHING, "time() - min(x)": age, "time() - max(x)": age})
    assert (found.outcome, found.samples) == (outcome, Samples())


def test_samples_that_are_not_a_full_answer_are_none() -> None:
    found = measured(BY_POD, **{ALL_FRESH: Answer(Outcome.PARTIAL, detail="a part")})
    assert (found.outcome, found.detail) == (Outcome.PARTIAL, "a part")


def test_samples_of_ranges_have_no_age() -> None:
    found = measured(Query(value="value by ", by=("pod",)), **{"value by pod": Answer(Outcome.VALUE, value=2.0, samples=TWO)})
    assert len(found.samples) == 2
