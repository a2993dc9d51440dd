"""Whether what workloads stand on lives: brokers, databases, caches, gateways, nodes, and Prometheus' own view of the pods.

A dependency of which nothing is known is UNKNOWN: silence of an exporter is no outage, and no sign of life either. kafka_exporter may well be silent
while its broker is away: it tries each partition again and again, for longer than a scrape may last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.analysis.callers import callers
from saferollout.core.analysis.lifelines import Lifeline
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.nodes import nodes, scrapes
from saferollout.core.analysis.schedule import MOST_LOOKS
from saferollout.core.analysis.servers import servers
from saferollout.core.diagnosis.evidence import Liveness, Recurrence
from saferollout.core.diagnosis.onsets import SLACK
from saferollout.core.statistics.windows import Interval

_AGAIN_AND_AGAIN: Final = 3
"""So many beginnings, and as many quiet times in which nothing counts, are no outage that happens to come by."""


def liveness_of(material: Material) -> tuple[Liveness, ...]:
    """Return how every dependency is now; RESTARTED where it was away, or began anew, since the first roll."""
    return tuple(one.life(began=material.schedule.began) for one in _lifelines(material))


def outages_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times that do not count: from a little before the last look before an outage to the quiet time after it.

    People notice that a server is gone before its exporter is scraped: what failed shortly before the outage was seen came of it too.
    """
    kept, interval = material.schedule.kept, material.schedule.interval
    found = (outage for one in _lifelines(material) for outage in one.outages(now=material.now, kept=kept, interval=interval, quiet=quiet))
    return tuple(replace(outage, start=outage.start - SLACK) for outage in found)


def silences_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times, by now over, in which an exporter said nothing of whether its dependency was up, each with a quiet time after it.

    What came in them counts for nothing, as in an outage, but they are none: an exporter that is gone for good keeps nobody.
    """
    kept, interval = material.schedule.kept, material.schedule.interval
    return tuple(silence for one in _lifelines(material) for silence in one.silences(kept=kept, interval=interval, quiet=quiet))


def recurring_of(material: Material, *, quiet: timedelta, without: Sequence[Interval]) -> tuple[Recurrence, ...]:
    """Return what is away again and again while nothing counts (`without`): such a release is held for ever, and no window can tell why.

    Where the quiet time is longer than a quarter of what is kept of looks, that has to do.
    """
    interval = material.schedule.interval
    # The next outage is known a look late, and reaches back from there: until then it is not over.
    since = _counts_not_since(without, at=material.now - interval - SLACK)
    apart = max(SLACK, min(quiet, interval * (MOST_LOOKS // 4)))
    if since is None or material.now - max(since, material.schedule.began) < apart * _AGAIN_AND_AGAIN:
        return ()
    return tuple(_recurrences(material, since=max(since, material.schedule.began), apart=apart))


def _recurrences(material: Material, *, since: datetime, apart: timedelta) -> Iterator[Recurrence]:
    before, began = material.schedule.before, material.schedule.began
    for one in _lifelines(material):
        times = one.beginnings(apart=apart)
        seen = tuple(at for at in times if at > since)
        if len(seen) < _AGAIN_AND_AGAIN:
            continue
        expected = (began - before[0]) / (material.now - since) * len(seen)
        was_so = sum(at <= began for at in times) > expected / 2
        yield Recurrence(dependency=one.dependency, times=seen, since=since, name=one.name, before=was_so)


def _counts_not_since(without: Sequence[Interval], *, at: datetime) -> datetime | None:
    """Return from when on, up to an instant, no time counts; None where that instant counts."""
    start = end = None
    for one in sorted(without, key=_start):
        if start is None or end is None or one.start > end:
            start, end = one.start, one.end
        end = max(end, one.end)
    return start if end is not None and end >= at else None


def _start(one: Interval) -> datetime:
    return one.start


def _lifelines(material: Material) -> tuple[Lifeline, ...]:
    return material.once(("lifelines",), lambda: (*servers(material), *nodes(material), *scrapes(material), *callers(material)))
