"""Play one world: counters grow, every look is judged, and the diagnosis is asked until it has named something or time is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

import numpy as np

from bench.diagnosis.counting import BEGIN, EVERY, Counting
from bench.diagnosis.reading import Ledger
from bench.diagnosis.shop import COUNTERS, MEMBERS, OF_THE_TOPIC, TOPIC
from bench.diagnosis.worlds import LOOKS, World, share_at
from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Dependency, Evidence, Life, Liveness, Member, Share
from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.onsets import SLACK
from saferollout.core.statistics.windows import Interval

_QUIET: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a world of one cause ended. `seen`: all series and livenesses that its cause needs were there, and enough happened. `looks`: how many it took."""

    cause: Cause
    finding: Finding
    seen: bool
    looks: int

    @property
    def named(self) -> Cause | None:
        """The cause that was named, a sound release aside."""
        wrong = self.finding.certainty is Certainty.NAMED and self.finding.cause is not Cause.NOTHING
        return self.finding.cause if wrong else None


@dataclass(slots=True)
class _Play:
    world: World
    counting: Counting
    ledger: Ledger
    silent: frozenset[Dependency]
    shares: list[Share] = field(default_factory=list)


def play(world: World, random: Random, *, missing: float) -> Ending:
    """Play a world in which each series, and each dependency's liveness, is missing with this probability."""
    names = [(symptom, workload) for workload, counters in COUNTERS.items() for symptom in counters]
    names += [(symptom, TOPIC) for symptom in OF_THE_TOPIC]
    outside = random.random() < missing
    hidden = frozenset(name for name in names if random.random() < missing or (outside and name[1] == "search-service"))
    silent = frozenset(one for one in Dependency if random.random() < missing)
    counting = Counting(world, np.random.default_rng(random.getrandbits(64)))
    going = _Play(world, counting, Ledger(world.quiet.rolls, hidden, counting.before()), silent)
    seen = world.exposed and not (hidden & world.needed) and not (silent & world.needed_alive)
    share, frozen, finding = 0.0, False, None
    for window in range(LOOKS):
        share = share if frozen else share_at(world.quiet, window)
        finding = _look(going, window, share)
        frozen = finding.action is not Action.GO_ON
        if (finding.certainty is Certainty.NAMED and frozen) or finding.action is Action.ROLL_BACK:
            return Ending(world.cause, finding, seen, window + 1)
    assert finding is not None
    return Ending(world.cause, finding, seen, LOOKS)


def _look(going: _Play, window: int, share: float) -> Finding:
    at = BEGIN + (window + 1) * EVERY
    if not going.shares or going.shares[-1].share < share:
        going.shares.append(Share(at=at - EVERY, share=share))
    going.ledger.add(going.counting.look(window, share))
    found = going.ledger.readings(without=tuple(_outages(going, window)))
    members = tuple(_member(going, one) for one in MEMBERS)
    return diagnose(Evidence("shop", "shop", at, found, tuple(_lives(going, window)), members))


def _member(going: _Play, member: Member) -> Member:
    return replace(member, new_ready=BEGIN, shares=tuple(going.shares)) if member.workload == going.world.quiet.rolls else member


def _lives(going: _Play, window: int) -> Iterator[Liveness]:
    for dependency in Dependency:
        life, since = _life(going.world, window) if dependency is going.world.dependency else (Life.ALIVE, None)
        yield Liveness(dependency, Life.UNKNOWN if dependency in going.silent else life, since if dependency not in going.silent else None)


def _life(world: World, window: int) -> tuple[Life, datetime | None]:
    """Return how the world's dependency is as far as its exporter knows by now."""
    begin, end = world.down
    if window < begin + world.lag:
        return Life.ALIVE, None
    is_down = window < end + world.lag and not world.restarts_only
    return (Life.DOWN, BEGIN + begin * EVERY) if is_down else (Life.RESTARTED, BEGIN + end * EVERY)


def _outages(going: _Play, window: int) -> Iterator[Interval]:
    """Yield the time that does not count, as core/analysis/liveness.py does: from a little before the look before an outage to a quiet time after it."""
    world = going.world
    if world.dependency is None or world.dependency in going.silent or world.dependency in (Dependency.NODE, Dependency.SCRAPE):
        return
    life, since = _life(world, window)
    if life is Life.DOWN and since is not None:
        yield Interval(start=since - EVERY - SLACK, end=BEGIN + (window + 1) * EVERY + _QUIET)
    elif life is Life.RESTARTED and since is not None:
        begin = since if world.restarts_only else BEGIN + world.down[0] * EVERY
        yield Interval(start=begin - EVERY - SLACK, end=since + _QUIET)
