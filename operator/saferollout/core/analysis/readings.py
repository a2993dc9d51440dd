"""Judge every comparison by core/statistics, and say it in the words of core/diagnosis."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from saferollout.core.analysis.comparisons import BetweenArms, Comparison, WithBefore
from saferollout.core.diagnosis.evidence import Against, Arm, Reading, Standing
from saferollout.core.statistics.judge import Alarm, judge
from saferollout.core.statistics.judge_rate import judge_rate
from saferollout.core.statistics.passing import Passing
from saferollout.core.statistics.rates import rate_before
from saferollout.core.statistics.readings import Arm as Side
from saferollout.core.statistics.readings import Reading as Judged
from saferollout.core.statistics.readings import Verdict
from saferollout.core.statistics.windows import Interval, TimedCount, Window

_CALM: Final = 0.02
"""A share of bad events below which new pods are clear of a symptom; shown by about 170 requests without any."""

_STANDINGS = {Verdict.WORSE: Standing.WORSE, Verdict.CLEAR: Standing.CLEAR}


def readings_of(found: Sequence[Comparison], *, alpha: float, without: Sequence[Interval]) -> Iterator[Reading]:
    """Judge all of them; the chance of a false alarm is shared by those in which anything happened at all."""
    at_work = [one for one in found if _has_events(one)]
    for one in found:
        if isinstance(one, BetweenArms):
            yield from _between_arms(one, alpha=alpha, gates=max(1, len(at_work)), without=without)
        else:
            yield _with_before(one, alpha=alpha, gates=max(1, len(at_work)), without=without)


def _between_arms(one: BetweenArms, *, alpha: float, gates: int, without: Sequence[Interval]) -> Iterator[Reading]:
    alarm = Alarm(alpha=alpha, gates=gates, arms=(Side.NEW, Side.OLD), proportion=one.proportion, tolerates=one.tolerates)
    passing = Passing(rate=_CALM) if one.calm else Passing(rate=None)
    judged = judge(one.windows, baseline=one.baseline, during=one.old, alarm=alarm, passing=passing, without=without)
    for side, arm in ((Side.NEW, Arm.NEW), (Side.OLD, Arm.OLD)):
        standing = _standing(judged, side)
        events, total = _counted(one.windows, side, judged) if standing is Standing.WORSE else _counted(one.windows, side, None)
        own, other = (judged.new_rate, judged.old_rate) if side is Side.NEW else (judged.old_rate, judged.new_rate)
        yield Reading(
            symptom=one.symptom, workload=one.workload, arm=arm, against=Against.OTHER_ARM, standing=standing, contract=one.contract,
            count=events, total=total, value=own or 0.0, reference=other or 0.0,
            onset=judged.onset if standing is Standing.WORSE else None, worse_at=judged.alarm_time if standing is Standing.WORSE else None,
            detail="" if standing is not Standing.CANNOT_TELL else judged.sentence, phi=judged.phi if isinstance(judged.phi, float) else None,
        )  # fmt: skip


def _standing(judged: Judged, side: Side) -> Standing:
    if judged.verdict is Verdict.WORSE:
        return Standing.WORSE if judged.worse is side else Standing.CLEAR
    return _STANDINGS.get(judged.verdict, Standing.CANNOT_TELL)


def _with_before(one: WithBefore, *, alpha: float, gates: int, without: Sequence[Interval]) -> Reading:
    known_rate = replace(rate_before(one.before, without=without), tolerates=one.tolerates)
    judged = judge_rate(one.since, against=known_rate, alpha=alpha, gates=gates, without=without)
    known = any(count.seconds > 0 for count in one.before)
    standing = _STANDINGS.get(judged.verdict, Standing.CANNOT_TELL) if known else Standing.CANNOT_TELL
    since = [count for count in one.since if judged.onset is None or count.at >= judged.onset]
    events, total = sum(count.events for count in since), _total(one, since)
    before = _total(one, one.before)
    return Reading(
        symptom=one.symptom, workload=one.workload, arm=one.arm, against=Against.BASELINE, standing=standing, contract=one.contract,
        count=events, total=total, value=events / total if total else 0.0,
        reference=sum(count.events for count in one.before) / before if before else 0.0,
        onset=judged.onset if standing is Standing.WORSE else None, worse_at=judged.alarm_time if standing is Standing.WORSE else None,
        detail="" if standing is not Standing.CANNOT_TELL else judged.sentence if known else "nothing is known of the time before the release",
    )  # fmt: skip


def _total(one: WithBefore, counts: Sequence[TimedCount]) -> float:
    """Return what the events of these windows are told among."""
    if not one.among:
        return sum(count.seconds for count in counts)
    instants = {count.at for count in counts}
    return sum(records.events for records in one.among if records.at in instants)


def _counted(windows: Sequence[Window], side: Side, judged: Judged | None) -> tuple[float, float]:
    onset = judged.onset if judged is not None else None
    chosen = [window for window in windows if onset is None or window.at >= onset]
    if side is Side.NEW:
        return sum(window.new_events for window in chosen), sum(window.new_total for window in chosen)
    return sum(window.old_events for window in chosen), sum(window.old_total for window in chosen)


def _has_events(one: Comparison) -> bool:
    if isinstance(one, BetweenArms):
        return any(window.new_events or window.old_events for window in one.windows)
    return any(count.events for count in one.since)

