"""Growth of counters between two instants, as the scene counts what a release costs."""

from typing import Any

import pytest

from localcluster.opencore import counts, series
from localcluster.opencore.counts import Counts
from localcluster.opencore.series import Between, Series

SPAN = Between(url="http://127.0.0.1:1", start=100.0, end=160.0)


def answers(monkeypatch: pytest.MonkeyPatch, module: Any, by_query: dict[str, list[Series]]) -> None:
    monkeypatch.setattr(module, "ask", lambda _url, promql, *, at=None: next(found for part, found in by_query.items() if part in promql))


def test_a_counter_that_was_not_there_counts_from_zero_and_one_that_is_gone_up_to_its_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    last = [Series({"pod": "old"}, 50.0), Series({"pod": "new"}, 7.0)]
    answers(monkeypatch, series, {"max_over_time(hits_total": last, "hits_total": [Series({"pod": "old"}, 40.0)]})
    assert {found.labels["pod"]: found.value for found in SPAN.growth("hits_total")} == {"old": 10.0, "new": 7.0}


def test_every_answer_but_2xx_is_a_failed_request(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [Series({"status": status}, value) for status, value in {"200": 90.0, "201": 5.0, "422": 3.0, "CLIENT_ERROR": 2.0}.items()]
    answers(monkeypatch, counts, {"user.events-dlt": [Series({}, 4.0)], "http_client": requests})
    assert counts.count("http://127.0.0.1:1") == Counts(dead_letters=4, requests=100, failed=5)


def test_what_a_release_cost_is_what_came_after_its_start() -> None:
    before, after = Counts(dead_letters=1, requests=10, failed=2), Counts(dead_letters=4, requests=30, failed=2)
    assert str(after.since(before)) == "dead letters 3, failed requests 0 of 20"
