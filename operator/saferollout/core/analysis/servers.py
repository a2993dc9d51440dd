"""Whether brokers, databases, caches and gateways live, at every look: from what their own exporters say, and only from that.

A broker is down, too, where its exporter answers and no longer knows any topic, because kafka_exporter counts the brokers that it once met. Two looks in a
row must say so: a scrape that fails is written down late and back-dated, so that of two queries of one instant one may know the topics' series to
have ended and the other may not.

It is down in part where fewer brokers are there than as the release began. Whose exporter says so is not known, so all of them have to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saferollout.core.analysis.lifelines import Lifeline, States, confirmed
from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Aggregate, Reading, Series, SignalName
from saferollout.core.counting import Look
from saferollout.core.diagnosis.evidence import Dependency
from saferollout.core.measurements import Outcome

_IN_A_ROW: Final = 2
_SLACK_SECONDS: Final = 5.0
"""By how much a start time may move without being another start: uptimes are rounded, and scraped at other moments than asked for."""


@dataclass(frozen=True, slots=True)
class _Watched:
    dependency: Dependency
    up: SignalName | None
    start: SignalName | None


WATCHED: Final = (
    _Watched(Dependency.KAFKA, SignalName.BROKERS_UP, None),
    _Watched(Dependency.POSTGRES, SignalName.DATABASE_UP, SignalName.DATABASE_START),
    _Watched(Dependency.CACHE, SignalName.CACHE_UP, SignalName.CACHE_START),
    _Watched(Dependency.GATEWAY, None, SignalName.GATEWAY_START),
)


def servers(material: Material) -> Iterator[Lifeline]:
    """Yield the life of each server of which an exporter speaks."""
    for one in WATCHED:
        up, start = (material.series_for(signal) if signal is not None else None for signal in (one.up, one.start))
        if up is None and start is None:
            continue
        topics = _topics_known(material, up) if up is not None and one.dependency is Dependency.KAFKA else {}
        states = _states(material, up, topics) if up is not None else ()
        fewer = _with_fewer(material, up) if up is not None else frozenset()
        yield Lifeline(
            dependency=one.dependency,
            states=tuple((at, is_up and at not in fewer) for at, is_up in states),
            in_part=frozenset(at for at, is_up in states if is_up and at in fewer),
            starts=tuple(_starts(material, start)) if start is not None else (),
            silent=_silent_looks(material, up) if up is not None else (),
        )


def _states(material: Material, series: Series, topics: dict[datetime, bool]) -> States:
    up = {look.at: any(value > 0 for _, value in _moments(look, Reading.GAUGE)) for look in material.looks(series)}
    return tuple((at, is_up and topics.get(at, True)) for at, is_up in sorted(up.items()))


def _with_fewer(material: Material, series: Series) -> frozenset[datetime]:
    """Return the looks since the release began at which fewer servers were counted than then, that look and one beside it."""
    if series.aggregate is not Aggregate.MAX:
        return frozenset()  # each exporter speaks of its own server: one that is not scraped would be one that is gone
    began, counted = material.schedule.began, [(look.at, dict(_moments(look, Reading.GAUGE))) for look in material.looks(series)]
    before = [counts for at, counts in counted if at <= began][-_IN_A_ROW:]
    if len(before) < _IN_A_ROW:
        return frozenset()
    usual = {one: min(counts[one] for counts in before) for one in before[0].keys() & before[1].keys()}
    low = [(at, frozenset({""}) if at > began and _is_below(usual, counts) else frozenset()) for at, counts in counted]
    return frozenset(at for at, is_well in confirmed(low) if not is_well)


def _is_below(usual: Mapping[object, float], counts: Mapping[object, float]) -> bool:
    stayed = usual.keys() & counts.keys()
    if not stayed:  # the exporter itself is another one
        return bool(usual) and max(counts.values(), default=0.0) < min(usual.values())
    return all(counts[one] < usual[one] for one in stayed)


def _silent_looks(material: Material, series: Series) -> tuple[datetime, ...]:
    """Return the looks at which the exporter said nothing, though Prometheus answered."""
    return tuple(answer.at for answer in material.answers(series) if answer.outcome is Outcome.NO_DATA)


def _topics_known(material: Material, up: Series) -> dict[datetime, bool]:
    """Return whether the exporter that speaks of brokers knew the topics at each look, once it had known them; another one may be silent by itself."""
    series = material.series_for(SignalName.TOPIC_INFLOW)
    if series is None or series.reading is not Reading.OFFSET or series.exporter != up.exporter:
        return {}
    told = [answer for answer in material.answers(series) if answer.outcome in (Outcome.VALUE, Outcome.NO_DATA)]
    has = [answer.outcome is Outcome.VALUE for answer in told]
    known, once = dict[datetime, bool](), False
    for number, answer in enumerate(told):
        once = once or has[number]
        if once:
            known[answer.at] = has[number] or (has[number - 1] and (number + 1 == len(has) or has[number + 1]))
    return known


def _starts(material: Material, series: Series) -> Iterator[datetime]:
    """Yield the looks at which a process that was known had begun anew, or none of those that were known is there any more.

    A process that comes beside others is none of that: a gateway scaled up, or somebody else's database.
    """
    known: dict[object, float] = {}
    for look in material.looks(series):
        found = dict(_moments(look, series.reading))
        if known and found and _has_begun(known, found, counts=series.reading is Reading.COUNTER):
            yield look.at
            known = {}
        known |= found if series.reading is Reading.COUNTER else {one: max(at, known.get(one, at)) for one, at in found.items()}


def _moments(look: Look, reading: Reading) -> Iterator[tuple[object, float]]:
    """Yield when each process began, in seconds since 1970, or what it counts that only a start sets back."""
    for subject, processes in look.subjects.items():
        for process, keys in processes.items():
            for labels, value in keys.items():
                yield (subject, process, labels), (look.at.timestamp() - value if reading is Reading.UPTIME else value)


def _has_begun(known: Mapping[object, float], found: Mapping[object, float], *, counts: bool) -> bool:
    stayed = known.keys() & found.keys()
    if counts:
        return any(found[one] < known[one] for one in stayed)
    if stayed:
        return any(found[one] > known[one] + _SLACK_SECONDS for one in stayed)
    return min(found.values()) > max(known.values()) + _SLACK_SECONDS
