"""The times of a release that don't count, because something that all stand on was away: kept in status, from when it is seen until the release ends.

On record, because the analysis looks back an hour only and may be blind for a while; what was measured in an outage must not count because of either.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from saferollout.api.gates import Gate, Signal
from saferollout.api.status import Outage
from saferollout.core.analysis.assess import Assessment
from saferollout.core.analysis.schedule import is_enforced
from saferollout.core.draft import Draft
from saferollout.core.measurements import Measurement
from saferollout.core.outage_depths import question_name, without_backlog, without_outages
from saferollout.core.signals import is_depth
from saferollout.core.statistics.windows import Interval

MOST_OUTAGES: Final = 20


def record_outages(draft: Draft) -> None:
    """Put on record what the analysis sees now; one that goes on, its quiet time included, has no end yet."""
    release = draft.open_release
    if release is None or not is_enforced(draft.snapshot) or not isinstance(draft.assessment, Assessment):
        return
    found = merged(release.outages, draft.assessment.outages, now=draft.now)
    if found != release.outages:
        draft.change_release(outages=found)


def touches_outage(draft: Draft, start: datetime, end: datetime) -> bool:
    """Tell whether a measurement reaches into a time that does not count."""
    return any(outage.start <= end and (outage.end is None or start <= outage.end) for outage in outages_on_record(draft))


def after_outages(draft: Draft, gate: Gate, measured: tuple[Measurement, ...], *, baseline: float | None) -> tuple[Measurement, ...]:
    """Return what an outage leaves of measurements that were taken after it; `baseline` is the depth at the start of the release."""
    outages = outages_on_record(draft)
    if not outages or not is_depth(gate):
        return measured
    if gate.signal is Signal.CONSUMER_LAG:
        return without_backlog(gate, measured, outages=outages, baseline=baseline)
    found = draft.observations.answers
    known = (*found.get(gate.name, ()), *found.get(question_name(gate), ()))
    return without_outages(measured, known=known, outages=outages, start=baseline)


def outages_on_record(draft: Draft) -> tuple[Outage, ...]:
    """Return the times that don't count; none where the analysis may do nothing."""
    release = draft.open_release
    return tuple(release.outages) if release is not None and is_enforced(draft.snapshot) else ()


def merged(known: Iterable[Outage], seen: Iterable[Interval], *, now: datetime) -> list[Outage]:
    """Return both together, in order and apart from each other. Nothing on record is ever dropped; beyond twenty the oldest become one."""
    live = tuple(seen)
    spans = [(one.start, _end_of(one, live, now=now)) for one in known]
    together: list[tuple[datetime, datetime]] = []
    for start, end in sorted((*spans, *((one.start, one.end) for one in live))):
        if together and start <= together[-1][1]:
            together[-1] = (together[-1][0], max(together[-1][1], end))
        else:
            together.append((start, end))
    while len(together) > MOST_OUTAGES:
        (first, _), (_, last) = together[:2]
        together[:2] = [(first, last)]
    goes_on = any(one.end >= now for one in live)
    return [Outage(start=start, end=None if goes_on and end >= now else end) for start, end in together]


def _end_of(one: Outage, live: tuple[Interval, ...], *, now: datetime) -> datetime:
    """Return when an outage ended. One that was going on and that nobody sees any more, because its series are gone, has ended now.

    The first end after its start, and not the last: between two outages lies a time that counts, also where nobody could look meanwhile.
    """
    if one.end is not None:
        return one.end
    around = [seen.end for seen in live if seen.start <= one.start <= seen.end]
    return max(around) if around else min((seen.end for seen in live if seen.end >= one.start), default=now)
