"""The simulated numbers in small; `python -m bench detect` measures them in full."""

import pytest

from bench.detection.measuring import rows
from bench.detection.playing import OwnRule, delays, false_alarms
from bench.detection.rivals import Threshold, wald_seconds
from bench.detection.traffic import Bursts, Traffic

SEED = 11


@pytest.mark.parametrize(
    "traffic",
    [Traffic(), Traffic(outage=range(50, 66)), Traffic(bursts=Bursts.BETA_200), Traffic(bursts=Bursts.GAMMA_HALF, outage=range(50, 66))],
    ids=["clean", "outage", "bursts", "outage with relative bursts"],
)
def test_good_releases_are_not_held(traffic: Traffic) -> None:
    assert false_alarms(traffic, [OwnRule()], releases=8, seed=SEED) == [0.0]


@pytest.mark.parametrize(
    ("traffic", "seconds"),
    [
        (Traffic(ratio=10), 30),
        (Traffic(ratio=5), 60),
        (Traffic(ratio=3), 180),
        (Traffic(ratio=5, bursts=Bursts.BETA_200), 105),
        (Traffic(ratio=10, onset=60), 60),
    ],
    ids=["10", "5", "3", "5 in bursts", "10 late"],
)
def test_bad_releases_are_held_soon(traffic: Traffic, seconds: int) -> None:
    """One look more than is promised for the median: it is of few runs here."""
    found = delays(traffic, [OwnRule()], runs=60, seed=SEED)[0]
    assert found.median <= seconds
    assert found.early == 0


def test_no_test_is_faster_than_walds_bound() -> None:
    found = delays(Traffic(ratio=3), [OwnRule()], runs=60, seed=SEED)[0]
    assert sum(found.seconds) / len(found.seconds) > wald_seconds(3, alpha=0.002, base=0.01)


def test_a_threshold_does_not_tell_an_outage_from_a_bad_release() -> None:
    assert false_alarms(Traffic(outage=range(50, 66)), [Threshold(limit=0.05, failure_limit=3)], releases=4, seed=SEED) == [1.0]


def test_the_same_seed_plays_the_same_release() -> None:
    first, second = (next(Traffic(bursts=Bursts.BETA_200).play(1, seed=SEED)) for _ in range(2))
    assert first.windows == second.windows
    assert first.baseline == second.baseline
    assert first.windows != next(Traffic(bursts=Bursts.BETA_200).play(1, seed=SEED + 1)).windows


def test_the_bench_fills_its_table() -> None:
    found = rows(null_releases=1, rarer_releases=4, bad_releases=4)
    assert all(row.measured for row in found)
    assert len({row.what for row in found}) == len(found)
