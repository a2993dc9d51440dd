"""The reading of a release's windows: verdict, numbers, onset, and what makes it say nothing."""

from dataclasses import replace
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saferollout.core.statistics.dispersion import Unmeasured
from saferollout.core.statistics.judge import Alarm, judge
from saferollout.core.statistics.passing import Passing
from saferollout.core.statistics.readings import Arm, Reading, Verdict
from saferollout.core.statistics.windows import Interval, PodCounts
from tests.unit.core.statistics.traffic_by_hand import bursty_baseline, calm_baseline, instant, pods, window, windows

GOOD = [(2.0, 6.0), (1.0, 5.0), (1.0, 7.0)]
BAD = [(12.0, 5.0), (9.0, 7.0), (11.0, 6.0)]
BOTH = (Arm.NEW, Arm.OLD)


def read(counts: list[tuple[float, float]], *, baseline: list[PodCounts] | None = None, alarm: Alarm | None = None) -> Reading:
    return judge(windows(counts), baseline=calm_baseline() if baseline is None else baseline, alarm=alarm)


def test_new_pods_that_are_worse_are_found_with_rates_ratio_and_onset() -> None:
    reading = read([*GOOD * 5, *BAD * 3])
    assert reading.verdict is Verdict.WORSE
    assert reading.worse is Arm.NEW
    assert reading.onset == instant(15)
    assert reading.alarm_time is not None
    assert instant(16) <= reading.alarm_time <= instant(19)
    assert reading.ratio == pytest.approx(7, rel=0.3)
    assert reading.new_rate == pytest.approx(0.07, rel=0.2)
    assert reading.evidence >= reading.wanted == 100


def test_the_same_counts_on_good_pods_are_no_alarm_and_pass() -> None:
    reading = read(GOOD * 10)
    assert reading.verdict is Verdict.CLEAR
    assert reading.missing_requests == 0
    assert reading.worse is reading.onset is None


def test_old_pods_that_are_worse_are_found_only_where_asked() -> None:
    """Failure mode 5: new pods write rows that old code can't read."""
    suffering = [(1.0, 60.0), (2.0, 55.0)] * 5
    assert read(suffering).verdict is Verdict.CLEAR
    reading = read(suffering, alarm=Alarm(arms=BOTH))
    assert reading.verdict is Verdict.WORSE
    assert reading.worse is Arm.OLD
    assert reading.ratio is not None
    assert reading.ratio < 0.2
    assert reading.sentence.startswith("the old pods are worse: ")


def test_an_outage_of_both_arms_is_no_alarm() -> None:
    reading = read([*GOOD * 5, *[(60.0, 250.0), (70.0, 240.0), (55.0, 260.0)] * 5, *GOOD * 5], alarm=Alarm(arms=BOTH))
    assert reading.verdict is not Verdict.WORSE


def test_gates_and_both_arms_share_alpha() -> None:
    assert Alarm(alpha=0.01, gates=5).wanted(Arm.NEW) == pytest.approx(500)
    split = Alarm(alpha=0.01, gates=5, arms=BOTH)
    assert 1 / split.wanted(Arm.NEW) + 1 / split.wanted(Arm.OLD) == pytest.approx(0.01 / 5)
    assert read(BAD, alarm=Alarm(gates=10**12)).verdict is not Verdict.WORSE


def test_windows_of_a_time_set_aside_do_not_count() -> None:
    bad = [*GOOD * 3, *BAD * 2, *GOOD * 20]
    assert read(bad).verdict is Verdict.WORSE
    outage = Interval(start=instant(9), end=instant(14))
    reading = judge(windows(bad), baseline=calm_baseline(), without=[outage])
    assert reading.verdict is Verdict.CLEAR
    # The windows 9 to 14, and 15, which begins at the outage's last moment.
    assert reading.windows == len(bad) - 7


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), max_size=15), st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=10))
def test_what_comes_after_an_alarm_does_not_change_the_reading(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    counts = [*before, *BAD * 10]
    reading = read(counts)
    if reading.verdict is Verdict.WORSE:
        assert read([*counts, *after]) == reading


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(20)), st.sets(st.integers(0, 19)))
def test_windows_may_come_in_any_order_and_be_missing(order: list[int], missing: set[int]) -> None:
    seen = windows([*GOOD * 3, *BAD * 4][:20])
    there = [one for number, one in enumerate(seen) if number not in missing]
    shuffled = [seen[number] for number in order if number < len(seen) and number not in missing]
    assert judge(shuffled, baseline=calm_baseline()) == judge(there, baseline=calm_baseline())


def test_arms_may_change_their_size_and_be_empty_for_a_while() -> None:
    growing = [
        window(number, 0.1 * new_total * bad, 0.01 * (750 - new_total), new_total=new_total, old_total=750 - new_total)
        for number, (new_total, bad) in enumerate([(0, 1), (75, 0.1), (0, 0), (150, 0.1), (375, 1), (375, 1), (750, 1)])
    ]
    reading = judge(growing, baseline=calm_baseline())
    assert reading.verdict is Verdict.WORSE
    assert reading.onset == instant(4)


def test_numbers_that_are_no_counts_are_as_if_they_were_missing() -> None:
    broken = [replace(window(number, 50, 1), new_total=nan) for number in range(10)]
    assert judge(broken, baseline=calm_baseline()).verdict is Verdict.TOO_LITTLE
    no_requests = [window(number, 50, 1, old_total=0, new_total=0) for number in range(10)]
    assert judge(no_requests, baseline=calm_baseline()).verdict is Verdict.TOO_LITTLE


def test_without_any_window_it_says_how_many_requests_are_missing_and_not_how_long() -> None:
    reading = judge([], baseline=calm_baseline())
    assert reading.verdict is Verdict.TOO_LITTLE
    assert reading.missing_requests == pytest.approx(335, abs=1)
    assert reading.missing_seconds is None
    assert reading.new_rate is reading.ratio is None


def test_missing_time_is_told_at_the_pace_of_the_new_pods() -> None:
    reading = judge([window(number, 0, 0, new_total=10, old_total=40) for number in range(3)], baseline=[])
    assert reading.verdict is Verdict.TOO_LITTLE
    assert reading.missing_requests == pytest.approx(335 - 30, abs=1)
    assert reading.missing_seconds == pytest.approx((335 - 30) * 1.5, abs=2)


def test_bursty_pods_slow_it_down_and_are_shown() -> None:
    calm, bursty = read(BAD * 4), read(BAD * 4, baseline=bursty_baseline())
    assert isinstance(calm.phi, float)
    assert isinstance(bursty.phi, float)
    assert calm.phi < 1.3
    assert bursty.phi > 5
    assert calm.verdict is Verdict.WORSE
    assert bursty.evidence < calm.evidence


def test_bursts_of_old_pods_count_from_the_next_window_on() -> None:
    def reading(during: list[PodCounts]) -> Reading:
        return judge(windows([(3, 6), (3, 6)]), baseline=calm_baseline(), during=during)

    burst = [60.0, 0.0, 0.0, 0.0]
    none, first, last = reading([]), reading([pods(0, *burst)]), reading([pods(1, *burst)])
    assert first.evidence < none.evidence
    assert last.evidence == none.evidence
    # It is shown all the same, as it stands after the last window.
    assert last.phi == none.phi


@pytest.mark.parametrize(
    ("baseline", "why"),
    [
        ([], Unmeasured.NO_BASELINE),
        ([pods(number - 40, 3.0) for number in range(40)], Unmeasured.FEW_PODS),
        ([pods(number - 40, 0.0, 0.0) for number in range(40)], Unmeasured.FEW_EVENTS),
    ],
)
def test_where_bursts_can_not_be_measured_more_is_tolerated_and_it_says_why(baseline: list[PodCounts], why: Unmeasured) -> None:
    reading = judge(windows(BAD * 5), baseline=baseline)
    assert reading.phi is why
    assert reading.tolerance == 2
    # Twice as bad is tolerated now, and was not before.
    twice = [(6.0, 12.0)] * 80
    assert judge(windows(twice), baseline=baseline).verdict is not Verdict.WORSE
    assert judge(windows(twice), baseline=calm_baseline()).verdict is Verdict.WORSE


def test_the_plain_test_can_be_had() -> None:
    reading = read(BAD * 5, alarm=Alarm(plain=True))
    assert reading.phi is Unmeasured.NOT_WANTED
    assert reading.tolerance == 2
    assert reading.verdict is Verdict.WORSE


def test_a_share_that_is_high_anyhow_is_judged_by_comparison_alone() -> None:
    misses = [(45.0, 180.0), (47.0, 176.0), (43.0, 184.0)]
    usual = judge(windows(misses * 10), baseline=[], passing=Passing(rate=None))
    assert usual.verdict is Verdict.CLEAR
    many = judge(windows([(110.0, 180.0)] * 10), baseline=[], passing=Passing(rate=None))
    assert many.verdict is Verdict.WORSE


def test_a_sentence_stands_as_long_as_the_verdict_and_has_no_relative_times() -> None:
    assert read(GOOD * 10).sentence == read(GOOD * 12).sentence == "shown not to be worse"
    first = read([*GOOD * 3, *BAD * 4]).sentence
    assert first == read([*GOOD * 3, *BAD * 9]).sentence
    assert first.startswith("the new pods are worse: new 0.0")
    assert first.endswith(", since 2026-11-24T12:02:30Z")


def test_a_ratio_to_nothing_is_not_a_number() -> None:
    reading = read([(10.0, 0.0)] * 5)
    assert reading.verdict is Verdict.WORSE
    assert reading.ratio is None
    assert "times" not in reading.sentence
