"""The shop of the demo as evidence: everything is clear until a test says what is worse, what is down, and what nobody can tell."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bench.diagnosis.shop import MEMBERS
from saferollout.core.diagnosis.evidence import (
    Against,
    Arm,
    Dependency,
    Evidence,
    Life,
    Liveness,
    Member,
    Reading,
    Share,
    Standing,
)
from saferollout.core.diagnosis.symptoms import Symptom

BEGIN: Final = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
FIRST_STEP: Final = BEGIN + timedelta(minutes=4)
SECOND_STEP: Final = FIRST_STEP + timedelta(minutes=10)
ONSET: Final = FIRST_STEP + timedelta(seconds=15)
STEPS: Final = (Share(at=FIRST_STEP, share=0.1), Share(at=SECOND_STEP, share=0.3))

_SERVES: Final = (
    Symptom.REJECTED,
    Symptom.DENIED,
    Symptom.SERVER_ERRORS,
    Symptom.SLOW,
    Symptom.LATENCY_SWINGS,
    Symptom.FEWER_REQUESTS,
    Symptom.MORE_REQUESTS,
    Symptom.DATA_ERRORS,
    Symptom.CONNECTION_ERRORS,
    Symptom.CACHE_MISSES,
    Symptom.CACHE_PUTS,
)
_CONSUMES: Final = (Symptom.CONSUMER_FAILURES, Symptom.STALLED, Symptom.LAG)
_ANYWHERE: Final = (Symptom.RESTARTS, Symptom.NOT_READY, Symptom.SATURATED)
SYMPTOMS: Final = {
    "gateway": (Symptom.SERVER_ERRORS, Symptom.FEWER_REQUESTS, Symptom.CALLS_REJECTED, Symptom.CALLS_FAILED, *_ANYWHERE),
    "user-service": (*_SERVES, Symptom.SEND_FAILURES, *_ANYWHERE),
    "billing-service": (*_CONSUMES, Symptom.DATA_ERRORS, Symptom.CONNECTION_ERRORS, *_ANYWHERE),
    "notification-service": (*_CONSUMES, *_ANYWHERE),
    "search-service": (*_SERVES, *_CONSUMES, Symptom.SEND_FAILURES, *_ANYWHERE),
}


def rolling(name: str, *, at: datetime = FIRST_STEP, members: tuple[Member, ...] = MEMBERS) -> tuple[Member, ...]:
    """Return the members with one that rolls, its first new pod ready at `at`."""
    steps = tuple(replace(one, at=one.at - FIRST_STEP + at) for one in STEPS)
    return tuple(replace(one, new_ready=at, shares=steps) if one.workload == name else one for one in members)


def healthy(name: str = "user-service", *, members: tuple[Member, ...] | None = None) -> Evidence:
    """Return a release in which `name` rolls and nothing is wrong."""
    shown = members if members is not None else rolling(name)
    readings = [_reading(symptom, member, arm, against) for member in shown for symptom in SYMPTOMS[member.workload] for arm, against in _places(member)]
    topic = Reading(Symptom.DEAD_LETTERS, "", Arm.ALL, Against.BASELINE, Standing.CLEAR, contract="user-events", total=6000)
    silent = replace(topic, symptom=Symptom.TOPIC_SILENT, total=40)
    living = tuple(Liveness(one, Life.ALIVE) for one in Dependency)
    return Evidence(release="opencore", namespace="opencore", at=BEGIN + timedelta(minutes=16), readings=(*readings, topic, silent), liveness=living, members=shown)


def _places(member: Member) -> tuple[tuple[Arm, Against], ...]:
    if member.shares:
        return (
            (Arm.NEW, Against.OTHER_ARM),
            (Arm.OLD, Against.OTHER_ARM),
            *((arm, Against.BASELINE) for arm in (Arm.NEW, Arm.OLD, Arm.ALL)),
        )
    return ((Arm.NEIGHBOUR if member.in_release else Arm.OUTSIDE, Against.BASELINE),)


def _reading(symptom: Symptom, member: Member, arm: Arm, against: Against) -> Reading:
    return Reading(symptom, member.workload, arm, against, Standing.CLEAR, count=2, total=2000, value=0.001, reference=0.001)


def worse(
    evidence: Evidence,
    symptom: Symptom,
    workload: str = "",
    arm: Arm = Arm.ALL,
    against: Against = Against.BASELINE,
    *,
    onset: datetime | None = ONSET,
    contract: str = "",
) -> Evidence:
    """Return the evidence with one reading worse."""
    bad = Reading(symptom, workload, arm, against, Standing.WORSE, contract, count=300, total=2000, value=0.15, reference=0.001, onset=onset)
    others = tuple(one for one in evidence.readings if _key(one) != _key(bad))
    assert len(others) == len(evidence.readings) - 1, f"{_key(bad)} is no reading of the shop"
    return replace(evidence, readings=(*others, bad))


def blind(evidence: Evidence, symptom: Symptom, workload: str = "", *arms: Arm) -> Evidence:
    """Return the evidence with no series of a symptom of a workload (of these arms)."""
    hidden = [one for one in evidence.readings if (one.symptom, one.workload) == (symptom, workload) and (not arms or one.arm in arms)]
    assert hidden
    unseen = {"standing": Standing.CANNOT_TELL, "count": 0.0, "total": 0.0, "onset": None, "detail": "no series"}
    told = tuple(replace(one, **unseen) if one in hidden else one for one in evidence.readings)
    return replace(evidence, readings=told)


def living(evidence: Evidence, dependency: Dependency, life: Life, *, since: datetime | None = None, name: str = "") -> Evidence:
    """Return the evidence with another life of a dependency."""
    others = tuple(one for one in evidence.liveness if one.dependency is not dependency)
    return replace(evidence, liveness=(*others, Liveness(dependency, life, since=since, name=name)))


def _key(reading: Reading) -> tuple[str, ...]:
    return reading.symptom, reading.workload, reading.arm, reading.against, reading.contract


NEW_WORSE: Final = (Arm.NEW, Against.OTHER_ARM)
OLD_WORSE: Final = (Arm.OLD, Against.OTHER_ARM)
OLD_THAN_BEFORE: Final = (Arm.OLD, Against.BASELINE)
NEIGHBOUR: Final = (Arm.NEIGHBOUR, Against.BASELINE)
OUTSIDE: Final = (Arm.OUTSIDE, Against.BASELINE)


def mode_1() -> Evidence:
    """Old billing pods can't read what new user-service pods write."""
    found = worse(healthy(), Symptom.CONSUMER_FAILURES, "billing-service", *NEIGHBOUR)
    return worse(found, Symptom.DEAD_LETTERS, contract="user-events")


def mode_2() -> Evidence:
    """New user-service pods refuse what the gateway sends."""
    found = worse(healthy(), Symptom.REJECTED, "user-service", *NEW_WORSE)
    found = worse(found, Symptom.REJECTED, "user-service", Arm.NEW, Against.BASELINE)
    return worse(found, Symptom.CALLS_REJECTED, "gateway", *NEIGHBOUR)


def mode_3() -> Evidence:
    """New billing pods wait for a field that user-service does not write yet."""
    found = worse(healthy("billing-service"), Symptom.STALLED, "billing-service", *NEW_WORSE)
    return worse(found, Symptom.LAG, "billing-service")


def mode_4() -> Evidence:
    """New and old pods of user-service overwrite each other's cache entries."""
    found = healthy()
    for symptom in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS):
        for arm in (Arm.NEW, Arm.OLD, Arm.ALL):
            found = worse(found, symptom, "user-service", arm)
    return worse(worse(found, Symptom.SLOW, "user-service", *NEW_WORSE), Symptom.LATENCY_SWINGS, "user-service")


def mode_5() -> Evidence:
    """Old pods of user-service can't read the rows that new ones write."""
    found = worse(healthy(), Symptom.SERVER_ERRORS, "user-service", *OLD_WORSE)
    found = worse(found, Symptom.DATA_ERRORS, "user-service", *OLD_WORSE)
    found = worse(found, Symptom.SERVER_ERRORS, "user-service", *OLD_THAN_BEFORE)
    return worse(found, Symptom.CALLS_FAILED, "gateway", *NEIGHBOUR)


def broker_down() -> Evidence:
    """Kafka is gone, for workloads outside of the release as well."""
    found = worse(healthy(), Symptom.TOPIC_SILENT, contract="user-events")
    found = worse(worse(found, Symptom.SEND_FAILURES, "user-service"), Symptom.SEND_FAILURES, "search-service", *OUTSIDE)
    return living(found, Dependency.KAFKA, Life.DOWN, since=ONSET)


def database_down() -> Evidence:
    """Postgres is gone; retries of consumers run out, so dead letters come too."""
    found = worse(worse(healthy(), Symptom.SERVER_ERRORS, "user-service"), Symptom.CONNECTION_ERRORS, "user-service")
    found = worse(found, Symptom.CONSUMER_FAILURES, "billing-service", *NEIGHBOUR)
    found = worse(worse(found, Symptom.DEAD_LETTERS, contract="user-events"), Symptom.SERVER_ERRORS, "search-service", *OUTSIDE)
    return living(found, Dependency.POSTGRES, Life.DOWN, since=ONSET)


def gateway_restart() -> Evidence:
    """The gateway was restarted: fewer requests arrive, and the services are well."""
    found = worse(worse(healthy(), Symptom.FEWER_REQUESTS, "user-service"), Symptom.FEWER_REQUESTS, "search-service", *OUTSIDE)
    found = worse(worse(found, Symptom.FEWER_REQUESTS, "user-service", *OLD_THAN_BEFORE), Symptom.CALLS_FAILED, "gateway", *NEIGHBOUR)
    return living(found, Dependency.GATEWAY, Life.RESTARTED, since=ONSET + timedelta(seconds=20), name="gateway")


def cache_down() -> Evidence:
    """The cache was restarted, empty."""
    found = healthy()
    for arm in (Arm.OLD, Arm.ALL, Arm.NEW):
        found = worse(worse(found, Symptom.CACHE_MISSES, "user-service", arm), Symptom.CACHE_PUTS, "user-service", arm)
    return living(found, Dependency.CACHE, Life.RESTARTED, since=ONSET)


def node_trouble() -> Evidence:
    """A node with pods of several workloads died."""
    found = worse(worse(healthy(), Symptom.NOT_READY, "user-service"), Symptom.NOT_READY, "search-service", *OUTSIDE)
    return living(found, Dependency.NODE, Life.DOWN, since=ONSET, name="worker-3")


def scrape_trouble() -> Evidence:
    """Prometheus gets no samples, so nothing can be told."""
    found = healthy()
    silent = tuple(replace(one, standing=Standing.CANNOT_TELL, detail="stale") for one in found.readings)
    return living(replace(found, readings=silent), Dependency.SCRAPE, Life.DOWN, since=ONSET)


def too_little_capacity() -> Evidence:
    """More requests than the pods can take, new and old alike."""
    found = worse(worse(healthy(), Symptom.SLOW, "user-service"), Symptom.SATURATED, "user-service")
    return worse(found, Symptom.MORE_REQUESTS, "user-service")


def plain_bug() -> Evidence:
    """New pods answer 5xx."""
    return worse(worse(healthy(), Symptom.SERVER_ERRORS, "user-service", *NEW_WORSE), Symptom.SERVER_ERRORS, "user-service")


def unknown() -> Evidence:
    """More 403 on new and old pods alike."""
    return worse(healthy(), Symptom.DENIED, "user-service")


def nothing() -> Evidence:
    """All is well."""
    return healthy()


def counted_further(evidence: Evidence) -> Evidence:
    """Return the evidence of a later look: all counts have grown and every share is another."""
    grown = tuple(replace(one, count=one.count * 3, total=one.total * 2, value=one.value * 1.5) for one in evidence.readings)
    return replace(evidence, at=evidence.at + timedelta(minutes=1), readings=grown)
