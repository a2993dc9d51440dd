"""What an outage leaves behind in a topic is not the release's: dead letters that came in it don't count, those that come afterwards do.

    without_outages(measured, known=known, outages=release.outages, start=3.0)    # the same measurements, each with what of it does not count

Only what is shown to have come in an outage is left out: the difference between the first and the last depth known within it, its first and last
instant included, for which both are asked. Where letters are purged or replayed later, no more is left out than still lies there.

A lag is another matter, because it has to go away again: it holds the release, and fails it only once it was caught up and has come anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from saferollout.api.gates import Gate, Signal
from saferollout.api.status import Outage, Release
from saferollout.core.analysis.schedule import is_enforced
from saferollout.core.decision import Snapshot
from saferollout.core.gates import keeps_limits, limits
from saferollout.core.measurements import Measurement, Outcome, Query, Question

_Span = tuple[datetime, datetime]
_PREFIX: Final = "outage/"
_NOT_YET: Final = (Outcome.UNREACHABLE, Outcome.PARTIAL)
"""Answers that may still become one: the past is asked again."""


def letters_question(snapshot: Snapshot, release: Release, gate: Gate, query: Query) -> Question | None:
    """Ask a depth of dead letters at both ends of every outage; one that goes on has no end yet."""
    if gate.signal is not Signal.DEAD_LETTER_DEPTH or not is_enforced(snapshot):
        return None
    instants = {instant for outage in release.outages for instant in (outage.start, outage.end) if instant is not None}
    return Question(name=question_name(gate), query=query, instants=tuple(sorted(instants))) if instants else None


def question_name(gate: Gate) -> str:
    """Name the question for the depths at the ends of outages."""
    return f"{_PREFIX}{gate.name}"


def without_outages(
    measured: Sequence[Measurement], *, known: Sequence[Measurement], outages: Sequence[Outage], start: float | None
) -> tuple[Measurement, ...]:
    """Say of each measurement how much of its value came in outages that were over by then.

    `known` are all depths that were asked for, `start` that of the release's start. While an end of an outage is not known, what was measured after it
    can't be judged.
    """
    over = sorted(((one.start, one.end) for one in outages if one.end is not None), key=lambda one: one[0])
    if not over:
        return tuple(measured)
    depths = {one.at: one.value for one in (*known, *measured) if one.outcome is Outcome.VALUE and one.value is not None}
    unknown = {one.at: one for one in known if one.outcome in _NOT_YET}
    left = dict(_left(over, depths, start=start or 0.0))
    return tuple(_without(one, over, left=left, unknown=unknown) for one in measured)


def without_backlog(
    gate: Gate, measured: Sequence[Measurement], *, outages: Sequence[Outage], baseline: float | None
) -> tuple[Measurement, ...]:
    """Count lags beyond the limit that were measured after an outage for nothing, until the first that keeps it; while the last one is such a lag the gate holds."""
    ends = sorted(outage.end for outage in outages if outage.end is not None)
    start = baseline if baseline is not None else next((one.value for one in measured if one.value is not None), 0.0)
    counting: list[Measurement] = []
    caught_up_at: datetime | None = None
    for one in measured:
        end = max((end for end in ends if end < one.at), default=None)
        is_left = end is not None and (caught_up_at is None or caught_up_at <= end)
        keeps = one.value is not None and one.outcome is Outcome.VALUE and keeps_limits(gate, one.value - start)
        caught_up_at = one.at if keeps else caught_up_at
        counting.append(one if keeps or not is_left or one.value is None else _left_lag(gate, one))
    return tuple(counting)


def _left_lag(gate: Gate, one: Measurement) -> Measurement:
    """Say what has to happen, without the number: it changes at every look, and every new wording in a status is a write."""
    detail = f"its lag is what an outage left, until it is caught up once ({limits(gate)})"
    return Measurement(at=one.at, outcome=Outcome.LEFT_BY_OUTAGE, detail=detail)


def _without(one: Measurement, over: Sequence[_Span], *, left: Mapping[datetime, float], unknown: Mapping[datetime, Measurement]) -> Measurement:
    if one.value is None:
        return one
    open_end = next((unknown[instant] for outage in over if outage[1] < one.at for instant in outage if instant in unknown), None)
    if open_end is not None:
        detail = f"how many dead letters came in an outage is not known: {open_end.detail or open_end.outcome}"
        return Measurement(at=one.at, outcome=open_end.outcome, detail=detail)
    return replace(one, uncounted=left.get(one.at, 0.0))


def _left(over: Sequence[_Span], depths: Mapping[datetime, float], *, start: float) -> Iterator[tuple[datetime, float]]:
    """Go through all depths: an outage that is over adds what came in it, and what was taken away since is forgotten."""
    waiting = [(end, _came(begin, end, depths, start=start)) for begin, end in over]
    left = 0.0
    for at, depth in sorted(depths.items()):
        left += sum(came for end, came in waiting if end <= at)
        waiting = [(end, came) for end, came in waiting if end > at]
        left = min(left, max(0.0, depth - start))
        yield at, left


def _came(begin: datetime, end: datetime, depths: Mapping[datetime, float], *, start: float) -> float:
    within = [depth for at, depth in sorted(depths.items()) if begin <= at <= end]
    return max(0.0, within[-1] - max(within[0], start)) if within else 0.0
