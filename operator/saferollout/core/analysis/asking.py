"""What the analysis asks: first which series are there, then each of them once for all pods, topics and groups at every look."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from saferollout.core.analysis.schedule import schedule_of
from saferollout.core.arms import arms_of
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.coverage import Line, about_all, coverage_of
from saferollout.core.catalogue.discovery import There, discovery_queries, read
from saferollout.core.catalogue.parties import Parties, parties_of
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Measurement, Observations, Question

ASKED: Final = "analysis/"
"""What the names of all questions of the analysis begin with."""

FOR_PROOFS: Final = frozenset({SignalName.GROUP_OFFSET})
"""What only the proof that a version is drained rests on (core/offset_proof.py), which asks for it itself."""

_DISCOVERY: Final = f"{ASKED}there/"
_SERIES: Final = f"{ASKED}series/"


def discovery_questions(snapshot: Snapshot, now: datetime) -> Iterator[Question]:
    """Ask which series of the catalogue are there, and which were as the first roll began: a series that has gone since is still missed."""
    schedule = schedule_of(snapshot, now)
    if schedule is None:
        return
    for name, query in discovery_queries(snapshot.catalogue, about=about(snapshot)).items():
        yield Question(name=_DISCOVERY + name, query=query, instants=tuple(sorted({schedule.began, schedule.discovery})))


def series_questions(snapshot: Snapshot, found: Observations, now: datetime) -> Iterator[Question]:
    """Ask for every series that was found, at every look: one query each, whoever wants it."""
    schedule = schedule_of(snapshot, now)
    if schedule is None:
        return
    there = what_is_there(snapshot, found)
    if isinstance(there, str):
        return
    everybody = about(snapshot)
    for series in dict.fromkeys(line.found.series for line in _asked(coverage(snapshot, there, parties=parties(snapshot)))):
        if series is not None:
            yield Question(name=series_name(series), query=query_of(series, about=everybody), instants=schedule.all)


def _asked(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Leave out sums of latencies where there are buckets, which say more."""
    with_buckets = {line.workload for line in lines if line.found.signal is SignalName.LATENCY and line.found.series is not None}
    return (line for line in lines if line.found.signal is not SignalName.LATENCY_SUM or line.workload not in with_buckets)


def what_is_there(snapshot: Snapshot, found: Observations) -> There | str:
    """Return which series are there, also where there are none; a sentence where it is not known."""
    wanted = discovery_queries(snapshot.catalogue, about=about(snapshot))
    answers = {name: measured for name in wanted if (measured := found.answers.get(_DISCOVERY + name))}
    if len(answers) < len(wanted):
        return "it is not known yet which series are there"
    first = read(snapshot.catalogue, {name: measured[0] for name, measured in answers.items()})
    last = read(snapshot.catalogue, {name: measured[-1] for name, measured in answers.items()})
    if isinstance(first, str) or isinstance(last, str):
        return first if isinstance(first, str) else last
    return first.with_more(last)


def coverage(snapshot: Snapshot, there: There, *, parties: Mapping[str, Parties]) -> tuple[Line, ...]:
    """Return what is there for each contract and workload, of all that the analysis goes by."""
    found = coverage_of(
        snapshot.spec, parties=parties, pods=pods(snapshot), catalogue=snapshot.catalogue, there=there, about=about(snapshot)
    )
    return tuple(line for line in found if line.found.signal not in FOR_PROOFS)


def answers_to(series: Series, found: Observations) -> tuple[Measurement, ...]:
    """Return what was answered for a series so far."""
    return found.answers.get(series_name(series), ())


def series_name(series: Series) -> str:
    """Name the question for a series; two rows of the catalogue may differ only by what they select."""
    chosen = "".join(f",{one.label}={one.value}" for one in series.matchers)
    return f"{_SERIES}{series.signal}/{series.exporter}/{series.metric}{chosen}"


def about(snapshot: Snapshot) -> About:
    """Return whom to ask about: pods, topics and groups of this SafeRollout."""
    return about_all(snapshot.spec, pods=pods(snapshot), namespace=snapshot.namespace, labels=snapshot.labels)


def pods(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the patterns of each workload's pods, old and new."""
    return {name: arms_of(view, revision=None).all for name, view in snapshot.world.workloads.items()}


def parties(snapshot: Snapshot) -> Mapping[str, Parties]:
    """Return who stands on either side of each contract."""
    return {contract.name: parties_of(contract, snapshot.world.workloads) for contract in snapshot.spec.contracts}

