"""Slow answers, counted by buckets or, without them, by the means of pods; judged as any other count."""

from collections.abc import Callable

import pytest

from saferollout.core.analysis.asking import series_questions
from saferollout.core.diagnosis.evidence import Against, Arm, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import BUCKETS, PodWork, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def _takes(seconds: Callable[[WatchedCluster, bool], float], *, buckets: tuple[float, ...] = BUCKETS, sums: bool = True, rate: int = 5) -> PodWork:
    """Have answers take about so long, each a little differently."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        took = [seconds(shop, is_new(revision)) * shop.rng.lognormvariate(0, 0.6) for _ in range(rate)]
        if sums:
            shop.count("http_server_requests_seconds_sum", sum(took), namespace="shop", pod=pod)
        for edge in (*buckets, *([float("inf")] if buckets else [])):
            le = "+Inf" if edge == float("inf") else f"{edge:g}"
            shop.count("http_server_requests_seconds_bucket", sum(one <= edge for one in took), namespace="shop", pod=pod, le=le)

    return work


def _standings(told: Released) -> tuple[Standing, Standing]:
    return told.reading(Symptom.SLOW, Arm.NEW, Against.OTHER_ARM).standing, told.reading(Symptom.SLOW, Arm.ALL).standing


@pytest.mark.parametrize("buckets", [BUCKETS, ()], ids=["buckets", "sums"])
def test_new_pods_that_answer_three_times_as_slowly_are_named_a_plain_bug(buckets: tuple[float, ...]) -> None:
    told = released(answers(), _takes(lambda shop, new: 0.15 if new else 0.05, buckets=buckets)).after(300)
    assert told.reading(Symptom.SLOW, Arm.NEW, Against.OTHER_ARM).standing is Standing.WORSE
    assert told.told is not None and told.told.finding.cause is Cause.PLAIN_BUG
    assert "slow answers" in told.told.finding.sentence


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("buckets", [BUCKETS, ()], ids=["buckets", "sums"])
def test_answers_that_take_as_long_as_ever_are_not_slow(buckets: tuple[float, ...], seed: int) -> None:
    told = released(answers(), _takes(lambda shop, new: 0.05, buckets=buckets), seed=seed).after(600)
    assert not told.worse()


def test_new_pods_that_are_slow_for_their_first_minutes_are_warming_up() -> None:
    def seconds(shop: WatchedCluster, new: bool) -> float:
        if new and shop.marked is None:
            shop.marked = shop.clock
        young = new and (shop.clock - shop.marked).total_seconds() < 100  # type: ignore[operator]
        return 0.5 if young else 0.05

    told = released(answers(), _takes(seconds)).after(400)
    assert not told.worse()
    assert told.reading(Symptom.SLOW, Arm.NEW, Against.OTHER_ARM).total > 0, "after it they are judged"


def test_pods_that_are_all_slower_differ_from_the_time_before_and_not_from_each_other() -> None:
    def seconds(shop: WatchedCluster, new: bool) -> float:
        if new and shop.marked is None:
            shop.marked = shop.clock
        return 0.2 if shop.marked is not None and (shop.clock - shop.marked).total_seconds() > 60 else 0.05  # type: ignore[operator]

    told = released(answers(), _takes(seconds)).after(300)
    new, everybody = _standings(told)
    assert everybody is Standing.WORSE and new is not Standing.WORSE


def test_half_as_many_slow_answers_again_are_tolerated() -> None:
    told = released(answers(), _takes(lambda shop, new: 0.056 if new else 0.05)).after(900)
    assert not told.worse()


def test_buckets_that_all_lie_below_what_answers_take_say_nothing_of_slow_ones() -> None:
    told = released(answers(), _takes(lambda shop, new: 9.0 if new else 3.0, buckets=(0.05, 0.1))).after(300)
    assert told.told is not None
    found = [one for one in told.told.evidence.readings if one.symptom is Symptom.SLOW]
    assert [one.standing for one in found] == [Standing.CANNOT_TELL] and "buckets" in found[0].detail


def test_a_histogram_without_buckets_and_without_sums_ends_in_a_reason() -> None:
    told = released(answers(), _takes(lambda shop, new: 0.5 if new else 0.05, buckets=(), sums=False)).after(300)
    assert told.told is not None
    found = [one for one in told.told.evidence.readings if one.symptom is Symptom.SLOW]
    assert [one.standing for one in found] == [Standing.CANNOT_TELL]
    assert "percentiles-histogram" in found[0].detail, "what to switch on is said"


def test_sums_are_asked_for_only_where_there_are_no_buckets() -> None:
    for buckets, wanted in ((BUCKETS, False), ((), True)):
        told = released(answers(), _takes(lambda shop, new: 0.05, buckets=buckets))
        shop = told.shop
        snapshot = shop.snapshot()
        asked = [one.name for one in series_questions(snapshot, shop._answers(snapshot), shop.now)]
        assert any("LatencySum" in name for name in asked) is wanted
        assert len(asked) == len(set(asked))


def test_a_new_revision_with_other_buckets_is_left_out_and_not_called_slow() -> None:
    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        _takes(lambda shop, new: 0.05, buckets=(0.07, 0.3) if is_new(revision) else BUCKETS)(shop, pod, revision)

    assert not released(answers(), work).after(400).worse()
