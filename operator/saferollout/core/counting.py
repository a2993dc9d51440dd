"""Raw counters at instants -> what was counted between them, by pod and key.

    counting, seen = counting_of(series), NOTHING_SEEN
    for look in map(sorted_out(series), full_answers(measurements)):
        interval, seen = counting.next(seen, look)    # None for the first look: it is only what the others are compared with

Counters are differenced here and not by Prometheus: `rate()` and `increase()` drop what a new series starts with, so the first errors of a
new pod would vanish, and they extrapolate, so that counts are no whole numbers (systems-and-signals.md, D0). The rules:

- A look without a full answer makes no interval; the next one is longer.
- A pod that is missing in a look keeps its last counts; when it comes back, what it grew meanwhile is counted then.
- A pod that was not there at the last look is new and counts from 0; how the offset of a new consumer group began is not known, so it counts from the next look on.
- A counter that goes backwards has begun anew, with its whole process: all of it counts from 0. One that falls by less than half has not, because no
  process comes that far in one interval: two sources take turns under one name, such as replicas of Prometheus. It counts from the next look on.
- A pod that keeps its name and was made anew since the last look is another process: it counts from 0 as soon as any of its counters fell, by however
  little, or it is scraped at another address.
- Labels that change within a process (a key vanishes, another appears) are a renaming: the new ones count from the next look on.
- Offsets do not begin at 0 again: one that goes backwards counts from the next look on.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Final

from saferollout.core.arms import alternation
from saferollout.core.catalogue.asking import PROCESS, named
from saferollout.core.catalogue.series import Reading, Series, Subject
from saferollout.core.measurements import LabelSet, Measurement, Outcome, Samples
from saferollout.core.renewed_pods import begun_anew

Counts = Mapping[LabelSet, float]
_Processes = Mapping[str, Counts]
_Place = tuple[str, str, LabelSet]
_LARGEST_COUNT: Final = 2.0**53
"""Beyond it a float can't count by ones."""

_ENOUGH_TO_TELL: Final = 100.0
"""Counts of a process below which a fall is always a restart: what it may count too much is little."""

COUNTED: Final = (Reading.COUNTER, Reading.OFFSET)
"""How a series is read that counts something."""


class Remark(StrEnum):
    """What is to be known of how somebody was counted in an interval."""

    BORN = "Born"                  # counted from 0: not there at the last look
    STARTED_EARLIER = "StartedEarlier"  # seen for the first time, and nobody knows where it began: counts from the next look on
    RESTARTED = "Restarted"        # a counter went backwards: counted from 0
    RELABELLED = "Relabelled"      # labels changed: what is new counts from the next look on
    WENT_BACKWARDS = "WentBackwards"  # an offset fell, or a counter by less than half: counts from the next look on
    MOVED = "Moved"                # scraped at another address, and no count fell: counted as the same process
    RETURNED = "Returned"          # was missing in looks before: counted since it was last seen
    MISSING = "Missing"            # was there before and is not now


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that was seen at one instant: by subject (a pod, topic or group), process and key.

    `made`: when pods that keep their names were made, of those that were made since the look before, or not long before it.
    """

    at: datetime
    subjects: Mapping[str, _Processes]
    made: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """What was counted between two looks, by subject and key. Who is not in `grown` was not counted, which is not the same as 0."""

    start: datetime
    at: datetime
    grown: Mapping[str, Counts]
    remarks: Mapping[str, Remark]


def full_answers(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return the full answers, in order, each instant once."""
    full = {one.at: one for one in measurements if one.outcome is Outcome.VALUE}
    return [full[at] for at in sorted(full)]


def sorted_out(series: Series) -> Callable[[Measurement], Look]:
    """Return what makes a look of a full answer."""
    labels: tuple[LabelSet, ...] = ()
    places: tuple[_Place, ...] = ()

    def look(answer: Measurement) -> Look:
        nonlocal labels, places
        if answer.samples.labels != labels:
            # From look to look the labels are mostly the same, and taking them apart is most of the work.
            labels, places = answer.samples.labels, _places(series, answer.samples)
        return _look(answer.at, places, answer.samples.values, counts=series.reading in COUNTED)

    return look


def counting_of(series: Series) -> "Counting":
    """Return how a series is counted from look to look; raise ValueError for one that counts nothing."""
    if series.reading not in COUNTED:
        raise ValueError(f"a series that is read as {series.reading} counts nothing")
    return Counting(reading=series.reading, from_zero=_from_zero(series))


def among(pods: tuple[str, ...]) -> Callable[[str], bool]:
    """Return whether a pod is one of these, given as patterns (core/arms.py); none where there are none."""
    pattern = re.compile(alternation(pods))
    # The same few names come again at every look, and patterns are slow.
    return cache(lambda pod: pattern.fullmatch(pod) is not None)


def _places(series: Series, samples: Samples) -> tuple[_Place, ...]:
    return tuple(_place(series, labels) for labels in named(series, samples).labels)


def _place(series: Series, labels: LabelSet) -> _Place:
    subject, rest = ("", labels) if series.subject is Subject.SERVER else (labels[0][1], labels[1:])
    process = next((value for label, value in rest if label == PROCESS), "")
    return subject, process, tuple(label for label in rest if label[0] != PROCESS)


def _look(at: datetime, places: tuple[_Place, ...], values: tuple[float, ...], *, counts: bool) -> Look:
    subjects: dict[str, dict[str, dict[LabelSet, float]]] = {}
    for (subject, process, key), value in zip(places, values, strict=True):
        if counts and not 0 <= value <= _LARGEST_COUNT:
            continue  # no count: a gauge that somebody took for a counter, or an exporter gone wrong
        subjects.setdefault(subject, {}).setdefault(process, {})[key] = value
    return Look(at=at, subjects=subjects)


@dataclass(frozen=True, slots=True)
class _Known:
    """Somebody's counts as they were seen last, and when."""

    at: datetime
    processes: _Processes


@dataclass(frozen=True, slots=True)
class Seen:
    """What the next look is compared with: the last one, and the last counts of everybody who was missing in it."""

    last: Look | None = None
    missing: Mapping[str, _Known] = field(default_factory=dict)

    def known(self, subject: str) -> _Known | None:
        """Return somebody's last counts."""
        if self.last is not None and subject in self.last.subjects:
            return _Known(at=self.last.at, processes=self.last.subjects[subject])
        return self.missing.get(subject)


NOTHING_SEEN: Final = Seen()


@dataclass(frozen=True, slots=True)
class Counting:
    """Goes from look to look: what was counted up to a look follows from it and from what was seen before.

    `from_zero` is False where somebody new says nothing of how it began.
    """

    reading: Reading
    from_zero: bool

    def next(self, seen: Seen, look: Look) -> tuple[Interval | None, Seen]:
        """Return what was counted since the last look, and what the next one is compared with."""
        missing = _missing(seen, look)
        if seen.last is None:
            return None, Seen(last=look, missing=missing)
        start, grown, remarks = seen.last.at, dict[str, Counts](), dict[str, Remark]()
        for subject, processes in look.subjects.items():
            counts, remark = self._grown(subject, seen.known(subject), processes, start, made=look.made.get(subject))
            if counts is not None:
                grown[subject] = counts
            if remark is not None:
                remarks[subject] = remark
        remarks.update(dict.fromkeys(missing, Remark.MISSING))
        return Interval(start=start, at=look.at, grown=grown, remarks=remarks), Seen(last=look, missing=missing)

    def _grown(
        self, subject: str, known: _Known | None, now: _Processes, start: datetime, *, made: datetime | None
    ) -> tuple[Counts | None, Remark | None]:
        if known is None:
            return (_added(now.values()), Remark.BORN) if self.from_zero else (None, Remark.STARTED_EARLIER)
        begun = begun_anew(known.processes, now, seen=known.at, start=start, made=made) if made is not None else ()
        if begun:
            return _added(begun), Remark.RESTARTED
        counts, remark = self._compared(known.processes, now)
        return counts, remark or (Remark.RETURNED if known.at < start else None)

    def _compared(self, before: _Processes, now: _Processes) -> tuple[Counts, Remark | None]:
        shared = [process for process in now if process in before]
        if not shared:
            # Scraped at another address: of the same process where no count fell.
            counts, remark = self._of_process(_added(before.values()), _added(now.values()))
            return counts, remark or Remark.MOVED
        if len(shared) == len(now) == 1:
            return self._of_process(before[shared[0]], now[shared[0]])
        pairs = [self._of_process(before[process], now[process]) for process in shared]
        remarks = [remark for _, remark in pairs if remark is not None]
        if len(shared) < len(now):
            remarks.append(Remark.RELABELLED)
        return _added(counts for counts, _ in pairs), next(iter(remarks), None)

    def _of_process(self, before: Counts, now: Counts) -> tuple[Counts, Remark | None]:
        if self.reading is Reading.OFFSET:
            return self._of_offsets(before, now)
        differences, first_seen = _differences(before, now)
        # Where no key stayed, a renaming keeps the sum and a restart does not.
        fell = min(differences.values()) < 0 if differences else sum(now.values()) < sum(before.values())
        if fell and _is_too_little(before, now):
            return {}, Remark.WENT_BACKWARDS
        if fell:
            return now, Remark.RESTARTED
        if first_seen and len(differences) < len(before):
            return differences, Remark.RELABELLED
        return (differences | first_seen if first_seen else differences), None

    def _of_offsets(self, before: Counts, now: Counts) -> tuple[Counts, Remark | None]:
        differences, first_seen = _differences(before, now)
        counts = {key: count for key, count in differences.items() if count >= 0}
        remark = Remark.WENT_BACKWARDS if len(counts) < len(differences) else None
        return (counts | first_seen if self.from_zero else counts), remark


def _missing(seen: Seen, look: Look) -> dict[str, _Known]:
    """Return the last counts of everybody who was seen before and is not in this look."""
    gone = {subject: known for subject, known in seen.missing.items() if subject not in look.subjects}
    if seen.last is not None and not seen.last.subjects.keys() <= look.subjects.keys():
        last = seen.last
        gone |= {subject: _Known(at=last.at, processes=processes) for subject, processes in last.subjects.items() if subject not in look.subjects}
    return gone


def _from_zero(series: Series) -> bool:
    """Tell whether somebody new began at 0: how the offset of a consumer group began is not known."""
    return series.subject is not Subject.GROUP


def _is_too_little(before: Counts, now: Counts) -> bool:
    """Tell a counter that fell by less than half from one that began anew; where few were counted either may be."""
    known = sum(before.values())
    return known >= _ENOUGH_TO_TELL and sum(now.values()) > known / 2


def _differences(before: Counts, now: Counts) -> tuple[dict[LabelSet, float], dict[LabelSet, float]]:
    """Return by how much each count changed, and the counts that were not there before."""
    changed: dict[LabelSet, float] = {}
    first_seen: dict[LabelSet, float] = {}
    for key, value in now.items():
        known = before.get(key)
        if known is None:
            first_seen[key] = value
        else:
            changed[key] = value - known
    return changed, first_seen


def _added(counts: Iterable[Counts]) -> Counts:
    total: dict[LabelSet, float] = {}
    for one in counts:
        for key, value in one.items():
            total[key] = total.get(key, 0.0) + value
    return total
