"""How many records came to a topic or queue between looks, however its broker tells: by offsets, by counters, or by how deep it is."""

import itertools
from collections.abc import Iterable, Iterator

from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import Reading, Series, Subject
from saferollout.core.counting import COUNTED, Look
from saferollout.core.statistics.windows import TimedCount


def came_to(material: Material, series: Series, topic: str) -> Iterator[TimedCount]:
    """Yield the records of each look; of all topics of the broker together where it counts no others.

    A depth falls when records are taken, expire or are replayed: what it grew by is the least that came.
    """
    if series.reading is Reading.GAUGE:
        yield from _deeper(material.looks(series), topic)
    for one in material.intervals(series) if series.reading in COUNTED else ():
        came = max(0.0, sum(one.grown.get(subject_of(series, topic), {}).values()))
        yield TimedCount(at=one.at, events=came, seconds=(one.at - one.start).total_seconds())


def subject_of(series: Series, topic: str) -> str:
    """Return under which name a series has a topic: a server as a whole has none."""
    return "" if series.subject is Subject.SERVER else topic


def depth_of(look: Look, queue: str) -> float | None:
    """Return how deep a queue is; None where nobody reports it."""
    depths = [value for keys in look.subjects.get(queue, {}).values() for value in keys.values()]
    return sum(depths) if depths else None


def _deeper(looks: Iterable[Look], queue: str) -> Iterator[TimedCount]:
    known = ((look.at, depth) for look in looks if (depth := depth_of(look, queue)) is not None)
    for (start, before), (at, now) in itertools.pairwise(known):
        yield TimedCount(at=at, events=max(0.0, now - before), seconds=(at - start).total_seconds())
