"""Play one world: counters grow, readings are made at every look, and the diagnosis is asked until it has named something or time is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from bench.diagnosis.draws import binomial, jittered, poisson
from bench.diagnosis.shop import ASKED, COUNTERS, MEMBERS, OF_THE_TOPIC, TOPIC, Counter
from bench.diagnosis.standin import ENOUGH, ENOUGH_LOOKS, Comparison
from bench.diagnosis.worlds import LOOKS, Moment, World
from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Evidence, Life, Liveness, Member, Reading, Share, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import Window

BEGIN: Final = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
EVERY: Final = timedelta(seconds=15)
BASELINE: Final = 40
WEIGHT: Final = 10
"""How many windows of the baseline stand against one of the release."""
UNSURE: Final = 2.0
"""Events added to the baseline, so that none in ten minutes is not taken for never."""
STEP_EVERY: Final = 12

Counts = dict[tuple[Symptom, str, Arm], tuple[float, float]]
Key = tuple[Symptom, str, Arm, Against]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a world of one cause ended. `seen`: all series and livenesses that its cause needs were there. `looks`: how many it took."""

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
    random: Random
    hidden: frozenset[tuple[Symptom, str]]
    silent: frozenset[Dependency]
    before: Counts = field(default_factory=dict)
    comparisons: dict[Key, Comparison] = field(default_factory=dict)
    shares: list[Share] = field(default_factory=list)


def play(world: World, random: Random, *, missing: float) -> Ending:
    """Play a world in which each series, and each dependency's liveness, is missing with this probability."""
    names = [(symptom, workload) for workload, counters in COUNTERS.items() for symptom in counters]
    names += [(symptom, TOPIC) for symptom in OF_THE_TOPIC]
    outside = random.random() < missing
    hidden = frozenset(name for name in names if random.random() < missing or (outside and name[1] == "search-service"))
    silent = frozenset(one for one in Dependency if random.random() < missing)
    going = _Play(world, random, hidden, silent, before=_baseline(world, random))
    seen = not (hidden & world.needed) and not (silent & world.needed_alive)
    share, frozen, finding = 0.0, False, None
    for window in range(LOOKS):
        share = share if frozen else _share(world, window)
        finding = _look(going, window, share)
        frozen = finding.action is not Action.GO_ON
        if (finding.certainty is Certainty.NAMED and frozen) or finding.action is Action.ROLL_BACK:
            return Ending(world.cause, finding, seen, window + 1)
    assert finding is not None
    return Ending(world.cause, finding, seen, LOOKS)


def _share(world: World, window: int) -> float:
    return (world.quiet.first_share, 0.4, 0.6)[min(2, window // STEP_EVERY)]


def _look(going: _Play, window: int, share: float) -> Finding:
    at = BEGIN + (window + 1) * EVERY
    if not going.shares or going.shares[-1].share < share:
        going.shares.append(Share(at=at - EVERY, share=share))
    for key, compared in _compared(going, _counts(going.world, going.random, window, share), at):
        if key not in going.comparisons:
            going.comparisons[key] = _fresh(key)
        going.comparisons[key].add(compared)
    return diagnose(_evidence(going, at, window))


def _counts(world: World, random: Random, window: int, share: float) -> Counts:
    """Let every counter grow for one window."""
    found: Counts = {}
    load = world.quiet.requests * 15 * world.traffic(window) * random.uniform(0.9, 1.1)
    for workload, counters in COUNTERS.items():
        pools = ((Arm.NEW, share), (Arm.OLD, 1 - share)) if workload == world.quiet.rolls else ((Arm.ALL, 1.0),)
        for arm, part in pools:
            moment = Moment(window, workload, None if arm is Arm.ALL else arm is Arm.NEW, share)
            requests = poisson(random, load * part)
            if workload in ASKED:
                found[Symptom.MORE_REQUESTS, workload, arm] = (requests, requests)
            for symptom, counter in counters.items():
                bad = _share_of_bad(world, counter, (symptom, workload), moment)
                found[symptom, workload, arm] = _grow(random, counter, bad, requests=requests, pods=part, precision=world.quiet.precision)
    moment = Moment(window, TOPIC, None, share)
    for symptom, counter in OF_THE_TOPIC.items():
        bad = _share_of_bad(world, counter, (symptom, TOPIC), moment)
        found[symptom, TOPIC, Arm.ALL] = _grow(random, counter, bad, requests=round(load), pods=1.0, precision=world.quiet.precision)
    return found


def _share_of_bad(world: World, counter: Counter, name: tuple[Symptom, str], moment: Moment) -> float:
    effect = world.effects.get(name)
    return min(0.98, counter.share + (effect(moment) if effect is not None else 0.0))


def _grow(random: Random, counter: Counter, bad: float, *, requests: int, pods: float, precision: float) -> tuple[float, float]:
    total = max(1, round(counter.each * pods)) if counter.looks else round(requests * counter.each)
    return binomial(random, total, jittered(random, bad, precision)), total


def _baseline(world: World, random: Random) -> Counts:
    """Count what a quiet time before the release had, and weigh it as a part of that time."""
    requests = poisson(random, world.quiet.requests * 15 * BASELINE)
    weight = WEIGHT / BASELINE
    found: Counts = {(Symptom.MORE_REQUESTS, workload, Arm.ALL): (requests * weight, requests * weight) for workload in ASKED}
    for workload, counters in (*COUNTERS.items(), (TOPIC, OF_THE_TOPIC)):
        for symptom, counter in counters.items():
            events, total = _grow(random, counter, counter.share, requests=requests, pods=BASELINE, precision=world.quiet.precision * BASELINE)
            found[symptom, workload, Arm.ALL] = ((events + UNSURE) * weight, total * weight)
    return found


def _compared(going: _Play, now: Counts, at: datetime) -> Iterator[tuple[Key, Window]]:
    """Split what was counted into pairs of arms."""
    for (symptom, workload, arm), (events, total) in now.items():
        if (symptom, workload) in going.hidden:
            continue
        before = going.before[symptom, workload, Arm.ALL]
        if symptom is Symptom.MORE_REQUESTS:
            continue
        shown = _shown_as(workload, arm)
        yield (symptom, workload, shown, Against.BASELINE), Window(at, events, total, *before)
        other = now.get((symptom, workload, Arm.OLD if arm is Arm.NEW else Arm.NEW))
        if arm is not Arm.ALL and other is not None:
            yield (symptom, workload, arm, Against.OTHER_ARM), Window(at, events, total, *other)
        if arm is Arm.NEW and other is not None:
            yield (symptom, workload, Arm.ALL, Against.BASELINE), Window(at, events + other[0], total + other[1], *before)
    yield from _requests(going, now, at)


def _requests(going: _Play, now: Counts, at: datetime) -> Iterator[tuple[Key, Window]]:
    """Compare how many requests came, in both directions: time is what they are counted by."""
    for workload in sorted(ASKED):
        came = sum(events for (symptom, name, _), (events, _) in now.items() if symptom is Symptom.MORE_REQUESTS and name == workload)
        usual = going.before[Symptom.MORE_REQUESTS, workload, Arm.ALL][0] / WEIGHT
        arm = Arm.ALL if workload == going.world.quiet.rolls else _shown_as(workload, Arm.ALL)
        yield (Symptom.MORE_REQUESTS, workload, arm, Against.BASELINE), Window(at, came, 1, usual, 1)
        yield (Symptom.FEWER_REQUESTS, workload, arm, Against.BASELINE), Window(at, usual, 1, came, 1)


def _shown_as(workload: str, arm: Arm) -> Arm:
    if arm is not Arm.ALL or workload == TOPIC:
        return arm
    return Arm.OUTSIDE if any(one.workload == workload and not one.in_release for one in MEMBERS) else Arm.NEIGHBOUR


def _fresh(key: Key) -> Comparison:
    symptom, workload = key[0], key[1]
    if symptom in (Symptom.MORE_REQUESTS, Symptom.FEWER_REQUESTS):
        return Comparison(tolerance=2.0, enough=3)
    counter = OF_THE_TOPIC[symptom] if workload == TOPIC else COUNTERS[workload][symptom]
    return Comparison(enough=ENOUGH_LOOKS if counter.looks else ENOUGH)


def _evidence(going: _Play, at: datetime, window: int) -> Evidence:
    readings = [_reading(key, comparison) for key, comparison in going.comparisons.items()]
    readings += [Reading(symptom, workload, Arm.ALL, Against.BASELINE, Standing.CANNOT_TELL) for symptom, workload in sorted(going.hidden)]
    members = tuple(_member(going, one) for one in MEMBERS)
    return Evidence("shop", "shop", at, tuple(readings), tuple(_lives(going, window)), members)


def _member(going: _Play, member: Member) -> Member:
    return replace(member, new_ready=BEGIN, shares=tuple(going.shares)) if member.workload == going.world.quiet.rolls else member


def _reading(key: Key, comparison: Comparison) -> Reading:
    symptom, workload, arm, against = key
    standing = comparison.standing()
    of_topic = workload == TOPIC
    return Reading(
        symptom, "" if of_topic else workload, arm, against, standing, contract=TOPIC if of_topic else "",
        count=comparison.count, total=comparison.total, value=comparison.count / max(1.0, comparison.total),
        reference=comparison.reference_count / max(1.0, comparison.reference_total), onset=comparison.onset, worse_at=comparison.worse_at,
    )  # fmt: skip


def _lives(going: _Play, window: int) -> Iterator[Liveness]:
    world = going.world
    for dependency in Dependency:
        life, since = Life.ALIVE, None
        begin, end = world.down
        if dependency is world.dependency and window >= begin + world.lag:
            down = window < end + world.lag and not world.restarts_only
            life, since = (Life.DOWN, BEGIN + begin * EVERY) if down else (Life.RESTARTED, BEGIN + end * EVERY)
        yield Liveness(dependency, Life.UNKNOWN if dependency in going.silent else life, since if dependency not in going.silent else None)
