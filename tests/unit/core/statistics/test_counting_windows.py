"""Which windows count."""

from dataclasses import replace
from math import inf, nan

import pytest

from saferollout.core.statistics.counting_windows import has_both_arms, has_new_arm, in_order
from saferollout.core.statistics.windows import Interval
from tests.unit.core.statistics.traffic_by_hand import instant, window, windows


def test_windows_come_by_time_and_each_instant_once() -> None:
    first, second = windows([(1, 1), (2, 2)])
    assert in_order([second, first, second]) == [first, second]
    assert in_order([]) == []


def test_a_window_that_shares_a_moment_with_an_interval_does_not_count() -> None:
    five = windows([(0, 0)] * 5)
    outage = Interval(start=instant(1), end=instant(2))
    # 1 and 2 end in it; 3 begins at its last moment.
    assert in_order(five, without=[outage]) == [five[0], five[4]]


def test_a_window_after_a_gap_may_hold_what_happened_in_the_gap() -> None:
    early, late = window(0, 0, 0), window(9, 0, 0)
    assert in_order([early, late], without=[Interval(start=instant(4), end=instant(5))]) == [early]


@pytest.mark.parametrize("broken", [nan, inf, -1.0])
def test_a_number_that_is_no_count_makes_a_window_say_nothing(broken: float) -> None:
    good = window(0, 1, 1)
    assert has_both_arms(good)
    assert not has_both_arms(replace(good, old_events=broken))
    assert not has_both_arms(replace(good, old_total=broken))
    assert not has_new_arm(replace(good, new_total=broken))


def test_an_arm_without_requests_can_not_be_compared() -> None:
    assert not has_both_arms(window(0, 1, 0, old_total=0))
    assert has_new_arm(window(0, 1, 0, old_total=0))
    assert not has_new_arm(window(0, 0, 1, new_total=0))
