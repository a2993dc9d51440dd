"""Time plans: from the declarations' text to the steps, which is what the operator does at every look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from time import process_time
from typing import Final

from bench.planning.releases import SHAPES, PlannedRelease, chain
from bench.table import Row
from saferollout.core.planning import Outlook, look_ahead
from saferollout.core.world import build_world

PROMISED_SIZE: Final = 200
PROMISED_SECONDS: Final = 1.0
SIZES: Final = (200, 500, 1000, 2000)
NEAR_LINEAR: Final = 3.0
"""By how much a plan may cost more, per workload, at ten times the size; a quadratic one would cost ten times as much."""

_SEED = 4
_REPEATS = 3


class NotPlannable(AssertionError):
    """Raised for a release of ours that the planner refuses: the bench would time something else."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of this process's own time: the first look, which parses every declaration, and the best of some later ones."""

    workloads: int
    steps: int
    first: float
    again: float


def planned(release: PlannedRelease) -> Outlook:
    """Plan a release from its text."""
    built = build_world(contracts=release.contracts, workloads=release.workloads)
    outlook = look_ahead(built.world)
    if built.problems or outlook.refusal is not None:
        raise NotPlannable(f"{built.problems} {outlook.refusal}")
    return outlook


def timing(shape: Callable[[int, Random], PlannedRelease], workloads: int) -> Timing:
    """Plan one shape in one size; of the later looks the fastest counts, because the others were disturbed."""
    release = shape(workloads, Random(_SEED))
    times = []
    for _ in range(1 + _REPEATS):
        before = process_time()
        steps = len(planned(release).plan.steps)
        times.append(process_time() - before)
    return Timing(workloads=workloads, steps=steps, first=times[0], again=min(times[1:]))


def rows(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    """Time each shape in each size."""
    planned(chain(10, Random(_SEED)))  # what Python itself does only once is not the planner's
    return [row for name, shape in SHAPES.items() for row in _rows(name, [timing(shape, size) for size in sizes])]


def growth(first: float, last: float, *, times_the_size: float) -> float:
    """Return how much more a workload costs at the larger size than at the smaller; 1 is exactly linear."""
    return last / first / times_the_size


def _rows(name: str, timings: list[Timing]) -> list[Row]:
    small, large = timings[0], timings[-1]
    times_the_size = large.workloads / small.workloads
    first = growth(small.first, large.first, times_the_size=times_the_size)
    again = growth(small.again, large.again, times_the_size=times_the_size)
    return [
        Row(
            what=f"plan of {small.workloads} workloads and {small.workloads // 2} contracts, {name}",
            wanted=f"under {PROMISED_SECONDS:.0f} s",
            measured=f"{small.first:.3f} s at first sight, {small.again:.3f} s again",
            measured_on=f"{small.steps} steps, from the declarations' text; seed {_SEED}, best of {_REPEATS}",
            kept=max(small.first, small.again) < PROMISED_SECONDS,
        ),
        Row(
            what=f"growth to {large.workloads} workloads, {name}",
            wanted=f"near-linear: at most {NEAR_LINEAR:.0f} times as long for each workload",
            measured=f"{first:.2f} times as long for each workload at first sight, {again:.2f} times again",
            measured_on=", ".join(f"{timing.workloads}: {timing.first:.3f} s, {timing.again:.3f} s" for timing in timings),
            kept=max(first, again) <= NEAR_LINEAR,
        ),
    ]
