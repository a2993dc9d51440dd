"""Looks at a latency far from its mean: two formats in one cache make answers fast and slow by turns, as pods overwrite each other's entries.

A look swings where the share of answers beyond the usual median is half as large again as in the looks before it, or half as large, and by more
than chance makes. What gets slow and stays so swings only until the looks before it are slow too: that is slowness, and judged as such.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import sqrt
from typing import Final

from saferollout.core.analysis.counts import summed
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.slowness import beyond, boundary
from saferollout.core.catalogue.series import SignalName
from saferollout.core.statistics.windows import TimedCount

_MEDIAN: Final = 0.5
_LOOKS: Final = 8
_LEAST_LOOKS: Final = 4
_FAR: Final = 0.5
_CHANCE: Final = 3.0
"""How many standard deviations of a count are left to chance."""


def swings_of(material: Material, workload: str) -> tuple[TimedCount, ...]:
    """Return a count of 0 or 1 for each look at the latency of a workload; nothing where there are no buckets."""
    series = material.series_for(SignalName.LATENCY, workload=workload)
    edge = boundary(material, series, workload, below=_MEDIAN) if series is not None else ""
    if series is None or isinstance(edge, str):
        return ()
    counts = material.of_each(("swings", series, edge), beyond(material, series, workload, edge), summed(material.pods_of(workload)), workload=workload)
    return tuple(_swings([one for one in counts if one.seconds > 0]))


def _swings(looks: Sequence[TimedCount]) -> Iterator[TimedCount]:
    for place, look in islice(enumerate(looks), _LEAST_LOOKS, None):
        before = looks[max(0, place - _LOOKS) : place]
        expected = look.seconds * sum(one.events for one in before) / sum(one.seconds for one in before)
        far = abs(look.events - expected) > max(_FAR * expected, _CHANCE * sqrt(expected + 1))
        yield TimedCount(at=look.at, events=float(far), seconds=1.0)
