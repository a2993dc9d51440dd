"""The measured overdispersion: from pods of one revision, from the past only, never below 1 and never falling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saferollout.core.statistics.dispersion import (
    Baseline,
    Dispersion,
    Unmeasured,
    left_to_chance,
    measure_baseline,
    splits,
    squared_distance,
)
from saferollout.core.statistics.windows import Interval, PodCounts
from tests.unit.core.statistics.traffic_by_hand import bursty_baseline, calm_baseline, instant, pods, window


def drawn(looks: int, *, precision: float | None, seed: int = 1, rate: float = 0.01) -> list[PodCounts]:
    random = np.random.default_rng(seed)
    rates = np.full((looks, 5), rate) if precision is None else random.beta(rate * precision, (1 - rate) * precision, (looks, 5))
    return [pods(number - looks, *map(float, random.binomial(150, rates[number]))) for number in range(looks)]


def measured(looks: list[PodCounts]) -> Baseline:
    found = measure_baseline(looks, proportion=True)
    assert isinstance(found, Baseline)
    return found


@pytest.mark.parametrize(("count", "small", "ways"), [(2, 1, 1), (4, 1, 4), (5, 1, 5), (10, 2, 5), (23, 5, 4)])
def test_pods_are_split_about_20_to_80_in_several_ways(count: int, small: int, ways: int) -> None:
    found = splits(pods(0, *range(count)))
    assert len(found) == ways
    for split in found:
        assert split.new_total == 150 * small
        assert split.new_total + split.old_total == 150 * count
        assert split.new_events + split.old_events == sum(range(count))


def test_pods_without_requests_take_no_part_and_one_pod_alone_can_not_be_split() -> None:
    assert splits(PodCounts(at=instant(0), pods={"a": (1, 10), "b": (0, 0)})) == ()


def test_events_one_by_one_give_a_distance_of_one_on_average() -> None:
    assert measured(drawn(2000, precision=None)).mean == pytest.approx(1.0, abs=0.05)


def test_bursts_give_nearly_what_they_add_to_the_variance() -> None:
    """A Beta of precision 200 makes 150 requests scatter 1 + 149/201 times as much (beta-binomial distribution).

    A mean over windows sees a little less, since windows with many events, where bursts are, count no more than others.
    """
    assert 0.8 * (1 + 149 / 201) < measured(drawn(4000, precision=200)).mean < 1 + 149 / 201


def test_shares_of_a_whole_scatter_less_than_counts_and_that_is_allowed_for() -> None:
    assert measured(drawn(2000, precision=None, rate=0.3)).mean == pytest.approx(1.0, abs=0.05)


def test_it_says_why_it_can_not_be_measured() -> None:
    assert measure_baseline(calm_baseline(9), proportion=True) is Unmeasured.NO_BASELINE
    assert measure_baseline([pods(number - 40, 3) for number in range(40)], proportion=True) is Unmeasured.FEW_PODS
    assert measure_baseline([pods(number - 40, *([1 if number < 19 else 0] + [0] * 4)) for number in range(40)], proportion=True) is Unmeasured.FEW_EVENTS
    outage = Interval(start=instant(-40), end=instant(-2))
    assert measure_baseline(calm_baseline(), proportion=True, without=[outage]) is Unmeasured.NO_BASELINE


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), max_size=60))
def test_phi_never_falls_and_is_never_below_one(distances: list[float]) -> None:
    dispersion = Dispersion(measured(calm_baseline()))
    before = dispersion.phi
    assert before >= 1
    for distance in distances:
        dispersion.learn(distance)
        assert dispersion.phi >= before
        before = dispersion.phi


def test_a_long_history_does_not_drown_bursts_that_begin_with_the_release() -> None:
    short, long = Dispersion(measured(drawn(40, precision=None))), Dispersion(measured(drawn(2000, precision=None)))
    for _ in range(20):
        short.learn(5.0)
        long.learn(5.0)
    assert long.phi > 2
    assert long.phi == pytest.approx(short.phi, rel=0.3)


def test_a_window_with_far_more_events_than_phi_was_measured_on_is_divided_by_more() -> None:
    dispersion = Dispersion(measured(bursty_baseline()))
    usual, heavy, heavier = (dispersion.spread(window(0, few, 4 * few)) for few in (2, 60, 600))
    assert usual == dispersion.phi > 1
    assert usual < heavy < heavier


def test_nothing_can_be_compared_without_a_bad_event() -> None:
    assert squared_distance(splits(pods(0, 0, 0, 0)), proportion=True) is None


def test_counts_over_seconds_are_no_shares() -> None:
    assert left_to_chance(window(0, 60, 240), proportion=True) == pytest.approx(0.6)
    assert left_to_chance(window(0, 60, 240), proportion=False) == 1
    assert left_to_chance(window(0, 200, 240), proportion=True) == 1  # more events than requests: something else is counted
    assert 0 < left_to_chance(window(0, 150, 600), proportion=True) <= 0.05
