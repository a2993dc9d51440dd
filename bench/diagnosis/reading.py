"""From counts to readings: laid out as core/analysis lays out its comparisons, and judged by core/analysis and core/statistics themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.diagnosis.counting import EVERY, Look, Name, is_new, is_old
from bench.diagnosis.shop import ASKED, COUNTERS, MEMBERS, OF_THE_TOPIC, OF_THE_WORKLOAD, TOPIC
from saferollout.core.analysis.comparisons import BetweenArms, Comparison, WithBefore
from saferollout.core.analysis.counts import in_arms, only, summed
from saferollout.core.analysis.readings import readings_of
from saferollout.core.diagnosis.evidence import Against, Arm, Reading, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import Interval, PodCounts, TimedCount, Window

ALPHA: Final = 0.01
_COMMON: Final = frozenset({Symptom.CACHE_MISSES, Symptom.CACHE_PUTS, Symptom.STALLED})
_NO_PART_OF_ALL: Final = frozenset({Symptom.CACHE_PUTS, Symptom.RESTARTS})
_IN_A_ROW: Final = 2
_FEWER, _MORE = 0.5, 2.0


@dataclass(slots=True)
class Ledger:
    """The looks before a release and since, each taken apart only once. `rolls`: which workload has new pods; `hidden`: what nobody reports."""

    rolls: str
    hidden: frozenset[Name]
    before: list[Look]
    since: list[Look] = field(default_factory=list)
    _calm: dict[Name, tuple[TimedCount, ...]] = field(default_factory=dict)
    _timed: dict[tuple[Name, Arm], list[TimedCount]] = field(default_factory=dict)
    _windows: dict[Name, list[Window]] = field(default_factory=dict)
    _old: dict[Name, list[PodCounts]] = field(default_factory=dict)

    def add(self, look: Look) -> None:
        """Take one more look into account."""
        self.since.append(look)
        for name in self._names():
            arms = _ARMS if self._rolls(name) else (Arm.ALL,)
            counts = [look.counts[name]]
            for arm in arms:
                self._timed.setdefault((name, arm), []).extend(map(summed(_IS_IN[arm]), counts))
            if self._rolls(name):
                self._windows.setdefault(name, []).extend(map(in_arms(is_new, is_old), counts))
                self._old.setdefault(name, []).extend(map(only(is_old), counts))

    def readings(self, *, without: Sequence[Interval]) -> tuple[Reading, ...]:
        """Read every counter that is not hidden; a hidden one can't be told."""
        found = [one for name in self._names() for one in self._of_pods(name)]
        found += [_of_topic(symptom, self.before, self.since) for symptom in OF_THE_TOPIC if (symptom, TOPIC) not in self.hidden and symptom is not Symptom.TOPIC_SILENT]
        judged = readings_of(found, alpha=ALPHA, without=without)
        blind = (
            Reading(symptom, "" if name == TOPIC else name, Arm.ALL, Against.BASELINE, Standing.CANNOT_TELL, contract=TOPIC if name == TOPIC else "")
            for symptom, name in sorted(self.hidden)
        )
        silent = () if (Symptom.TOPIC_SILENT, TOPIC) in self.hidden else (_silent(self.since),)
        traffic = (one for workload in sorted(ASKED) for one in _traffic(self.rolls, workload, self.before, self.since))
        return (*judged, *blind, *silent, *traffic)

    def _names(self) -> Iterator[Name]:
        names = ((symptom, workload) for workload, counters in COUNTERS.items() for symptom in counters)
        return (name for name in names if name not in self.hidden)

    def _rolls(self, name: Name) -> bool:
        return name[1] == self.rolls and name[0] not in OF_THE_WORKLOAD

    def _of_pods(self, name: Name) -> Iterator[Comparison]:
        symptom, workload = name
        if not self._rolls(name):
            yield self._with_before(name, Arm.ALL, shown=Arm.ALL if workload == self.rolls else _elsewhere(workload))
            return
        yield BetweenArms(
            symptom=symptom,
            workload=workload,
            contract="",
            windows=tuple(self._windows[name]),
            baseline=tuple(look.counts[name] for look in self.before),
            old=tuple(self._old[name]),
            proportion=symptom not in _NO_PART_OF_ALL,
            calm=symptom not in _COMMON,
        )
        for arm in _ARMS:
            yield self._with_before(name, arm, shown=arm)

    def _with_before(self, name: Name, arm: Arm, *, shown: Arm) -> WithBefore:
        if name not in self._calm:
            self._calm[name] = tuple(summed(_anybody)(look.counts[name]) for look in self.before)
        return WithBefore(
            symptom=name[0], workload=name[1], contract="", arm=shown, since=tuple(self._timed[name, arm]), before=self._calm[name]
        )


def _of_topic(symptom: Symptom, before: Sequence[Look], since: Sequence[Look]) -> WithBefore:
    """Count what happens to the topic by time, and say it among its records."""
    every = (*_counts((symptom, TOPIC), before), *_counts((symptom, TOPIC), since))
    timed = [TimedCount(at=one.at, events=one.pods[""][0], seconds=EVERY.total_seconds()) for one in every]
    among = tuple(TimedCount(at=one.at, events=one.pods[""][1], seconds=EVERY.total_seconds()) for one in every)
    return WithBefore(
        symptom=symptom, workload="", contract=TOPIC, arm=Arm.ALL, since=tuple(timed[len(before) :]), before=tuple(timed[: len(before)]), among=among
    )


def _silent(since: Sequence[Look]) -> Reading:
    """Read a topic that falls silent by two looks in a row, as core/analysis/looks.py does."""
    looks = _counts((Symptom.TOPIC_SILENT, TOPIC), since)
    return _in_a_row(Symptom.TOPIC_SILENT, "", Arm.ALL, [(one, one.pods[""][0] > 0) for one in looks], contract=TOPIC)


def _traffic(rolls: str, workload: str, before: Sequence[Look], since: Sequence[Look]) -> Iterator[Reading]:
    """Read requests that stop or swell by two looks in a row, as core/analysis/looks.py does."""
    usual = sum(look.requests[workload] for look in before) / len(before)
    arm = Arm.ALL if workload == rolls else _elsewhere(workload)
    looks = [(look.counts[Symptom.RESTARTS, workload], look.requests[workload]) for look in since]
    yield _in_a_row(Symptom.FEWER_REQUESTS, workload, arm, [(look, came < _FEWER * usual) for look, came in looks])
    yield _in_a_row(Symptom.MORE_REQUESTS, workload, arm, [(look, came > _MORE * usual) for look, came in looks])


def _in_a_row(symptom: Symptom, workload: str, arm: Arm, looks: Sequence[tuple[PodCounts, bool]], *, contract: str = "") -> Reading:
    last = looks[-_IN_A_ROW:]
    if len(last) < _IN_A_ROW:
        return Reading(symptom, workload, arm, Against.BASELINE, Standing.CANNOT_TELL, contract=contract)
    worse = all(flag for _, flag in last)
    return Reading(
        symptom, workload, arm, Against.BASELINE, Standing.WORSE if worse else Standing.CLEAR, contract=contract, onset=last[0][0].at if worse else None
    )


def _counts(name: Name, looks: Sequence[Look]) -> list[PodCounts]:
    return [look.counts[name] for look in looks]


def _elsewhere(workload: str) -> Arm:
    return Arm.OUTSIDE if any(one.workload == workload and not one.in_release for one in MEMBERS) else Arm.NEIGHBOUR


def _anybody(pod: str) -> bool:
    return True


_ARMS: Final = (Arm.NEW, Arm.OLD, Arm.ALL)
_IS_IN: Final = {Arm.NEW: is_new, Arm.OLD: is_old, Arm.ALL: _anybody}
