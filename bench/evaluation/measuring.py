"""What one evaluation of a release with 20 workloads and 20 contracts costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.evaluation.evaluating import Evaluated, Look, evaluated
from bench.evaluation.shop import CONTRACTS, EVERY, WORKLOADS
from bench.table import Row, median

_EARLY: Final = (4, 5, 6, 7)
_LATE: Final = (116, 117, 118, 119)
"""In the last minute of the half hour that is kept; the first of them is what a restarted operator does."""

_MANY_PODS: Final = 50
"""Of these only the beginning is evaluated: asking for half an hour of them over HTTP takes the bench too long."""

_FEW_PODS: Final = 5
_BEGINNING, _END = "its first two minutes", "the last minute of half an hour"


def rows(early: Sequence[int] = _EARLY, late: Sequence[int] = _LATE) -> list[Row]:
    """Evaluate the beginning with few and with many pods, and with few the end of half an hour."""
    measured = ((_FEW_PODS, _BEGINNING, early), (_FEW_PODS, _END, late), (_MANY_PODS, _BEGINNING, early))
    return [row for pods, name, looks in measured for row in _rows(pods, name, evaluated(pods=pods, looks=looks))]


def _rows(pods: int, name: str, found: Evaluated) -> list[Row]:
    first, later = found.looks[0], found.looks[1:]
    release = f"{WORKLOADS} workloads with {pods} pods each, {CONTRACTS} contracts, in {name}"
    usual = _share(median([one.asking for one in later])), _share(median([one.assessing for one in later]))
    return [
        Row(f"queries of a look: {release}", "at most 1 for each signal", f"{_queries(later)}; the first look, with the history, {first.queries}", _on(later[-1])),
        Row(f"processor time of a look: {release}", "below 1 look", f"{usual[0]} of the time between two looks for asking and parsing, {usual[1]} for counting, judging and diagnosing", _on(later[-1]),
            kept=median([one.asking + one.assessing for one in later]) < EVERY.total_seconds()),
        Row(f"processor time of the first look: {release}", "a number", f"{_share(first.asking)} and {_share(first.assessing)} of the time between two looks", _on(first)),
        Row(f"memory: {release}", "a number", f"{found.mebibytes:.0f} MiB more than before the first look", _on(first)),
    ]  # fmt: skip


def _queries(looks: Sequence[Look]) -> str:
    fewest, most = min(one.queries for one in looks), max(one.queries for one in looks)
    return str(most) if fewest == most else f"{fewest} to {most}"


def _share(seconds: float) -> str:
    return f"{seconds / EVERY.total_seconds():.1%}"


def _on(look: Look) -> str:
    return f"look {look.number} at {EVERY.total_seconds():.0f} s, {look.samples} samples; HTTP on loopback, all workloads under way, a fifth of their pods new"
