"""Measurements in time: promtool's notation, words, and what each of them comes to."""

import json
import math
from datetime import UTC, datetime

import pytest

from saferollout.cli.gate_tests.measured import measured_points
from saferollout.cli.gate_tests.replies import NotAsked, Point, Reply, vector
from saferollout.cli.gate_tests.series import LONGEST_AGE, POINTS, BadSeries, number_of, points_of, words_of
from saferollout.cli.manifests import BadInput, Manifest
from saferollout.core.measurements import Outcome, Query
from saferollout.shell.prometheus import Endpoint, PrometheusClient
from tests.unit.shell.fake_prometheus import Reply as Served
from tests.unit.shell.fake_prometheus import fake_prometheus

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FULL = Query(value="value", present="present", exposure="exposure", minimum_exposure=20, age="age")
DOCUMENT = Manifest("gates.yaml", 1, {})


def values(text: str) -> list[float | None]:
    return [point.value.read().value for point in points_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", [0]),
        ("0x3 6", [0, 0, 0, 0, 6]),
        ("-2+4x3", [-2, 2, 6, 10]),
        ("1-2x4", [1, -1, -3, -5, -7]),
        ("0+0.1x3", [0, 0.1, 0.2, 0.3]),
        ("1e3 .5 2.", [1000, 0.5, 2]),
        ("1 _x3 2", [1, None, None, None, 2]),
        ("NaNx1 +Inf -Inf 1", [None, None, None, None, 1]),
        ("5x0 downx0 6", [5, 6]),
    ],
)
def test_a_series_is_read_as_promtool_reads_it(text: str, expected: list[float | None]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("severl", "did you mean 'several'?"),
        ("0-3", "'0-3' is no measurement"),
        ("1+2", "is no measurement"),
        ("0x", "is no measurement"),
        ("", "is empty"),
        ("0x6000", "more than 5000"),
        ("_x99999999", "is no measurement"),
    ],
)
def test_what_is_no_series_says_what_would_be(text: str, hint: str) -> None:
    with pytest.raises(BadSeries) as error:
        points_of(text)
    assert hint in str(error.value)


def test_words_are_repeated_as_often_as_they_say() -> None:
    assert words_of("Passingx2 Failing", known=["Passing", "Failing"]) == ("Passing", "Passing", "Failing")
    with pytest.raises(BadSeries, match="did you mean 'Failing'"):
        words_of("failling", known=["Passing", "Failing"])
    with pytest.raises(BadSeries, match="is no verdict"):
        words_of("0x3", known=["Passing", "Failing"])


def test_numbers_may_be_written_as_prometheus_writes_them() -> None:
    assert number_of("0.5") == number_of(0.5) == 0.5
    assert math.isnan(number_of("NaN"))
    for wrong in (True, "five", None):
        with pytest.raises(BadSeries):
            number_of(wrong)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("_", Outcome.NO_DATA),
        ("absent", Outcome.VALUE),
        ("several", Outcome.INVALID),
        ("range", Outcome.INVALID),
        ("text", Outcome.INVALID),
        ("warning", Outcome.PARTIAL),
        ("stale", Outcome.STALE),
        ("quiet", Outcome.TOO_LITTLE_TRAFFIC),
        ("down", Outcome.UNREACHABLE),
        ("timeout", Outcome.UNREACHABLE),
        ("error", Outcome.UNREACHABLE),
        ("refused", Outcome.UNREACHABLE),
        ("nonsense", Outcome.UNREACHABLE),
    ],
)
def test_each_word_comes_to_its_outcome(word: str, outcome: Outcome) -> None:
    assert POINTS[word].measure(FULL, at=AT, waited=0, longest_age=LONGEST_AGE).outcome is outcome


def test_every_word_has_an_outcome_above() -> None:
    told = {mark.args[1][index][0] for mark in test_each_word_comes_to_its_outcome.pytestmark for index in range(len(mark.args[1]))}
    assert told == set(POINTS)


REPLIES = [
    *(point.everything or point.value for point in POINTS.values()),
    vector(3),
    vector(math.nan),
    vector(math.inf),
    vector(1, 2, warnings=("partial",)),
    *(Reply(status=status) for status in (204, 302, 401, 404, 500)),
    Reply(body={"status": "error", "error": "boom"}),
    Reply(body=[1]),
    Reply(body='{"status": "success", "data": {"resultType": "vector", "result": [7]}}'),
]


@pytest.mark.parametrize("reply", [reply for reply in REPLIES if not reply.trouble])
def test_a_reply_is_read_as_the_operator_reads_it_from_a_real_socket(reply: Reply) -> None:
    body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    with fake_prometheus(Served(body.encode(), status=reply.status)) as fake:
        assert PrometheusClient(Endpoint(url=fake.url)).ask("up", at=AT) == reply.read()


def test_a_late_answer_is_none_until_it_comes() -> None:
    late = Point(value=vector(3), late=20)
    early = late.measure(Query(value="value"), at=AT, waited=19, longest_age=100)
    assert (early.outcome, early.detail) == (Outcome.UNREACHABLE, "Prometheus did not answer in time")
    assert late.measure(Query(value="value"), at=AT, waited=20, longest_age=100).value == 3


def test_what_a_gate_never_asks_can_not_be_answered() -> None:
    for point in (Point(requests=3), Point(age=3)):
        with pytest.raises(NotAsked):
            point.measure(Query(value="value"), at=AT, waited=0, longest_age=100)


def test_a_list_mixes_series_and_measurements_in_full() -> None:
    body = {"status": "success", "data": {"resultType": "scalar", "result": [1, "0.5"]}}
    points = measured_points(DOCUMENT, "measurements", ["0x1", 7, {"value": "NaN", "times": 2}, {"http": 500}, {"body": body}, {"values": []}])
    told = [point.measure(FULL, at=AT, waited=0, longest_age=100) for point in points]
    outcomes = [one.outcome.value for one in told]
    assert outcomes == ["Value", "Value", "Value", "Invalid", "Invalid", "Unreachable", "Value", "NoData"]
    assert told[6].value == 0.5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"value": 1, "http": 500}], "measurements[0]: a measurement is exactly one of"),
        ([{"valeu": 1}], "measurements[0].valeu: is no field of this object: remove it or correct its name; did you mean 'value'?"),
        ([{"absent": True, "warning": True}], "measurements[0].warning"),
        ([{"value": "five"}], "measurements[0]: 'five' is no number"),
        ([], "has 0 measurements"),
        (True, "must be a series"),
        ([["0"]], "measurements[0]: must be a series"),
    ],
)
def test_a_measurement_that_can_not_be_read_is_named_with_its_place(given: object, said: str) -> None:
    with pytest.raises(BadInput) as error:
        measured_points(DOCUMENT, "measurements", given)
    assert said in str(error.value)
    assert str(error.value).startswith("gates.yaml, document 1, measurements")
