"""Fill the tables: false alarms of good releases, and how soon a bad one is held, beside a bound and other rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bench.detection.counts import count_rows
from bench.detection.passing import passing_rows
from bench.detection.playing import ALPHA, GATES, Delays, OwnRule, Rule, delays, false_alarms
from bench.detection.rivals import BernoulliBlocks, Threshold, wald_seconds
from bench.detection.traffic import Bursts, Traffic
from bench.table import Row

NULL_RELEASES: Final = 2000
"""Of five gates each: 10,000 runs of one gate."""

RARER_RELEASES: Final = 400
BAD_RELEASES: Final = 400

_SEED: Final = 6
_OUTAGE: Final = range(50, 66)
_LATE: Final = 60
_WANTED_DELAYS: Final = {(Bursts.NONE, 3): 150, (Bursts.NONE, 5): 45, (Bursts.BETA_200, 5): 90, (Bursts.NONE, 10): 30}
_OWN: Final[Mapping[str, Rule]] = {"": OwnRule()}
_RIVALS: Final[Mapping[str, Rule]] = {
    ", plain test": OwnRule(plain=True),
    **{
        f", threshold {limit:.0%} with failureLimit {failures}": Threshold(limit=limit, failure_limit=failures)
        for limit in (0.02, 0.05)
        for failures in (1, 3)
    },
}
_AT_HIGH_SHARES: Final[Mapping[str, Rule]] = {
    ", own test": OwnRule(),
    ", own test that takes bad events to be rare": OwnRule(proportion=False),
    ", Bernoulli blocks (no tolerance)": BernoulliBlocks(alpha=ALPHA / GATES),
}


def rows(null_releases: int = NULL_RELEASES, rarer_releases: int = RARER_RELEASES, bad_releases: int = BAD_RELEASES) -> list[Row]:
    """Measure everything."""
    return [
        *_false_alarm_rows(null_releases),
        *_delay_rows(bad_releases),
        *_high_share_rows(rarer_releases // 4, bad_releases // 2),
        *passing_rows(bad_releases // 2, seed=_SEED),
        *count_rows(rarer_releases, seed=_SEED),
    ]


def _false_alarm_rows(releases: int) -> list[Row]:
    promised = {
        "clean traffic": Traffic(),
        "both arms at 40 times the errors for 4 min": Traffic(outage=_OUTAGE),
        Bursts.BETA_200.value: Traffic(bursts=Bursts.BETA_200),
    }
    beyond = {
        f"{Bursts.BETA_200.value}, and 40 times the errors for 4 min": Traffic(bursts=Bursts.BETA_200, outage=_OUTAGE),
        f"{Bursts.GAMMA_HALF.value}, and 40 times the errors for 4 min": Traffic(bursts=Bursts.GAMMA_HALF, outage=_OUTAGE),
        f"history clean, {Bursts.BETA_200.value} from the release on": Traffic(bursts=Bursts.BETA_200, bursts_before=Bursts.NONE),
    }
    return [
        *(row for name, traffic in promised.items() for row in _false_alarms(name, traffic, _OWN, releases, promised=True)),
        *(row for name, traffic in beyond.items() for row in _false_alarms(name, traffic, _OWN, releases)),
        *(row for name, traffic in promised.items() for row in _false_alarms(name, traffic, _RIVALS, releases)),
    ]


def _false_alarms(name: str, traffic: Traffic, rules: Mapping[str, Rule], releases: int, *, promised: bool = False) -> list[Row]:
    shares = false_alarms(traffic, list(rules.values()), releases=releases, seed=_SEED)
    return [
        Row(
            what=f"releases held although nothing is wrong: {name}{rule}",
            wanted=f"at most {ALPHA:.0%}" if promised else "a number",
            measured=f"{share:.2%}",
            measured_on=f"{releases} releases of {GATES} gates, each looked at 120 times in 30 min; seed {_SEED}",
            kept=share <= ALPHA if promised else None,
        )
        for rule, share in zip(rules, shares, strict=True)
    ]


def _delay_rows(runs: int) -> list[Row]:
    now = [
        row
        for bursts in (Bursts.NONE, Bursts.BETA_200)
        for ratio in (3, 5, 10, 50)
        for row in _delays(
            f"ratio {ratio}, {bursts.value}", Traffic(bursts=bursts, ratio=ratio), {**_OWN, **_RIVALS}, runs, wanted=_WANTED_DELAYS.get((bursts, ratio))
        )
    ]
    late = [
        row
        for ratio in (3, 5, 10)
        for row in _delays(f"ratio {ratio} that begins after 15 good minutes, clean", Traffic(ratio=ratio, onset=_LATE), _OWN, runs)
    ]
    return [*(_bound(ratio) for ratio in (3, 5, 10, 50)), *now, *late]


def _bound(ratio: int) -> Row:
    return Row(
        what=f"Wald's bound: mean time that any test needs for ratio {ratio}",
        wanted="the bound",
        measured=f"{wald_seconds(ratio, alpha=ALPHA / GATES, base=Traffic().base):.0f} s",
        measured_on="worked out: clean traffic, alpha of one gate in five, looking all the time, no tolerance",
    )


def _delays(name: str, traffic: Traffic, rules: Mapping[str, Rule], runs: int, *, wanted: int | None = None) -> list[Row]:
    found = delays(traffic, list(rules.values()), runs=runs, seed=_SEED)
    return [_delay(f"{name}{rule}", one, traffic, wanted if rule in _OWN else None) for rule, one in zip(rules, found, strict=True)]


def _delay(name: str, found: Delays, traffic: Traffic, wanted: int | None) -> Row:
    return Row(
        what=f"from the first bad sample to the hold: {name}",
        wanted="a number" if wanted is None else f"median at most {wanted} s",
        measured=f"median {found}" + (f"; {found.early} held before it began" if found.early else ""),
        measured_on=f"{len(found.seconds) + found.early} releases; 50 requests/s, 20 % new, {traffic.base:.0%} base, one of {GATES} gates; seed {_SEED}",
        kept=None if wanted is None else found.median <= wanted,
    )


def _high_share_rows(releases: int, runs: int) -> list[Row]:
    """Compare ways to test a share of 30 %, such as cache misses: bad events are no longer rare there."""
    return [
        *_false_alarms("base 30 %", Traffic(base=0.3), _AT_HIGH_SHARES, releases),
        *_false_alarms(f"base 30 %, {Bursts.BETA_200.value}", Traffic(base=0.3, bursts=Bursts.BETA_200), _AT_HIGH_SHARES, releases),
        *(
            row
            for ratio in (1.33, 1.5, 2)
            for row in _delays(f"base 30 %, ratio {ratio}", Traffic(base=0.3, ratio=ratio), _AT_HIGH_SHARES, runs)
        ),
    ]
