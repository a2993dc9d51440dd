"""A release is compared with the time before it: the scene waits until that was calm."""

import math
import time

import pytest

from localcluster.opencore import guarding
from localcluster.opencore.counts import Counts
from localcluster.opencore.series import Series

SECONDS = 200.0
BEFORE = Counts(dead_letters=3, requests=5_000, failed=40)
CALM = Counts(dead_letters=3, requests=10_000, failed=42)


def is_calm(monkeypatch: pytest.MonkeyPatch, *, now: Counts = CALM, before: Counts = BEFORE, misses: float = 0.04) -> bool:
    def count(_url: str, *, at: float | None = None) -> Counts:
        assert at is None or at == pytest.approx(time.time() - SECONDS, abs=5)
        return now if at is None else before

    monkeypatch.setattr(guarding, "count", count)
    monkeypatch.setattr(guarding, "ask", lambda _url, _promql: [Series({}, misses)])
    return guarding.is_past_calm("http://127.0.0.1:1", seconds=SECONDS)


def test_a_past_with_hardly_a_failed_request_is_calm_whatever_failed_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_calm(monkeypatch)
    assert is_calm(monkeypatch, misses=math.nan)


@pytest.mark.parametrize(
    "now",
    [Counts(dead_letters=4, requests=10_000, failed=40), Counts(dead_letters=3, requests=10_000, failed=46)],
    ids=["a dead letter", "failed requests"],
)
def test_a_past_with_trouble_is_not(monkeypatch: pytest.MonkeyPatch, now: Counts) -> None:
    assert not is_calm(monkeypatch, now=now)


def test_a_past_in_which_two_formats_met_in_the_cache_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_calm(monkeypatch, misses=0.4)


def test_nor_is_one_that_nobody_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_calm(monkeypatch, before=Counts(dead_letters=0, requests=0, failed=0), now=Counts(dead_letters=0, requests=100, failed=0))
