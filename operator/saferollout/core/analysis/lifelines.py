"""When something that workloads stand on was up, look by look, and when it began anew; what that says of it now, and which times do not count."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.diagnosis.evidence import Dependency, Life, Liveness
from saferollout.core.statistics.windows import Interval

States = tuple[tuple[datetime, bool], ...]

_IN_A_ROW: Final = 2
"""Looks at which nobody says anything that are a silence: one odd scrape says nothing."""


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One dependency: whether it was up at each look that tells, and the looks at which it had begun anew since the look before.

    `silent`: looks at which whoever tells was silent. `name`: which one, where there are several of the kind. `may_be_gone`: being away is no outage by
    itself. `in_part`: those of the looks at which it was not up that say so of some of its servers only.
    """

    dependency: Dependency
    states: States = ()
    starts: tuple[datetime, ...] = ()
    silent: tuple[datetime, ...] = ()
    name: str = ""
    may_be_gone: bool = False
    in_part: frozenset[datetime] = frozenset()

    def life(self, *, began: datetime) -> Liveness:
        """Return how it is now; RESTARTED where it was away, or began anew, since `began`; UNKNOWN where no look tells."""
        if not self.states and not self.starts:
            return Liveness(dependency=self.dependency, life=Life.UNKNOWN, name=self.name)
        if self.states and not self.states[-1][1]:
            in_part = self.states[-1][0] in self.in_part
            return Liveness(dependency=self.dependency, life=Life.DOWN, since=_last_change(self.states), name=self.name, in_part=in_part)
        if self.states and any(at > self.states[-1][0] for at in self.silent):
            return Liveness(dependency=self.dependency, life=Life.UNKNOWN, name=self.name)
        back = {at: last for (last, before), (at, up) in itertools.pairwise(self.states) if up and not before and at > began}
        since = max((*back, *(at for at in self.starts if at > began)), default=None)
        life = Life.ALIVE if since is None else Life.RESTARTED
        in_part = since is not None and back.get(since) in self.in_part
        return Liveness(dependency=self.dependency, life=life, since=since, name=self.name, in_part=in_part)

    def outages(self, *, now: datetime, kept: datetime | None, interval: timedelta, quiet: timedelta) -> Iterator[Interval]:
        """Yield the times that do not count: from the last look before an outage to the quiet time after it.

        `kept`: the oldest look since the roll that is kept; between it and those before the roll lies much that nobody asks for.
        """
        since: datetime | None = None
        before: datetime | None = None
        for at, up in self.states:
            if not up and since is None:
                since = _earliest(at, before, kept=kept, interval=interval)
            if up and since is not None:
                yield Interval(start=since, end=at + quiet)
                since = None
            before = at
        if since is not None and not self.may_be_gone:
            yield Interval(start=since, end=now + quiet)
        for at in self.starts:
            yield Interval(start=at - interval, end=at + quiet)

    def beginnings(self, *, apart: timedelta) -> tuple[datetime, ...]:
        """Return when it was up again, or had begun anew; what comes less than `apart` after one of them belongs to it."""
        away = frozenset(at for at, up in self.states if not up)
        back = (at for (_, before), (at, up) in itertools.pairwise(self.states) if up and not before)
        found = list[datetime]()
        for at in sorted((*back, *(at for at in self.starts if at not in away))):
            if not found or at - found[-1] >= apart:
                found.append(at)
        return tuple(found)

    def silences(self, *, kept: datetime | None, interval: timedelta, quiet: timedelta) -> Iterator[Interval]:
        """Yield the times, by now over, in which nobody said whether it was up, each with the quiet time after it."""
        for (before, _), (after, _) in itertools.pairwise(self.states):
            if sum(before < at < after for at in self.silent) >= _IN_A_ROW:
                yield Interval(start=_earliest(after, before, kept=kept, interval=interval), end=after + quiet)


def confirmed(bad: Sequence[tuple[datetime, frozenset[str]]]) -> States:
    """Return the states of something that is down where the same part of it was bad at two looks in a row: one odd look says nothing."""
    nobody = frozenset[str]()
    names = [names for _, names in bad]
    beside = zip([nobody, *names[:-1]], names, [*names[1:], nobody], strict=True)
    return tuple((at, not own & (before | after)) for (at, _), (before, own, after) in zip(bad, beside, strict=True))


def _earliest(at: datetime, before: datetime | None, *, kept: datetime | None, interval: timedelta) -> datetime:
    """Return from when something that was seen at a look can be known of: the look before it, if that is not long before those that are kept."""
    if before is None:
        return at
    return max(before, kept - interval) if kept is not None and at >= kept else before


def _last_change(states: States) -> datetime:
    since = states[-1][0]
    for at, up in reversed(states):
        if up:
            break
        since = at
    return since
