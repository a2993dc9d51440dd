"""Whether a batch of new pods is shown to be well: no alarm is not a pass, since without requests nothing ever alarms.

A batch passes when, for everything that its pods are asked to do, one of three things is shown, each wrong for at most 5 % of bad releases
(core/statistics/passing.py, judge_rate.py): fewer bad events than a rate that is all right whatever was before, less than 3 times as many as
on old pods, or less than 3 times as many as before the release. Calls that are made too seldom to hurt are shown by what the pods are asked
(rare_calls.py). Only windows that began when the batch was ready, or later, count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, log10
from typing import Final, TypeVar

from saferollout.core.analysis.comparisons import BetweenArms, Comparison, WithBefore
from saferollout.core.analysis.counts import POD_SYMPTOMS
from saferollout.core.analysis.rare_calls import ASKED, CALLS, Shown, are_too_rare_to_hurt
from saferollout.core.catalogue.series import SignalName
from saferollout.core.diagnosis.evidence import Arm
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.counting_windows import in_order
from saferollout.core.statistics.judge import Alarm, judge
from saferollout.core.statistics.judge_rate import judge_rate
from saferollout.core.statistics.passing import Passing
from saferollout.core.statistics.rates import rate_before
from saferollout.core.statistics.readings import Reading, Verdict
from saferollout.core.statistics.windows import Interval, PodCounts, TimedCount, Window

SHOWN: Final = frozenset(
    {
        Symptom.REJECTED,
        Symptom.SERVER_ERRORS,
        Symptom.CALLS_REJECTED,
        Symptom.CALLS_FAILED,
        Symptom.CONSUMER_FAILURES,
        Symptom.DATA_ERRORS,
    }
)
"""What pods are asked to do, and how it fails. Restarts and readiness are judged by the cluster itself, misses and stalls only against others."""

SIGNAL_OF: Final[Mapping[Symptom, SignalName]] = {one.symptom: one.signal for one in POD_SYMPTOMS if one.symptom in SHOWN}
SHOWN_BY: Final = frozenset(SIGNAL_OF.values())
"""The signals that a batch is shown to be well by."""

_Timed = Window | TimedCount | PodCounts
T = TypeVar("T", Window, TimedCount)
_MINUTE: Final = 60
_STEPS: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Unproven:
    """What is missing before new pods are shown to be well in one symptom.

    `seen`: events since the batch was ready, of every kind, that count; `discarded`: those in times that do not. `exposed`: there was enough to see, and it
    lies between good and bad.
    `missing`, `missing_seconds`: how many more, and how long that takes at this pace; None: not to be said.
    """

    symptom: Symptom
    workload: str
    seen: float
    exposed: bool
    missing: float | None = None
    missing_seconds: float | None = None
    discarded: float = 0.0

    @property
    def sentence(self) -> str:
        """Say what is waited for; roughly, because every new wording in a status is a write."""
        among = self.symptom.among
        if not self.seen and self.discarded:
            when = "in an outage or while an exporter was silent, or in the quiet time after it"
            return f"new pods of {self.workload} to do something that counts: {among} were seen of them only {when}"
        if not self.seen:
            return f"new pods of {self.workload} to do something: no {among} were seen of them since they were ready"
        if self.exposed or self.missing is None:
            return f"new pods of {self.workload} to be shown to be well: {self.symptom.meaning} lie between good and bad"
        pace = f", {_roughly_seconds(self.missing_seconds)} at this pace" if self.missing_seconds is not None else ""
        return f"some {_roughly(self.missing)} more {among} on new pods of {self.workload}{pace}, to show that they are well"


def unproven(
    found: Sequence[Comparison], *, workload: str, since: datetime, highest_rate: float, without: Sequence[Interval]
) -> tuple[Unproven, ...]:
    """Return what is not shown yet of a workload's new pods since their batch was ready; nothing where nobody asks anything of it."""
    before = {(one.symptom, one.contract): one for one in found if isinstance(one, WithBefore) and one.workload == workload and one.arm is Arm.NEW}
    return tuple(_missing(found, before, workload=workload, since=since, highest_rate=highest_rate, without=without))


def _missing(
    found: Sequence[Comparison],
    before: Mapping[tuple[Symptom, str], WithBefore],
    *,
    workload: str,
    since: datetime,
    highest_rate: float,
    without: Sequence[Interval],
) -> Iterator[Unproven]:
    # What is counted for one contract alone is a part of what is counted of all.
    every = (one for one in found if isinstance(one, BetweenArms) and one.workload == workload and one.symptom in SHOWN and not one.contract)
    own = [one for one in every if _is_asked(one)]
    shown = {one.symptom: Shown(one, in_order(_begun(one.windows, since=since, after=one.baseline), without=without)) for one in own}
    asked = [shown[symptom] for symptom in ASKED & shown.keys()]
    for one in own:
        windows = _begun(one.windows, since=since, after=one.baseline)
        judged = judge(
            windows,
            baseline=one.baseline,
            during=one.old,
            alarm=Alarm(proportion=one.proportion),
            passing=Passing(rate=highest_rate),
            without=without,
        )
        beside = before.get((one.symptom, one.contract))
        if judged.verdict is Verdict.CLEAR or (beside is not None and _is_as_before(beside, since=since, without=without)):
            continue
        if one.symptom in CALLS and are_too_rare_to_hurt(shown[one.symptom], asked=asked, highest_rate=highest_rate):
            continue
        yield _told(one, judged, windows, shown[one.symptom])


def _begun(windows: Sequence[T], *, since: datetime, after: Sequence[_Timed]) -> tuple[T, ...]:
    """Return the windows that began at an instant or later: a window begins where the one before it ends, and nobody knows where the first of all began."""
    ends = [after[-1].at if after else None, *(window.at for window in windows)]
    return tuple(window for begin, window in zip(ends, windows, strict=False) if begin is not None and begin >= since)


def _told(one: BetweenArms, judged: Reading, windows: Sequence[Window], shown: Shown) -> Unproven:
    return Unproven(
        symptom=one.symptom,
        workload=one.workload,
        seen=shown.total,
        discarded=sum(window.new_total for window in windows) - shown.total,
        exposed=judged.verdict is not Verdict.TOO_LITTLE,
        missing=judged.missing_requests,
        missing_seconds=judged.missing_seconds,
    )


def _is_asked(one: BetweenArms) -> bool:
    """Tell whether anything was asked of these pods, before the release or since."""
    since = any(window.new_total or window.old_total for window in one.windows)
    return since or any(total > 0 for look in one.baseline for _, total in look.pods.values())


def _is_as_before(one: WithBefore, *, since: datetime, without: Sequence[Interval]) -> bool:
    known = rate_before(one.before, without=without)
    windows = _begun(one.since, since=since, after=one.before)
    return judge_rate(windows, against=known, without=without).verdict is Verdict.CLEAR


def worst(found: Sequence[Unproven]) -> Unproven | None:
    """Return what is to be waited for longest; what may never come goes before what only takes time."""
    return max(found, key=lambda one: (not one.seen, one.exposed, one.missing or 0.0), default=None)


def _roughly(amount: float) -> str:
    """Return the next of 1, 2, 5, 10, 20, 50 ..."""
    magnitude = 10.0 ** floor(log10(max(1.0, amount)))
    step = next(step for step in _STEPS if step * magnitude >= amount)
    return f"{step * magnitude:.0f}"


def _roughly_seconds(seconds: float) -> str:
    if seconds < _MINUTE:
        return "less than a minute"
    return f"{_roughly(ceil(seconds / _MINUTE))} min"
