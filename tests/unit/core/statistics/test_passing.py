"""Passing takes evidence: how much, and what it says is missing."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saferollout.core.statistics.passing import Passing, _log_calm, least_requests, passed
from tests.unit.core.statistics.traffic_by_hand import window


def weigh(windows: int, new: float, old: float, *, new_total: float = 150, passing: Passing | None = None, spread: float = 1.0) -> tuple[bool, bool, float | None]:
    seen = [window(number, new, old, new_total=new_total) for number in range(windows)]
    found = passed(seen, [spread] * windows, passing=passing or Passing())
    return found.shown, found.exposed, found.missing


def test_no_bad_event_proves_nothing_before_there_were_requests_enough() -> None:
    needed = least_requests(0.05, rate=0.01)
    assert needed >= log(1 / 0.05) / 0.01
    assert weigh(1, 0, 0, new_total=0.9 * needed) == (False, False, pytest.approx(0.1 * needed))
    assert weigh(1, 0, 0, new_total=needed + 1) == (True, True, 0.0)


def test_bursty_traffic_needs_more_requests() -> None:
    needed = least_requests(0.05, rate=0.01)
    shown, exposed, missing = weigh(1, 0, 0, new_total=needed, spread=2)
    assert not shown
    assert not exposed
    assert missing == pytest.approx(needed)


def test_a_high_common_rate_passes_by_comparison() -> None:
    assert weigh(1, 2, 8)[0] is False
    assert weigh(12, 6, 24)[0] is True


def test_more_of_what_does_not_grow_is_not_asked_for() -> None:
    shown, exposed, missing = weigh(20, 8, 10)
    assert not shown
    assert exposed
    assert missing is None


def test_as_many_requests_as_it_says_are_missing_are_enough() -> None:
    shown, _, missing = weigh(2, 1.5, 6, passing=Passing(rate=None))
    assert not shown
    assert missing is not None
    enough = 2 + missing / 150
    assert weigh(int(enough), 1.5, 6, passing=Passing(rate=None))[0] is False
    assert weigh(int(enough) + 1, 1.5, 6, passing=Passing(rate=None))[0] is True


def test_without_a_rate_exposure_is_what_equal_arms_would_have_needed() -> None:
    assert weigh(1, 3, 6, passing=Passing(rate=None))[1] is False
    assert weigh(30, 4.5, 6, passing=Passing(rate=None))[1] is True


@settings(deadline=None, max_examples=30)
@given(requests=st.integers(1, 3000), rate=st.sampled_from([0.01, 0.05, 0.3]))
def test_the_evidence_for_a_low_rate_is_at_most_one_on_average_at_the_rate_to_be_ruled_out(requests: int, rate: float) -> None:
    x = np.arange(requests + 1)
    # Where the chance is nil the evidence is beyond what a float holds.
    weights = [exp(min(_log_calm(float(events), requests * rate), 700.0)) for events in x.tolist()]
    assert float(np.dot(stats.binom.pmf(x, requests, rate), weights)) <= 1 + 1e-9
