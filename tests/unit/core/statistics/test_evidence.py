"""The evidence that one arm is worse: what it promises, checked against SciPy's distributions and by simulation."""

from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saferollout.core.statistics.evidence import (
    ONE_WINDOW,
    RATIOS,
    log_likelihood_ratio,
    log_likelihood_ratios,
    onset_weight,
    swapped,
    trace,
)
from tests.unit.core.statistics.traffic_by_hand import window, windows

NEVER = 1e300
counts = st.integers(0, 60)
totals = st.integers(1, 5000)


@settings(deadline=None)
@given(k=counts, new=totals, old=totals, ratio=st.sampled_from([ratio for ratio, _ in RATIOS]), tolerance=st.sampled_from([1.0, 1.2, 2.0]))
def test_one_window_is_an_exact_e_value_where_the_new_arm_is_as_bad_as_is_tolerated(k: int, new: int, old: int, ratio: float, tolerance: float) -> None:
    chance = tolerance * new / (tolerance * new + old)
    x = np.arange(k + 1)
    gains = [exp(log_likelihood_ratio(window(0, n, k - n, new_total=new, old_total=old), ratio=ratio, tolerance=tolerance)) for n in x.tolist()]
    assert float(np.dot(stats.binom.pmf(x, k, chance), gains)) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("wished", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("tolerance", [1.0, 1.2, 2.0])
@pytest.mark.parametrize(("new", "old"), [(150, 600), (40, 60), (500, 500), (9, 1)])
def test_one_window_is_an_exact_e_value_also_where_bad_events_are_a_large_part(wished: float, tolerance: float, new: int, old: int) -> None:
    """Checked against SciPy's distribution, at the odds that belong to the tolerated ratio of rates."""
    k = min(round((new + old) * wished), new + old - 1)
    share = k / (new + old)
    low = share / (1 + (tolerance - 1) * new / (new + old))
    high = min(low * tolerance, (1 + low) / 2)
    chance = stats.nchypergeom_fisher(new + old, k, new, high * (1 - low) / (low * (1 - high)))
    x = np.arange(max(0, k - old), min(k, new) + 1)
    gains = [log_likelihood_ratios(window(0, n, k - n, new_total=new, old_total=old), tolerance=tolerance, proportion=True) for n in x.tolist()]
    for index in range(len(RATIOS)):
        assert float(np.dot(chance.pmf(x), [exp(gain[index]) for gain in gains])) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("events", [(400_000, 1_600_000), (1_000_000, 0), (0, 1_000_000), (999_999, 4_000_000)])
def test_large_counts_of_a_large_part_are_soon_worked_out(events: tuple[int, int]) -> None:
    gains = log_likelihood_ratios(window(0, *events, new_total=1_000_000, old_total=4_000_000), tolerance=1.2, proportion=True)
    assert all(-inf < gain < inf for gain in gains)


@settings(deadline=None)
@given(new=counts, old=counts, new_total=totals, old_total=totals, factor=st.floats(0.01, 100))
def test_only_the_share_of_the_arms_counts_and_not_how_high_the_common_rate_is(
    new: int, old: int, new_total: int, old_total: int, factor: float
) -> None:
    once = window(0, new, old, new_total=new_total, old_total=old_total)
    more = window(0, new, old, new_total=new_total * factor, old_total=old_total * factor)
    for ratio, _ in RATIOS:
        assert log_likelihood_ratio(more, ratio=ratio, tolerance=1.2) == pytest.approx(log_likelihood_ratio(once, ratio=ratio, tolerance=1.2), abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=20))
def test_windows_without_any_bad_event_bring_no_evidence(seen: list[tuple[int, int]]) -> None:
    found = trace(windows(seen), [1.0] * len(seen), tolerance=1.2, wanted=NEVER)
    quiet = trace(windows([*seen, (0, 0), (0, 0)]), [1.0] * (len(seen) + 2), tolerance=1.2, wanted=NEVER)
    # Only the weight of trouble that begins there is added.
    assert found.highest <= quiet.highest <= found.highest + onset_weight(len(seen)) + onset_weight(len(seen) + 1) + 1e-9 * found.highest


@settings(deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=20), st.floats(1.0, 50.0))
def test_dividing_by_a_dispersion_never_brings_an_alarm_forward_in_one_window(seen: list[tuple[int, int]], spread: float) -> None:
    for one in windows(seen):
        plain = trace([one], [1.0], tolerance=1.2, wanted=NEVER)
        divided = trace([one], [spread], tolerance=1.2, wanted=NEVER)
        assert divided.highest <= max(1.0, plain.highest) + 1e-9


def test_the_weights_of_where_trouble_begins_and_of_how_bad_it_is_add_up_to_one() -> None:
    horizon = 100_000
    assert sum(onset_weight(number) for number in range(horizon)) == pytest.approx(1.0, abs=1e-3)
    assert sum(onset_weight(number) for number in range(horizon)) <= 1.0
    assert sum(weight for _, weight in RATIOS) == pytest.approx(1.0)


@pytest.mark.parametrize("tolerance", [1.0, 2.0])
def test_the_chance_that_it_ever_reaches_one_over_alpha_is_at_most_alpha(tolerance: float) -> None:
    """Ville's inequality, at the worst ratio that is tolerated, looked at after each of 120 windows."""
    random = np.random.default_rng(20)
    runs, alpha = 250, 0.1
    new, old = random.poisson(1.5 * tolerance, (runs, 120)), random.poisson(6, (runs, 120))
    found = [
        trace(windows(list(zip(map(float, new[run]), map(float, old[run]), strict=True))), [1.0] * 120, tolerance=tolerance, wanted=1 / alpha)
        for run in range(runs)
    ]
    share = sum(one.alarm is not None for one in found) / runs
    # Not a test that can't fail: the same traffic alarms far more often where less is tolerated than is there.
    assert share <= alpha
    stricter = [trace(windows(list(zip(map(float, new[run] * 2), map(float, old[run]), strict=True))), [1.0] * 120, tolerance=tolerance, wanted=1 / alpha) for run in range(30)]
    assert sum(one.alarm is not None for one in stricter) >= 27


def test_one_window_alone_is_never_enough() -> None:
    found = trace(windows([(150, 0)]), [1.0], tolerance=1.2, wanted=100)
    assert found.alarm is None
    assert found.highest <= 100**ONE_WINDOW
    assert trace(windows([(150, 0)] * 2), [1.0] * 2, tolerance=1.2, wanted=100).alarm == 1


def test_trouble_that_begins_late_is_found_and_dated_to_the_window_it_began_in() -> None:
    good, bad = [(1.0, 6.0), (2.0, 5.0)] * 30, [(14.0, 6.0)] * 6
    found = trace(windows([*good, *bad]), [1.0] * 66, tolerance=1.2, wanted=500)
    assert found.alarm is not None
    assert found.alarm <= 63
    assert found.onset == 60


def test_nothing_after_the_alarm_changes_it() -> None:
    bad = windows([(14.0, 6.0)] * 6)
    found = trace(bad, [1.0] * 6, tolerance=1.2, wanted=500)
    assert found.alarm is not None
    longer = trace([*bad, *windows([(0.0, 60.0)] * 20, first=6)], [1.0] * 26, tolerance=1.2, wanted=500)
    assert longer == found


def test_no_counts_are_too_large() -> None:
    found = trace(windows([(1e9, 1e9)] * 300), [1.0] * 300, tolerance=1.2, wanted=1e6)
    assert found.alarm is not None
    assert found.highest < inf
    assert trace(windows([(0, 1e9)] * 300), [1.0] * 300, tolerance=1.2, wanted=1e6).highest <= 1


def test_swapping_the_arms_twice_changes_nothing() -> None:
    one = window(3, 1, 2, new_total=3, old_total=4)
    assert swapped(one) == window(3, 2, 1, new_total=4, old_total=3)
    assert swapped(swapped(one)) == one
