"""Whether what workloads stand on lives: brokers, databases, caches, gateways, nodes, and Prometheus' own view of the pods.

A dependency of which nothing is known is UNKNOWN: silence of an exporter is no outage, and no sign of life either. kafka_exporter may well be silent
while its broker is away: it tries each partition again and again, for longer than a scrape may last.
"""

from dataclasses import replace
from datetime import timedelta

from saferollout.core.analysis.callers import callers
from saferollout.core.analysis.lifelines import Lifeline
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.nodes import nodes, scrapes
from saferollout.core.analysis.servers import servers
from saferollout.core.diagnosis.evidence import Liveness
from saferollout.core.diagnosis.onsets import SLACK
from saferollout.core.statistics.windows import Interval


def liveness_of(material: Material) -> tuple[Liveness, ...]:
    """Return how every dependency is now; RESTARTED where it was away, or began anew, since the first roll."""
    return tuple(one.life(began=material.schedule.began) for one in _lifelines(material))


def outages_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times that do not count: from a little before the last look before an outage to the quiet time after it.

    People notice that a server is gone before its exporter is scraped: what failed shortly before the outage was seen came of it too.
    """
    interval = timedelta(seconds=material.snapshot.spec.analysis.interval_seconds)
    kept = material.schedule.kept
    lives = _lifelines(material)
    found = (outage for one in lives for outage in one.outages(now=material.now, kept=kept, interval=interval, quiet=quiet))
    return tuple(replace(outage, start=outage.start - SLACK) for outage in found)


def silences_of(material: Material, *, quiet: timedelta) -> tuple[Interval, ...]:
    """Return the times, by now over, in which an exporter said nothing of whether its dependency was up, each with a quiet time after it.

    What came in them counts for nothing, as in an outage, but they are none: an exporter that is gone for good keeps nobody.
    """
    interval = timedelta(seconds=material.snapshot.spec.analysis.interval_seconds)
    kept = material.schedule.kept
    return tuple(silence for one in _lifelines(material) for silence in one.silences(kept=kept, interval=interval, quiet=quiet))


def _lifelines(material: Material) -> tuple[Lifeline, ...]:
    return material.once(("lifelines",), lambda: (*servers(material), *nodes(material), *scrapes(material), *callers(material)))
