"""Judge the windows of a release: is the new arm worse than the old one, or the old one than the new; and is it shown to be well?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from saferollout.core.statistics.counting_windows import has_both_arms, has_new_arm, in_order
from saferollout.core.statistics.dispersion import (
    Baseline,
    Dispersion,
    Unmeasured,
    distance_of,
    measure_baseline,
)
from saferollout.core.statistics.evidence import Trace, swapped, trace
from saferollout.core.statistics.passing import Passing, passed
from saferollout.core.statistics.readings import Arm, Reading, Verdict
from saferollout.core.statistics.windows import Interval, PodCounts, Window

PLAIN_TOLERANCE: Final = 2.0
MEASURED_TOLERANCE: Final = 1.2

_NEW_SHARE: Final = 0.8
"""What share of alpha the question whether the new pods are worse gets where both are asked."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """How readily to say WORSE.

    `alpha`: the chance of a false alarm in a whole release, shared by `gates` tests. `arms`: which arm is under suspicion; old pods suffer where
    new ones write what they can't read. `proportion`: events are a part of the total (requests), and not counts over anything else (seconds).
    `plain`: no measured overdispersion, tolerance 2; then alpha is exact for counts that come one by one. `tolerates`: so many times as many bad
    events are no trouble, where that is more than the tolerance is anyhow.
    """

    alpha: float = 0.01
    gates: int = 1
    arms: tuple[Arm, ...] = (Arm.NEW,)
    proportion: bool = True
    plain: bool = False
    tolerates: float = 1.0

    def wanted(self, arm: Arm) -> float:
        """Return the evidence that an alarm about this arm takes."""
        share = 1.0 if len(self.arms) == 1 else _NEW_SHARE if arm is Arm.NEW else 1 - _NEW_SHARE
        return self.gates / (self.alpha * share)


def judge(
    windows: Iterable[Window],
    *,
    baseline: Sequence[PodCounts] = (),
    during: Sequence[PodCounts] = (),
    alarm: Alarm | None = None,
    passing: Passing | None = None,
    without: Sequence[Interval] = (),
) -> Reading:
    """Read all windows of a release from the beginning; the same windows always give the same reading.

    `baseline`: each window before the release, all pods of the workload; 120 of them are worth having, 40 do. `during`: each window since, the old pods.
    `without`: times whose windows do not count, neither for the verdict nor for the overdispersion. Windows may come in any order, be
    missing, and have arms of any size; an arm without requests, or a number that is no count, makes a window say nothing.
    """
    alarm, passing = alarm or Alarm(), passing or Passing()
    ordered = in_order(windows, without=without)
    both = [window for window in ordered if has_both_arms(window)]
    measured = Unmeasured.NOT_WANTED if alarm.plain else measure_baseline(baseline, proportion=alarm.proportion, without=without)
    looks = in_order(during, without=without)
    spreads, phis = _spreads(both, measured, looks, proportion=alarm.proportion)
    tolerance = max(alarm.tolerates, PLAIN_TOLERANCE if isinstance(measured, Unmeasured) else MEASURED_TOLERANCE)
    traces = {arm: _trace(both, spreads, arm, tolerance=tolerance, alarm=alarm) for arm in alarm.arms}
    first = _first_alarm(traces)
    if first is not None:
        return _worse(both, traces[first], first, tolerance=tolerance, phi=phis[traces[first].alarm or 0], alarm=alarm)
    spread_at = dict(zip((window.at for window in both), spreads, strict=True))
    seen = [_without_unknown(window) for window in ordered if has_new_arm(window)]
    result = passed(seen, [spread_at.get(window.at, max(spreads, default=1.0)) for window in seen], passing=passing)
    nearest = max(traces, key=lambda arm: traces[arm].highest / alarm.wanted(arm))
    return Reading(
        verdict=Verdict.CLEAR if result.shown else Verdict.WATCHING if result.exposed else Verdict.TOO_LITTLE,
        windows=len(both),
        evidence=traces[nearest].highest,
        wanted=alarm.wanted(nearest),
        tolerance=tolerance,
        phi=phis[-1],
        new_rate=_rate(sum(window.new_events for window in seen), sum(window.new_total for window in seen)),
        old_rate=_rate(sum(window.old_events for window in both), sum(window.old_total for window in both)),
        missing_requests=result.missing,
        missing_seconds=_seconds(seen, result.missing),
    )


def _spreads(
    windows: Sequence[Window], measured: Baseline | Unmeasured, looks: Sequence[PodCounts], *, proportion: bool
) -> tuple[list[float], list[float | Unmeasured]]:
    """Return what to divide each window's evidence by and phi, both from what was known before the window; phi also after the last."""
    if isinstance(measured, Unmeasured):
        return [1.0] * len(windows), [measured] * (len(windows) + 1)
    dispersion, next_look = Dispersion(measured), 0
    spreads, phis = list[float](), list[float | Unmeasured]()
    for window in windows:
        while next_look < len(looks) and looks[next_look].at < window.at:
            distance = distance_of(looks[next_look], proportion=proportion)
            if distance is not None:
                dispersion.learn(distance)
            next_look += 1
        phis.append(dispersion.phi)
        spreads.append(dispersion.spread(window))
    return spreads, [*phis, dispersion.phi]


def _trace(windows: Sequence[Window], spreads: Sequence[float], arm: Arm, *, tolerance: float, alarm: Alarm) -> Trace:
    seen = windows if arm is Arm.NEW else [swapped(window) for window in windows]
    return trace(seen, spreads, tolerance=tolerance, wanted=alarm.wanted(arm), proportion=alarm.proportion)


def _first_alarm(traces: dict[Arm, Trace]) -> Arm | None:
    alarms = [(found.alarm, arm) for arm, found in traces.items() if found.alarm is not None]
    return min(alarms)[1] if alarms else None


def _worse(windows: Sequence[Window], found: Trace, arm: Arm, *, tolerance: float, phi: float | Unmeasured, alarm: Alarm) -> Reading:
    last = found.alarm or 0
    bad = windows[found.onset : last + 1]
    return Reading(
        verdict=Verdict.WORSE,
        windows=last + 1,
        evidence=found.highest,
        wanted=alarm.wanted(arm),
        tolerance=tolerance,
        phi=phi,
        new_rate=_rate(sum(window.new_events for window in bad), sum(window.new_total for window in bad)),
        old_rate=_rate(sum(window.old_events for window in bad), sum(window.old_total for window in bad)),
        worse=arm,
        onset=bad[0].at,
        alarm_time=windows[last].at,
    )


def _without_unknown(window: Window) -> Window:
    """Return the window with an old arm that can't be compared taken as empty."""
    if has_both_arms(window):
        return window
    return Window(at=window.at, new_events=window.new_events, new_total=window.new_total, old_events=0, old_total=0)


def _rate(events: float, total: float) -> float | None:
    return events / total if total > 0 else None


def _seconds(windows: Sequence[Window], requests: float | None) -> float | None:
    """Return how long so many requests to new pods take at the pace of the windows; None where there is no pace."""
    gaps = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(windows)]
    if requests is None or not gaps:
        return None
    return requests * median(gaps) * len(windows) / sum(window.new_total for window in windows)
