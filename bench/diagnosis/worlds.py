"""Worlds: what is really wrong, from when on, and how that changes the rates of counters. Nothing here knows what a diagnosis is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import Final

from bench.diagnosis.shop import PODS, TOPIC
from saferollout.core.diagnosis.evidence import Dependency
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.symptoms import Symptom

LOOKS: Final = 60
"""How often a world is looked at, every 15 seconds, from the first new pod on."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A pool at one look: `new` None where the workload does not roll; `share`: new pods of the workload that rolls."""

    window: int
    workload: str
    new: bool | None
    share: float


STEP_EVERY: Final = 12
"""Looks between two batches."""

_SHARED_BY: Final = 80
_ALPHA: Final = 0.01
"""So many comparisons with events share this chance of a false alarm in a release of this shop."""

Effect = Callable[[Moment], float]
"""What is added to the share of bad events of one counter."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What every world has: who rolls and how wide its first step is, requests each second, the precision of their rates."""

    rolls: str
    first_share: float
    requests: float
    precision: float


@dataclass(frozen=True, slots=True)
class World:
    """A quiet world and what is wrong in it.

    `needed`, `needed_alive`: the series, and the liveness, without which the cause can't be named. `exposed`: enough happens for any test to tell. `traffic`: by what requests are multiplied.
    `down`: from which look until which `dependency` is down (`restarts_only`: it is only seen to have been restarted), known `lag` looks later.
    """

    quiet: Quiet
    cause: Cause
    effects: Mapping[tuple[Symptom, str], Effect]
    needed: frozenset[tuple[Symptom, str]] = frozenset()
    needed_alive: frozenset[Dependency] = frozenset()
    exposed: bool = True
    traffic: Callable[[int], float] = lambda _: 1.0
    dependency: Dependency | None = None
    down: tuple[int, int] = (0, 0)
    restarts_only: bool = False
    lag: int = 0


def share_at(quiet: Quiet, window: int) -> float:
    """Return the share of new pods at a look while nothing holds the release."""
    return (quiet.first_share, 0.4, 0.6)[min(2, window // STEP_EVERY)]


def _is_exposed(quiet: Quiet, events_of_all: float) -> bool:
    """Tell whether Wald's bound lies within half of the time: what no test could know sooner, nobody can be asked to name soon after.

    `events_of_all`: bad events in a look if all pods were new. Where old pods have none, each event of new ones is worth ln(1/share); the share stays
    that of the first step, because a release holds as soon as anything is worse than before.
    """
    share = quiet.first_share
    return LOOKS / 2 * events_of_all * share * log(1 / share) >= log(_SHARED_BY / _ALPHA)


def _quiet(random: Random, rolls: str) -> Quiet:
    return Quiet(
        rolls=rolls, first_share=random.choice((0.1, 0.2, 0.3)), requests=random.uniform(20, 120), precision=random.choice((500.0, 2000.0, 10000.0))
    )


def mode_1(random: Random) -> World:
    """A share of the new producer's records can't be read; they go to the dead-letter topic, or stop their partition."""
    quiet, broken = _quiet(random, "user-service"), random.uniform(0.3, 1.0)
    victims = ["billing-service", *(["notification-service"] if random.random() < 0.4 else [])]
    stops = random.random() < 0.2
    symptom = Symptom.STALLED if stops else Symptom.CONSUMER_FAILURES
    unread: Effect = lambda at: min(0.95, (6 if stops else 1) * at.share * broken)
    effects: dict[tuple[Symptom, str], Effect] = {(symptom, victim): unread for victim in victims}
    if stops:
        effects |= {(Symptom.LAG, victim): lambda at: 0.9 for victim in victims}
    else:
        effects[Symptom.DEAD_LETTERS, TOPIC] = unread
    needed = frozenset((symptom, victim) for victim in victims)
    return World(quiet, Cause.MODE_1, effects, needed=needed, needed_alive=frozenset({Dependency.KAFKA, Dependency.POSTGRES}))


def mode_2(random: Random) -> World:
    """New pods refuse a share of what clients send."""
    quiet, refused = _quiet(random, "user-service"), random.uniform(0.08, 0.9)
    effects: dict[tuple[Symptom, str], Effect] = {
        (Symptom.REJECTED, "user-service"): lambda at: refused if at.new else 0.0,
        (Symptom.CALLS_REJECTED, "gateway"): lambda at: refused * at.share,
    }
    needed = frozenset({(Symptom.REJECTED, "user-service"), (Symptom.SERVER_ERRORS, "user-service")})
    return World(quiet, Cause.MODE_2, effects, needed=needed)


def mode_3(random: Random) -> World:
    """New consumers stand still; nothing fails."""
    quiet, still = _quiet(random, "billing-service"), random.uniform(0.7, 0.99)
    effects: dict[tuple[Symptom, str], Effect] = {
        (Symptom.STALLED, "billing-service"): lambda at: still if at.new else 0.0,
        (Symptom.LAG, "billing-service"): lambda at: 0.9,
    }
    needed = frozenset({(Symptom.STALLED, "billing-service")})
    return World(quiet, Cause.MODE_3, effects, needed=needed, needed_alive=frozenset({Dependency.KAFKA}))


def mode_4(random: Random) -> World:
    """Each pool misses what the other has written, writes it again, and is slow by it."""
    quiet, met = _quiet(random, "user-service"), random.uniform(0.7, 1.0)
    missed: Effect = lambda at: 0.9 * met * (1 - at.share if at.new else at.share)
    effects: dict[tuple[Symptom, str], Effect] = {
        (Symptom.CACHE_MISSES, "user-service"): missed,
        (Symptom.CACHE_PUTS, "user-service"): missed,
        (Symptom.SLOW, "user-service"): lambda at: 0.2 * missed(at),
        (Symptom.LATENCY_SWINGS, "user-service"): lambda at: 0.5,
    }
    needed = frozenset({(Symptom.CACHE_MISSES, "user-service"), (Symptom.CACHE_PUTS, "user-service")})
    return World(quiet, Cause.MODE_4, effects, needed=needed, needed_alive=frozenset({Dependency.CACHE}))


def mode_5(random: Random) -> World:
    """Old pods fail on rows in the new format, ever more of them."""
    quiet, failing, speed = _quiet(random, "user-service"), random.uniform(0.1, 0.6), random.uniform(0.05, 0.5)
    met: Effect = lambda at: 0.0 if at.new else failing * (1 - exp(-speed * (at.window + 1)))
    effects: dict[tuple[Symptom, str], Effect] = {
        (Symptom.SERVER_ERRORS, "user-service"): met,
        (Symptom.DATA_ERRORS, "user-service"): lambda at: met(at) / 2,
        (Symptom.CALLS_FAILED, "gateway"): lambda at: (1 - at.share) * met(at),
    }
    needed = frozenset({(Symptom.SERVER_ERRORS, "user-service"), (Symptom.DATA_ERRORS, "user-service")})
    return World(quiet, Cause.MODE_5, effects, needed=needed, needed_alive=frozenset({Dependency.POSTGRES}))


def _outage(random: Random, cause: Cause, dependency: Dependency, hit: Mapping[tuple[Symptom, str], float], *, lasts: tuple[int, int]) -> World:
    """Something is down for a while, from any moment on; its own liveness says so up to two looks later."""
    quiet = _quiet(random, random.choice(("user-service", "billing-service")))
    begin = random.randrange(25)
    end = begin + random.randint(*lasts)
    fades = {key: _while_down(begin, end, share * random.uniform(0.8, 1.0)) for key, share in hit.items() if share}
    silent = dependency is Dependency.GATEWAY
    return World(
        quiet, cause, fades, needed_alive=frozenset({dependency}), dependency=dependency, down=(begin, end), restarts_only=silent, lag=random.randrange(3),
        traffic=(lambda window: 0.1 if begin <= window < end else 1.0) if silent else (lambda _: 1.0),
    )  # fmt: skip


def _while_down(begin: int, end: int, share: float) -> Effect:
    return lambda at: share if begin <= at.window < end else 0.0


def _from(begin: int, share: float) -> Effect:
    return lambda at: share if at.window >= begin else 0.0


def kafka_down(random: Random) -> World:
    """No record gets in or out."""
    errors = random.choice((0.0, 0.3))
    hit = {
        (Symptom.TOPIC_SILENT, TOPIC): 0.97,
        (Symptom.SEND_FAILURES, "user-service"): 0.9,
        (Symptom.SEND_FAILURES, "search-service"): 0.9,
        (Symptom.SERVER_ERRORS, "user-service"): errors,
        (Symptom.CALLS_FAILED, "gateway"): errors,
    }
    return _outage(random, Cause.BROKER_DOWN, Dependency.KAFKA, hit, lasts=(8, 24))


def postgres_down(random: Random) -> World:
    """Requests and records fail everywhere; retries run out, so dead letters come."""
    hit = {
        (Symptom.CONNECTION_ERRORS, "user-service"): 0.95,
        (Symptom.SERVER_ERRORS, "user-service"): 0.8,
        (Symptom.CALLS_FAILED, "gateway"): 0.8,
        (Symptom.CONNECTION_ERRORS, "billing-service"): 0.95,
        (Symptom.CONSUMER_FAILURES, "billing-service"): 0.8,
        (Symptom.DEAD_LETTERS, TOPIC): random.choice((0.0, 0.5)),
        (Symptom.CONNECTION_ERRORS, "search-service"): 0.95,
        (Symptom.SERVER_ERRORS, "search-service"): 0.8,
        (Symptom.TOPIC_SILENT, TOPIC): 0.3,
    }
    return _outage(random, Cause.DATABASE_DOWN, Dependency.POSTGRES, hit, lasts=(8, 24))


def gateway_restart(random: Random) -> World:
    """Hardly a request comes for a while; the gateway answers 502 and 503 itself."""
    hit = {(Symptom.CALLS_FAILED, "gateway"): 0.7, (Symptom.SERVER_ERRORS, "gateway"): 0.7}
    return _outage(random, Cause.GATEWAY_RESTART, Dependency.GATEWAY, hit, lasts=(4, 10))


def plain_bug(random: Random) -> World:
    """New pods answer 5xx, crash, are slow, or fail on records, by themselves."""
    symptom, workload = random.choice(
        ((Symptom.SERVER_ERRORS, "user-service"), (Symptom.RESTARTS, "user-service"), (Symptom.SLOW, "user-service"),
         (Symptom.CONSUMER_FAILURES, "billing-service"), (Symptom.SERVER_ERRORS, "gateway"))
    )  # fmt: skip
    failing = random.uniform(0.08, 0.6)
    effects: dict[tuple[Symptom, str], Effect] = {(symptom, workload): lambda at: failing if at.new else 0.0}
    if (symptom, workload) == (Symptom.SERVER_ERRORS, "user-service"):
        effects[Symptom.CALLS_FAILED, "gateway"] = lambda at: failing * at.share
    if symptom is Symptom.CONSUMER_FAILURES:
        effects[Symptom.DEAD_LETTERS, TOPIC] = lambda at: failing * at.share
    needed = {(symptom, workload)}
    if symptom is Symptom.SLOW:
        needed.add((Symptom.CACHE_MISSES, workload))
    node = frozenset({Dependency.NODE}) if symptom is Symptom.RESTARTS else frozenset[Dependency]()
    quiet = _quiet(random, workload)
    exposed = symptom is not Symptom.RESTARTS or _is_exposed(quiet, PODS * failing)
    return World(quiet, Cause.PLAIN_BUG, effects, needed=frozenset(needed), needed_alive=node, exposed=exposed)


def capacity(random: Random) -> World:
    """More requests come than the pods can take."""
    quiet, slow, times, begin = _quiet(random, "user-service"), random.uniform(0.15, 0.6), random.uniform(2.5, 4), random.randrange(20)
    effects: dict[tuple[Symptom, str], Effect] = {
        (Symptom.SLOW, "user-service"): _from(begin, slow),
        (Symptom.SATURATED, "user-service"): _from(begin, random.uniform(0.4, 0.9)),
        (Symptom.SERVER_ERRORS, "user-service"): _from(begin, random.choice((0.0, 0.05))),
        (Symptom.LATENCY_SWINGS, "user-service"): _from(begin, 0.3),
    }
    needed = frozenset({(Symptom.SLOW, "user-service"), (Symptom.SATURATED, "user-service"), (Symptom.CACHE_MISSES, "user-service")})
    alive = frozenset({Dependency.POSTGRES, Dependency.CACHE})
    return World(quiet, Cause.CAPACITY, effects, needed=needed, needed_alive=alive, traffic=lambda window: times if window >= begin else 1.0)


def nothing(random: Random) -> World:
    """Nothing is wrong: perhaps new pods have a cold cache, perhaps a dependency restarts and hurts nobody."""
    quiet = _quiet(random, random.choice(("user-service", "billing-service", "gateway")))
    effects: dict[tuple[Symptom, str], Effect] = {}
    if quiet.rolls == "user-service" and random.random() < 0.5:
        cold: Effect = lambda at: 0.8 * exp(-at.window / 8) if at.new else 0.0
        effects = {(Symptom.CACHE_MISSES, "user-service"): cold, (Symptom.CACHE_PUTS, "user-service"): cold}
    restarts = random.choice((None, Dependency.KAFKA, Dependency.POSTGRES, Dependency.CACHE, Dependency.NODE))
    begin = random.randrange(40)
    return World(quiet, Cause.NOTHING, effects, dependency=restarts, down=(begin, begin + 1), restarts_only=True)


WORLDS: Final[tuple[Callable[[Random], World], ...]] = (
    mode_1,
    mode_2,
    mode_3,
    mode_4,
    mode_5,
    kafka_down,
    postgres_down,
    gateway_restart,
    plain_bug,
    capacity,
    nothing,
)
