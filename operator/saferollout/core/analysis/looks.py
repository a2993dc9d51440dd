"""Symptoms that are looked at and not counted: a topic that falls silent, a lag that grows, traffic that stops or swells, pods at their limit.

Each needs two looks in a row, so that one odd scrape says nothing, and a baseline in which it was otherwise.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from saferollout.api.contracts import ConsumerGroup
from saferollout.core.analysis.counted_symptoms import answers_requests
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import arm_of
from saferollout.core.analysis.slowness import slow_answers
from saferollout.core.analysis.stalls import unseen_stalls
from saferollout.core.analysis.topic_counts import came_to, depth_of
from saferollout.core.catalogue.asking import TOPIC
from saferollout.core.catalogue.series import Series, SignalName, Subject
from saferollout.core.counting import Interval, Look
from saferollout.core.diagnosis.evidence import Against, Arm, Member, Part, Reading, Shared, Standing
from saferollout.core.diagnosis.symptoms import Symptom

_IN_A_ROW: Final = 2
_LEAST_BASELINE: Final = 5
_OFTEN: Final = 0.1
"""A share of looks before the release at which it was so too, from which it says nothing: jobs by the hour, or scrapes that lie further apart than looks."""

_FEWER: Final = 0.5
_MORE: Final = 2.0
_LEAST_EXPECTED: Final = 20.0

Values = Sequence[tuple[datetime, float]]


def looked_at(material: Material, members: tuple[Member, ...]) -> tuple[Reading, ...]:
    """Return a reading for each such symptom that can be told."""
    of_pods = (one for member in members for one in (*_traffic(material, members, member), *_unseen(material, members, member)))
    return (*_topics(material, members), *of_pods)


def _unseen(material: Material, members: tuple[Member, ...], member: Member) -> Iterator[Reading]:
    """Say why slow answers and stalls can't be counted, where that is so."""
    arm = arm_of(material, members, member.workload)
    yield from unseen_stalls(material, member, arm)
    slow = slow_answers(material, member.workload) if answers_requests(member) else None
    if isinstance(slow, str):
        yield Reading(Symptom.SLOW, member.workload, arm, Against.BASELINE, Standing.CANNOT_TELL, detail=slow)


def _topics(material: Material, members: tuple[Member, ...]) -> Iterator[Reading]:
    for contract in material.snapshot.spec.contracts:
        if contract.topic is None:
            continue
        inflow = material.series_for(SignalName.TOPIC_INFLOW, contract=contract.name)
        if inflow is not None:
            yield _silence_of(material, contract.name, inflow, topic=contract.topic.name)
        for group in contract.topic.consumer_groups:
            lag = material.series_for(SignalName.GROUP_LAG, contract=contract.name, group=group.group)
            if lag is not None:
                yield _lag_of(material, members, contract.name, lag, group=group, topic=contract.topic.name)


def _silence_of(material: Material, contract: str, series: Series, *, topic: str) -> Reading:
    """Return whether nothing comes to a topic any more; a broker to which something comes says nothing of one topic."""
    silent = _silent(material, [(one.at, one.events) for one in came_to(material, series, topic)])
    found = _reading(material, Symptom.TOPIC_SILENT, "", contract, Arm.ALL, *silent)
    if series.subject is Subject.SERVER and found.standing is Standing.CLEAR:
        return replace(found, standing=Standing.CANNOT_TELL, detail=f"{series.metric} counts what came to all topics and queues together")
    return found


def _lag_of(material: Material, members: tuple[Member, ...], contract: str, series: Series, *, group: ConsumerGroup, topic: str) -> Reading:
    """Return whether a group falls behind; a group that nobody reports now is not one that has nothing left to read."""
    arm, looks = arm_of(material, members, group.workload), material.looks(series)
    lags = [(look.at, lag) for look in looks if (lag := _lag(look, series, group.group, topic)) is not None]
    if not lags or lags[-1][0] < looks[-1].at:
        why = f"no series has consumer group {group.group} of {topic}: see that it is spelled as the broker has it"
        return Reading(Symptom.LAG, group.workload, arm, Against.BASELINE, Standing.CANNOT_TELL, contract=contract, detail=why)
    return _reading(material, Symptom.LAG, group.workload, contract, arm, *_growing(material, lags))


def _traffic(material: Material, members: tuple[Member, ...], member: Member) -> Iterator[Reading]:
    series = material.series_for(SignalName.HTTP_SERVER, workload=member.workload)
    if series is None or not any(role.kind is Shared.API and Part.SERVES in role.parts for role in member.roles):
        return
    per_look = [(one.at, _rate(one)) for one in material.intervals(series, workload=member.workload)]
    arm = arm_of(material, members, member.workload)
    yield _reading(material, Symptom.FEWER_REQUESTS, member.workload, "", arm, *_apart(material, per_look, below=_FEWER))
    yield _reading(material, Symptom.MORE_REQUESTS, member.workload, "", arm, *_apart(material, per_look, above=_MORE))


def _silent(material: Material, came: Values) -> tuple[bool | None, float, float]:
    before, since = _split(material, came)
    if len(before) < _LEAST_BASELINE or sum(records > 0 for records in before) < 0.9 * len(before) or len(since) < _IN_A_ROW:
        return None, 0.0, 0.0
    last = since[-_IN_A_ROW:]
    return all(records == 0 for records in last), float(sum(records == 0 for records in last)), float(len(last))


def _growing(material: Material, lags: Values) -> tuple[bool | None, float, float]:
    before, since = _split(material, lags)
    if len(before) < _LEAST_BASELINE or len(since) <= _IN_A_ROW:
        return None, 0.0, 0.0
    last = since[-_IN_A_ROW - 1 :]
    grown = [later > earlier for earlier, later in itertools.pairwise(last)]
    return all(grown) and last[-1] > 2 * max(before) + _LEAST_EXPECTED, float(sum(grown)), float(len(grown))


def _apart(material: Material, rates: Values, *, below: float | None = None, above: float | None = None) -> tuple[bool | None, float, float]:
    before, since = _split(material, rates)
    interval = material.snapshot.spec.analysis.interval_seconds
    expected = sum(before) / len(before) * interval * _IN_A_ROW if before else 0.0
    if len(before) < _LEAST_BASELINE or len(since) < _IN_A_ROW or expected < _LEAST_EXPECTED:
        return None, 0.0, 0.0
    each = expected / _IN_A_ROW
    is_apart = [below is not None and rate * interval < below * each or above is not None and rate * interval > above * each for rate in (*before, *since)]
    if sum(map(all, itertools.pairwise(is_apart[: len(before)]))) > _OFTEN * len(before):
        return None, 0.0, 0.0
    seen = sum(rate * interval for rate in since[-_IN_A_ROW:])
    return all(is_apart[-_IN_A_ROW:]), max(0.0, expected - seen if below is not None else seen - expected), expected


def _split(material: Material, values: Values) -> tuple[list[float], list[float]]:
    schedule = material.schedule
    return [value for at, value in values if schedule.is_before(at)], [value for at, value in values if at > schedule.began]


def _reading(
    material: Material, symptom: Symptom, workload: str, contract: str, arm: Arm, is_worse: bool | None, count: float, total: float
) -> Reading:
    standing = Standing.CANNOT_TELL if is_worse is None else Standing.WORSE if is_worse else Standing.CLEAR
    interval = material.schedule.since[-_IN_A_ROW] if is_worse and len(material.schedule.since) >= _IN_A_ROW else None
    return Reading(
        symptom=symptom, workload=workload, arm=arm, against=Against.BASELINE, standing=standing, contract=contract,
        count=count, total=total, value=count / total if total else 0.0, onset=interval,
        detail="too little was seen before the release" if is_worse is None else "",
    )  # fmt: skip


def _rate(interval: Interval) -> float:
    seconds = (interval.at - interval.start).total_seconds()
    return sum(sum(keys.values()) for keys in interval.grown.values()) / seconds if seconds > 0 else 0.0


def _lag(look: Look, series: Series, group: str, topic: str) -> float | None:
    """Return how far a group is behind, or how deep its queue is; None where nobody reports it."""
    if series.subject is Subject.TOPIC:
        return depth_of(look, topic)
    counts = [(dict(key), value) for keys in look.subjects.get(group, {}).values() for key, value in keys.items()]
    behind = [max(0.0, value) for key, value in counts if key.get(TOPIC) == topic]
    return sum(behind) if behind else None
