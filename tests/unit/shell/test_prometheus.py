"""What the client makes of everything that a Prometheus, or something in its place, may answer."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from saferollout.core import answers
from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome
from saferollout.shell import gate_session
from saferollout.shell.prometheus import BREAK_AFTER, BREAK_SECONDS, CircuitBreaker, Endpoint, PrometheusClient
from tests.unit.shell.fake_prometheus import FakePrometheus, Reply, answer, fake_prometheus, vector

AT = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with fake_prometheus(vector("1")) as running:
        yield running


def ask(fake: FakePrometheus, promql: str = "up", *, timeout_seconds: float = 5.0, token_file: Path | None = None, tenant: str = "") -> Answer:
    endpoint = Endpoint(url=fake.url, timeout_seconds=timeout_seconds, token_file=token_file, tenant=tenant)
    return PrometheusClient(endpoint).ask(promql, at=AT)


SAMPLE = [1.0, "7"]


@pytest.mark.parametrize(
    ("reply", "outcome", "value"),
    [
        (vector("0.25"), Outcome.VALUE, 0.25),
        (vector("-3e2"), Outcome.VALUE, -300.0),
        (answer("scalar", SAMPLE), Outcome.VALUE, 7.0),
        (vector("1", infos=["PromQL info: metric might not be a counter"]), Outcome.VALUE, 1.0),
        (vector("1", warnings=[]), Outcome.VALUE, 1.0),
        (vector(), Outcome.NO_DATA, None),
        (vector("NaN"), Outcome.INVALID, None),
        (vector("+Inf"), Outcome.INVALID, None),
        (vector("1", "2"), Outcome.INVALID, None),
        (vector("one"), Outcome.INVALID, None),
        (answer("scalar", [1.0, "NaN"]), Outcome.INVALID, None),
        (answer("string", [1.0, "text"]), Outcome.INVALID, None),
        (answer("matrix", [{"metric": {}, "values": [SAMPLE]}]), Outcome.INVALID, None),
        (answer("vector", [{"metric": {}}]), Outcome.INVALID, None),
        (answer("vector", [7]), Outcome.INVALID, None),
        (answer("vector", {"value": SAMPLE}), Outcome.INVALID, None),
        (answer("vector", [{"metric": {}, "histogram": [1.0, {}]}]), Outcome.INVALID, None),
        (answer("unheard", [SAMPLE]), Outcome.INVALID, None),
        (vector("1", warnings=["one store did not answer"]), Outcome.PARTIAL, None),
        (vector(warnings=["one store did not answer"]), Outcome.PARTIAL, None),
        (Reply(b"secret body", status=503), Outcome.UNREACHABLE, None),
        (Reply(b"secret body", status=500), Outcome.UNREACHABLE, None),
        (Reply(b"secret body", status=422), Outcome.UNREACHABLE, None),
        (Reply(b"secret body", status=401), Outcome.UNREACHABLE, None),
        (Reply(b"", status=302, headers={"Location": "http://127.0.0.1:1/"}), Outcome.UNREACHABLE, None),
        (Reply(b"<html>secret body</html>"), Outcome.UNREACHABLE, None),
        (Reply(b""), Outcome.UNREACHABLE, None),
        (Reply(b"[]"), Outcome.UNREACHABLE, None),
        (Reply(b'{"status": "success"}'), Outcome.UNREACHABLE, None),
        (Reply(b'{"status": "success", "data": {}}'), Outcome.UNREACHABLE, None),
        (Reply(b'{"status": "error", "data": {"resultType": "vector", "result": []}}'), Outcome.UNREACHABLE, None),
        (Reply(b"[" * 100_000), Outcome.UNREACHABLE, None),
        (Reply(b"abc", headers={"Content-Encoding": "gzip"}), Outcome.UNREACHABLE, None),
        (Reply(b"abc", headers={"Content-Length": "10"}), Outcome.UNREACHABLE, None),
    ],
    ids=lambda told: told.body[:60].decode() if isinstance(told, Reply) else "",
)
def test_only_one_finite_number_is_a_value(fake: FakePrometheus, reply: Reply, outcome: Outcome, value: float | None) -> None:
    fake.reply = reply
    answered = ask(fake)
    assert (answered.outcome, answered.value) == (outcome, value)
    assert (answered.detail == "") is (outcome is Outcome.VALUE)
    assert "secret" not in answered.detail


def test_a_slow_prometheus_costs_one_timeout_and_no_second_attempt(fake: FakePrometheus) -> None:
    fake.reply = Reply(vector("1").body, seconds=1.0)
    answered = ask(fake, timeout_seconds=0.2)
    assert answered == Answer(Outcome.UNREACHABLE, detail="Prometheus did not answer within 0.2 s: ask for less, or give it longer (prometheus.timeoutSeconds)")
    assert len(fake.requests) == 1


def test_a_refused_answer_is_not_asked_for_again(fake: FakePrometheus) -> None:
    fake.reply = Reply(b"", status=503)
    assert ask(fake).detail == "Prometheus answered HTTP 503"
    assert len(fake.requests) == 1


def test_a_huge_answer_is_not_read_to_its_end(fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_session, "LARGEST_ANSWER", 1024 * 1024)
    fake.reply = Reply(json.dumps({"status": "success", "data": {"result": ["x" * 2_000_000]}}).encode())
    assert ask(fake).detail == "Prometheus sent more than 1 MiB: aggregate the query"


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        client = PrometheusClient(Endpoint(url=f"http://127.0.0.1:{reserved.getsockname()[1]}"))
        assert client.ask("up", at=AT) == Answer(Outcome.UNREACHABLE, detail="Prometheus can't be reached")


@pytest.mark.parametrize("url", ["no url", "ftp://127.0.0.1", "http://"])
def test_an_url_that_is_none_is_unreachable_and_raises_nothing(url: str) -> None:
    assert PrometheusClient(Endpoint(url=url)).ask("up", at=AT).outcome is Outcome.UNREACHABLE


def test_a_long_query_goes_into_the_body_with_its_instant_to_the_millisecond(fake: FakePrometheus) -> None:
    long = "up + " * 5000 + "up"
    ask(fake, long)
    path, form, headers = fake.requests[0]
    assert path == "/api/v1/query"
    assert form["query"] == long
    assert form["time"] == f"{int(AT.timestamp())}.250"
    assert form["timeout"] == "5s"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_token_is_read_again_for_every_query_and_a_tenant_is_named(fake: FakePrometheus, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    client = PrometheusClient(Endpoint(url=fake.url, token_file=token, tenant="shop"))
    client.ask("up", at=AT)
    token.write_text("second")
    client.ask("up", at=AT)
    assert [headers["Authorization"] for _, _, headers in fake.requests] == ["Bearer first", "Bearer second"]
    assert fake.requests[0][2]["X-Scope-OrgID"] == "shop"


def test_a_missing_token_file_asks_nothing(fake: FakePrometheus, tmp_path: Path) -> None:
    answered = ask(fake, token_file=tmp_path / "missing")
    assert answered == Answer(Outcome.UNREACHABLE, detail="the token file for Prometheus can't be read")
    assert fake.requests == []


def test_without_a_token_no_credentials_are_looked_for_elsewhere(
    fake: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ask(fake)
    assert "Authorization" not in fake.requests[0][2]


def test_a_dead_prometheus_is_left_alone_for_a_while_and_then_tried_again(fake: FakePrometheus) -> None:
    now = [0.0]
    client = PrometheusClient(Endpoint(url=fake.url), breaker=CircuitBreaker(clock=lambda: now[0]))
    fake.reply = Reply(b"", status=503)
    for _ in range(BREAK_AFTER + 5):
        assert client.ask("up", at=AT).detail == "Prometheus answered HTTP 503"
    assert len(fake.requests) == BREAK_AFTER
    now[0] = BREAK_SECONDS
    fake.reply = vector("1")
    assert client.ask("up", at=AT).value == 1.0
    assert client.ask("up", at=AT).value == 1.0
    assert len(fake.requests) == BREAK_AFTER + 2


def test_one_query_that_can_not_be_evaluated_does_not_stop_the_others(fake: FakePrometheus) -> None:
    client = PrometheusClient(Endpoint(url=fake.url))
    fake.reply = Reply(b"", status=422)
    for _ in range(BREAK_AFTER + 1):
        assert client.ask("a + b", at=AT).detail == "Prometheus could not evaluate the query (HTTP 422)"
    fake.reply = vector("1")
    assert client.ask("up", at=AT).value == 1.0


def test_the_values_of_a_label_are_listed_once_and_sorted(fake: FakePrometheus) -> None:
    series = [{"metric": {"group": name}, "value": SAMPLE} for name in ("b", "a", "b", "")]
    fake.reply = answer("vector", [*series, {"metric": {}}, {}, 7])
    found = PrometheusClient(Endpoint(url=fake.url)).ask("up", at=AT, label="group")
    assert (found.outcome, found.value, found.names) == (Outcome.VALUE, 2.0, ("a", "b"))


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (vector(), Outcome.NO_DATA),
        (answer("scalar", SAMPLE), Outcome.INVALID),
        (vector("1", warnings=["one store did not answer"]), Outcome.PARTIAL),
        (Reply(b"", status=500), Outcome.UNREACHABLE),
    ],
)
def test_names_are_known_only_from_a_full_answer(fake: FakePrometheus, reply: Reply, outcome: Outcome) -> None:
    fake.reply = reply
    found = PrometheusClient(Endpoint(url=fake.url)).ask("up", at=AT, label="group")
    assert (found.outcome, found.names) == (outcome, ())


def series(*rows: tuple[str, str, str]) -> Reply:
    return answer("vector", [{"metric": {"pod": pod, "status": status, "job": "x"}, "value": [1.0, value]} for pod, status, value in rows])


def ask_by(fake: FakePrometheus, *labels: str) -> Answer:
    return PrometheusClient(Endpoint(url=fake.url)).ask("up", at=AT, by=labels)


def test_samples_are_told_apart_by_the_labels_that_were_asked_for(fake: FakePrometheus) -> None:
    fake.reply = series(("b", "200", "7"), ("a", "500", "1"), ("a", "200", "3"))
    found = ask_by(fake, "pod", "status", "uri")
    assert (found.outcome, found.value) == (Outcome.VALUE, 3.0)
    assert [(dict(sample.labels), sample.value) for sample in found.samples] == [
        ({"pod": "a", "status": "200", "uri": ""}, 3.0),
        ({"pod": "a", "status": "500", "uri": ""}, 1.0),
        ({"pod": "b", "status": "200", "uri": ""}, 7.0),
    ]


@pytest.mark.parametrize(
    ("reply", "outcome", "detail"),
    [
        (vector(), Outcome.NO_DATA, "the query finds no data"),
        (series(("a", "200", "NaN"), ("b", "200", "+Inf")), Outcome.NO_DATA, "the query finds no data"),
        (answer("vector", [7, {}, {"metric": {"pod": "a"}}, {"metric": [], "value": SAMPLE}]), Outcome.NO_DATA, "the query finds no data"),
        (series(("a", "200", "1"), ("a", "500", "1")), Outcome.INVALID, "several series have the same labels: aggregate by (pod)"),
        (answer("scalar", SAMPLE), Outcome.INVALID, "the query answers with something that has no series"),
        (vector("1", warnings=["one store did not answer"]), Outcome.PARTIAL, "Prometheus warned that its answer may be incomplete: see that every store behind it answers"),
        (Reply(b"", status=422), Outcome.UNREACHABLE, "Prometheus could not evaluate the query (HTTP 422)"),
    ],
)
def test_samples_are_known_only_from_a_full_answer(fake: FakePrometheus, reply: Reply, outcome: Outcome, detail: str) -> None:
    fake.reply = reply
    found = ask_by(fake, "pod")
    assert (found.outcome, found.detail, len(found.samples)) == (outcome, detail, 0)


def test_a_series_that_reports_no_number_is_absent_and_the_others_count(fake: FakePrometheus) -> None:
    fake.reply = series(("a", "200", "NaN"), ("b", "200", "4"))
    assert [sample.value for sample in ask_by(fake, "pod").samples] == [4.0]


def test_too_many_series_are_refused_with_the_labels_to_look_at(fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_SERIES", 2)
    fake.reply = series(("a", "1", "1"), ("a", "2", "1"), ("a", "3", "1"))
    found = ask_by(fake, "pod", "status")
    assert found.outcome is Outcome.INVALID
    assert found.detail == "the query answers with more than 2 series: look for a label (pod, status) that has too many values"


@pytest.mark.parametrize("seconds", [-3600, -45, 45, 3600])
def test_clocks_that_are_apart_are_named_and_asked_again_later(fake: FakePrometheus, seconds: float) -> None:
    fake.ahead = seconds
    client = PrometheusClient(Endpoint(url=fake.url))
    for _ in range(BREAK_AFTER + 1):
        found = client.ask("up", at=AT)
        assert found.outcome is Outcome.UNREACHABLE
        assert found.detail == "the clock of Prometheus and the one here differ by more than 30 s: synchronise both machines (NTP)"
    fake.ahead = 0
    assert client.ask("up", at=AT).value == 1.0, "a clock is no reason to stop asking"


@pytest.mark.parametrize("seconds", [-15, 0, 15])
def test_a_little_between_the_clocks_is_nothing(fake: FakePrometheus, seconds: float) -> None:
    fake.ahead = seconds
    assert ask(fake).value == 1.0


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026"])
def test_an_answer_without_a_readable_date_says_nothing_of_clocks(fake: FakePrometheus, date: str) -> None:
    fake.date = date
    assert ask(fake).value == 1.0


def test_a_slow_answer_is_no_clock_that_is_behind(fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saferollout.shell.prometheus.MOST_SECONDS_APART", 1.0)
    fake.reply = Reply(vector("1").body, seconds=2.5)
    assert ask(fake).value == 1.0
