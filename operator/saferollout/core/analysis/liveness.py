"""Whether brokers, databases, caches and gateways live, at every look: from what their own exporters say, and only from that.

A dependency of which nothing is known is UNKNOWN: silence of an exporter is no outage, and no sign of life either. A broker is down, too, where its
exporter answers and no longer knows any topic, because kafka_exporter counts the brokers that it once met. It may well not answer at all: it tries
each partition again and again, for longer than a scrape may last.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.analysis.callers import callers_alive, callers_away
from saferollout.core.analysis.lifelines import Lifeline
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.nodes import nodes, scrapes
from saferollout.core.catalogue.series import Reading, Series, SignalName
from saferollout.core.counting import Look
from saferollout.core.diagnosis.evidence import Dependency, Life, Liveness
from saferollout.core.measurements import Outcome
from saferollout.core.statistics.windows import Interval

_SLACK_SECONDS: Final = 5.0
"""By how much a start time may move without being another start: uptimes are rounded, and scraped at other moments than asked for."""

_IN_A_ROW: Final = 2
"""Looks without an answer that are a silence: one odd scrape says nothing."""


@dataclass(frozen=True, slots=True)
class _Watched:
    dependency: Dependency
    up: SignalName | None
    start: SignalName | None


_WATCHED: Final = (
    _Watched(Dependency.KAFKA, SignalName.BROKERS_UP, None),
    _Watched(Dependency.POSTGRES, SignalName.DATABASE_UP, SignalName.DATABASE_START),
    _Watched(Dependency.CACHE, SignalName.CACHE_UP, SignalName.CACHE_START),
    _Watched(Dependency.GATEWAY, None, SignalName.GATEWAY_START),
)


def liveness_of(material: Material) -> tuple[Liveness, ...]:
    """Return how every dependency is now; RESTARTED where it was away, or began anew, since the first roll."""
    return (*(_life(material, one) for one in _WATCHED if _is_known(material, one)), *callers_alive(material), *(one.life(began=material.schedule.began) for one in _of_pods(material)))


def outages_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times that do not count: from the last look before an outage to the quiet time after it."""
    servers = (interval for one in _WATCHED for interval in _outages(material, one, quiet=quiet))
    interval = timedelta(seconds=material.snapshot.spec.analysis.interval_seconds)
    kept = material.schedule.since[0] if material.schedule.since else None
    of_pods = (found for one in _of_pods(material) for found in one.outages(now=material.now, kept=kept, interval=interval, quiet=quiet))
    return (*servers, *callers_away(material, quiet=quiet), *of_pods)


def silences_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times, by now over, in which an exporter said nothing of whether its dependency was up, each with a quiet time after it.

    What came in them counts for nothing, as in an outage, but they are none: an exporter that is gone for good keeps nobody.
    """
    return tuple(interval for one in _WATCHED for interval in _silences(material, one, quiet=quiet))


def _of_pods(material: Material) -> tuple[Lifeline, ...]:
    """Return the lives of what pods stand on and are seen by."""
    return material.once(("nodes and scrapes",), lambda: (*nodes(material), *scrapes(material)))


def _is_known(material: Material, one: _Watched) -> bool:
    return any(signal is not None and material.series_for(signal) is not None for signal in (one.up, one.start))


def _life(material: Material, one: _Watched) -> Liveness:
    states = _states(material, one)
    if not states:
        return Liveness(dependency=one.dependency, life=Life.UNKNOWN)
    down = _last_change(states) if not states[-1][1] else None
    if down is not None:
        return Liveness(dependency=one.dependency, life=Life.DOWN, since=down)
    if _is_silent(material, one, since=states[-1][0]):
        return Liveness(dependency=one.dependency, life=Life.UNKNOWN)
    began = material.schedule.began
    back = [at for (_, before), (at, up) in itertools.pairwise(states) if up and not before and at > began]
    begun = [at for at in _starts(material, one) if at > began]
    since = max((*back, *begun), default=None)
    return Liveness(dependency=one.dependency, life=Life.ALIVE if since is None else Life.RESTARTED, since=since)


def _outages(material: Material, one: _Watched, *, quiet: timedelta) -> Iterator[Interval]:
    states = _states(material, one)
    since: datetime | None = None
    before: datetime | None = None
    for at, up in states:
        if not up and since is None:
            since = at if before is None else max(before, _earliest(material, at, before))
        if up and since is not None:
            yield Interval(start=since, end=at + quiet)
            since = None
        before = at
    if since is not None:
        yield Interval(start=since, end=material.now + quiet)
    interval = timedelta(seconds=material.snapshot.spec.analysis.interval_seconds)
    for at in _starts(material, one):
        yield Interval(start=at - interval, end=at + quiet)


def _earliest(material: Material, at: datetime, before: datetime) -> datetime:
    """Return from when an outage can be known of: between the looks before the roll and the oldest that are kept lies much that nobody asks for."""
    first = material.schedule.since[0] if material.schedule.since else at
    return first - timedelta(seconds=material.snapshot.spec.analysis.interval_seconds) if at >= first else before


def _states(material: Material, one: _Watched) -> list[tuple[datetime, bool]]:
    """Return whether it was up at each look at which its exporter answered."""
    series = material.series_for(one.up) if one.up is not None else None
    if series is None:
        return []
    topics = _topics_known(material) if one.dependency is Dependency.KAFKA else {}
    values = {look.at: _value(look) for look in material.looks(series)}
    return [(at, value > 0 and topics.get(at, True)) for at, value in sorted(values.items())]


def _silences(material: Material, one: _Watched, *, quiet: timedelta) -> Iterator[Interval]:
    silent = _silent_looks(material, one)
    for (before, _), (after, _) in itertools.pairwise(_states(material, one)):
        if sum(before < at < after for at in silent) >= _IN_A_ROW:
            yield Interval(start=max(before, _earliest(material, after, before)), end=after + quiet)


def _is_silent(material: Material, one: _Watched, *, since: datetime) -> bool:
    return any(at > since for at in _silent_looks(material, one))


def _silent_looks(material: Material, one: _Watched) -> list[datetime]:
    """Return the looks at which its exporter said nothing, though Prometheus answered."""
    series = material.series_for(one.up) if one.up is not None else None
    return [] if series is None else [answer.at for answer in material.answers(series) if answer.outcome is Outcome.NO_DATA]


def _topics_known(material: Material) -> dict[datetime, bool]:
    """Return whether the exporter knew the topics at each look, once it had known them."""
    series = material.series_for(SignalName.TOPIC_INFLOW)
    if series is None or series.reading is not Reading.OFFSET:
        return {}
    known: dict[datetime, bool] = {}
    for answer in material.answers(series):
        if answer.outcome is Outcome.VALUE:
            known[answer.at] = True
        elif answer.outcome is Outcome.NO_DATA and known:
            known[answer.at] = False
    return known


def _starts(material: Material, one: _Watched) -> list[datetime]:
    """Return the looks at which it had begun anew since the look before."""
    series = material.series_for(one.start) if one.start is not None else None
    if series is None:
        return []
    found, last = list[datetime](), None
    for at, began in _beginnings(material, series):
        if series.reading is Reading.COUNTER:
            found += [at] if last is not None and began < last else []
            last = began
            continue
        if last is not None and began > last + _SLACK_SECONDS:
            found.append(at)
        last = began if last is None else max(began, last)
    return found


def _beginnings(material: Material, series: Series) -> Iterator[tuple[datetime, float]]:
    for look in material.looks(series):
        value = _value(look)
        yield look.at, (look.at.timestamp() - value if series.reading is Reading.UPTIME else value)


def _value(look: Look) -> float:
    return max((value for processes in look.subjects.values() for keys in processes.values() for value in keys.values()), default=0.0)


def _last_change(states: list[tuple[datetime, bool]]) -> datetime:
    since = states[-1][0]
    for at, up in reversed(states):
        if up:
            break
        since = at
    return since
