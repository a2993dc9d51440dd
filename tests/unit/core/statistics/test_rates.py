"""Counts without a second arm: against a known rate, and against what was counted before."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from saferollout.core.statistics.dispersion import Unmeasured
from saferollout.core.statistics.incomplete_gamma import log_upper_gamma
from saferollout.core.statistics.judge_rate import judge_rate
from saferollout.core.statistics.rates import KnownRate, log_gamma_mixture, rate_before
from saferollout.core.statistics.readings import Verdict
from saferollout.core.statistics.windows import Interval
from tests.unit.core.statistics.traffic_by_hand import instant, timed

RATE = 1 / 15
"""One event in each window."""

BEFORE = timed([1, 0, 2, 1, 0, 1, 2, 1] * 10, first=-80)


@settings(deadline=None)
@given(a=st.floats(0.01, 1e5), factor=st.floats(0.0, 20.0))
def test_the_incomplete_gamma_function_is_scipys(a: float, factor: float) -> None:
    x = a * factor
    expected = float(special.gammaincc(a, x))
    if expected > 1e-290:
        assert log_upper_gamma(a, x) == pytest.approx(log(expected), rel=1e-8, abs=1e-8)


def test_it_goes_on_where_scipys_is_zero() -> None:
    assert special.gammaincc(2.0, 5000.0) == 0
    assert log_upper_gamma(2.0, 5000.0) == pytest.approx(log(5001) - 5000)


@pytest.mark.parametrize(("a", "x"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (float("nan"), 1.0)])
def test_it_is_not_defined_everywhere(a: float, x: float) -> None:
    with pytest.raises(ValueError, match="needs a > 0"):
        log_upper_gamma(a, x)


@pytest.mark.parametrize(("events", "seconds"), [(0, 60), (3, 60), (12, 60), (40, 600)])
def test_the_mixture_is_the_mean_of_likelihood_ratios_over_higher_rates(events: int, seconds: float) -> None:
    """The same by numerical integration: a Gamma(1, 1/(4 rate)) cut off below the rate."""
    prior = stats.expon(scale=4 * RATE)

    def integrand(rate: float) -> float:
        return float(prior.pdf(rate) / prior.sf(RATE) * (rate / RATE) ** events * np.exp(-(rate - RATE) * seconds))

    expected, _ = integrate.quad(integrand, RATE, 60 * RATE, limit=500)
    assert log_gamma_mixture(events, seconds, rate=RATE) == pytest.approx(log(expected), abs=1e-3)


def test_the_mixture_is_an_e_value_at_the_known_rate_and_below() -> None:

    def mean(rate: float) -> float:
        return sum(exp(stats.poisson.logpmf(events, rate * 300) + log_gamma_mixture(events, 300, rate=RATE)) for events in range(3000))

    assert mean(RATE) == pytest.approx(1.0, abs=1e-6)
    assert mean(RATE / 2) < 0.9


@pytest.mark.parametrize("against", [KnownRate(RATE), rate_before(BEFORE)], ids=["known", "counted before"])
def test_a_rate_that_rises_late_is_found_and_dated(against: KnownRate) -> None:
    reading = judge_rate(timed([1, 0, 2, 1] * 5 + [12] * 6), against=against)
    assert reading.verdict is Verdict.WORSE
    assert reading.onset == instant(20)
    assert reading.new_rate == pytest.approx(12 / 15)
    assert reading.ratio == pytest.approx(12, rel=0.1)
    longer = judge_rate(timed([1, 0, 2, 1] * 5 + [12] * 6 + [0] * 50), against=against)
    assert longer == reading


@pytest.mark.parametrize("against", [KnownRate(RATE), rate_before(BEFORE)], ids=["known", "counted before"])
def test_a_rate_that_stays_passes_in_the_end_and_says_until_then_how_long(against: KnownRate) -> None:
    early, late = judge_rate(timed([1]), against=against), judge_rate(timed([1, 0, 2, 1] * 10), against=against)
    assert early.verdict is Verdict.TOO_LITTLE
    assert early.missing_seconds is not None
    assert 15 < early.missing_seconds < 300
    assert late.verdict is Verdict.CLEAR
    between = judge_rate(timed([2] * 30), against=against, gates=10**9, ratio=2)
    assert between.verdict is Verdict.WATCHING


def test_bursts_before_the_release_make_it_slower() -> None:
    bursty = rate_before(timed([8, 0, 0, 0, 0, 0, 0, 0] * 10, first=-80))
    calm = rate_before(BEFORE)
    assert isinstance(bursty.phi, float)
    assert isinstance(calm.phi, float)
    assert bursty.rate == calm.rate
    assert calm.phi < 1.3
    assert bursty.phi > 5
    seen = timed([6] * 2)
    assert judge_rate(seen, against=bursty).evidence < judge_rate(seen, against=calm).evidence


def test_little_history_tolerates_more_and_none_tells_nothing() -> None:
    assert rate_before(BEFORE[:5]).phi is Unmeasured.NO_BASELINE
    assert rate_before(timed([0] * 79 + [1])).phi is Unmeasured.FEW_EVENTS
    assert rate_before(timed([0] * 80)).tolerance == 2
    # Nothing before and some now is evidence; no time before is none.
    assert judge_rate(timed([3] * 20), against=rate_before(timed([0] * 80, first=-80))).verdict is Verdict.WORSE
    assert judge_rate(timed([3] * 20), against=rate_before([])).verdict is Verdict.TOO_LITTLE


def test_windows_of_a_time_set_aside_do_not_count() -> None:
    outage = Interval(start=instant(3), end=instant(6))
    assert judge_rate(timed([1, 1, 1, 60, 60, 60, 60, 60, 1, 1]), against=KnownRate(RATE), without=[outage]).verdict is not Verdict.WORSE
    assert judge_rate(timed([1, 1, 1, 60, 60, 60, 60, 60, 1, 1]), against=KnownRate(RATE)).verdict is Verdict.WORSE


def test_against_never_there_is_no_test() -> None:
    with pytest.raises(ValueError, match="above 0"):
        KnownRate(0.0)


@pytest.mark.parametrize("counted", [False, True], ids=["known", "counted before"])
def test_false_alarms_stay_below_alpha_although_it_looks_after_every_window(counted: bool) -> None:
    random = np.random.default_rng(5)
    runs, alpha, alarms = 150, 0.1, 0
    for _ in range(runs):
        against = rate_before(timed(random.poisson(1, 80).tolist(), first=-80)) if counted else KnownRate(RATE)
        alarms += judge_rate(timed(random.poisson(1, 60).tolist()), against=against, alpha=alpha).verdict is Verdict.WORSE
    assert alarms / runs <= alpha
    found = sum(judge_rate(timed(random.poisson(4, 60).tolist()), against=KnownRate(RATE), alpha=alpha).verdict is Verdict.WORSE for _ in range(20))
    assert found == 20


@pytest.mark.parametrize("counted", [False, True], ids=["known", "counted before"])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_alarm_is_missed_by_weighing_only_windows_that_could_bring_one(counted: bool, data: st.DataObject) -> None:
    seen = timed(data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=30)))
    before = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=30))
    against = rate_before(timed(before, first=-40)) if counted else KnownRate(RATE)
    gates = data.draw(st.integers(1, 200))
    # The last window is always weighed: so this looks after each of them, whatever it could bring.
    looks = [judge_rate(seen[: last + 1], against=against, gates=gates) for last in range(len(seen))]
    first = next((last for last, reading in enumerate(looks) if reading.evidence >= gates / 0.01), None)
    alarm = judge_rate(seen, against=against, gates=gates)
    assert (alarm.windows - 1 if alarm.verdict is Verdict.WORSE else None) == first
