"""How soon a good release is shown to be good, and how often a bad one is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.detection.traffic import SCRAPE_SECONDS, Played, Traffic
from bench.table import Row, median
from saferollout.core.statistics.judge import judge
from saferollout.core.statistics.passing import Passing
from saferollout.core.statistics.readings import Verdict

_LOOKS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 120)
_BETA: Final = Passing().beta


def passing_rows(runs: int, *, seed: int) -> list[Row]:
    """Measure the time to CLEAR with nothing wrong, and wrong passes where the new pods are as bad as what has to be ruled out."""
    clean, rare = Traffic(), Traffic(base=0.0001)
    worst = Traffic(ratio=Passing().ratio)
    return [
        _time("1 % base", clean, runs, seed),
        _time("0.01 % base", rare, runs, seed),
        _wrong(worst, runs, seed),
    ]


def _time(name: str, traffic: Traffic, runs: int, seed: int) -> Row:
    passes = [float("inf") if look is None else float(look * SCRAPE_SECONDS) for look in _passes(traffic, runs, seed)]
    return Row(
        what=f"time until a release with nothing wrong is shown to be well: {name}",
        wanted="a number",
        measured=f"median {median(passes):.0f} s",
        measured_on=f"{runs} releases; less than 3 times as bad, or below 1 %, at level {_BETA:.0%}; looked at {len(_LOOKS)} times; seed {seed}",
    )


def _wrong(traffic: Traffic, runs: int, seed: int) -> Row:
    share = sum(look is not None for look in _passes(traffic, runs, seed)) / runs
    return Row(
        what="releases shown to be well before any alarm although the new pods are 3 times as bad (3 %)",
        wanted=f"at most {_BETA:.0%} for each of the two ways to show it",
        measured=f"{share:.1%}",
        measured_on=f"{runs} releases, looked at {len(_LOOKS)} times; seed {seed}",
        kept=share <= 2 * _BETA,
    )


def _passes(traffic: Traffic, runs: int, seed: int) -> Iterator[int | None]:
    return (_first_pass(played) for played in traffic.play(runs, seed=seed))


def _first_pass(played: Played) -> int | None:
    for look in _LOOKS:
        reading = judge(played.windows[:look], baseline=played.baseline, during=played.during[:look])
        if reading.verdict is Verdict.CLEAR:
            return look
        if reading.verdict is Verdict.WORSE:
            return None
    return None
