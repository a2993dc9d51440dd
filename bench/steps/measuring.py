"""From recordings: seconds from a full batch to the next write, and writes of the status for each step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import Final

from bench.cluster.plane import control_plane
from bench.steps.releases import BAKE_SECONDS, Recording, record, story
from bench.steps.timeline import deployment_writes, first_change, status_writes, steps_of
from bench.table import Row, median, quantile

WANTED_SECONDS: Final = 2.0
WANTED_WRITES: Final = 3

_RELEASES = 12
_AT_ONCE = 4


def rows(releases: int = _RELEASES) -> list[Row]:
    """Play releases with and without gates, and measure both."""
    with control_plane() as plane:
        recordings: dict[bool, list[Recording]] = {False: [], True: []}
        for gated in recordings:
            for first in range(0, releases, _AT_ONCE):
                names = [f"steps-{os.getpid()}-{gated:d}-{number}" for number in range(first, min(first + _AT_ONCE, releases))]
                recordings[gated] += record(plane, {name: story(gated=gated) for name in names})
    return [row for gated, recorded in recordings.items() for row in (*_latency(recorded, gated=gated), _writes(recorded, gated=gated))]


def seconds_to_next_write(recording: Recording, *, bake_seconds: float) -> list[float]:
    """Return for each step but the last the seconds from when nothing held the next one any more to the next write to a workload.

    Without a bake any write counts, of the status too.
    """
    steps = steps_of(recording.story, recording.pods)
    writes = deployment_writes(recording.deployments)
    if not bake_seconds:
        writes = sorted([*writes, *status_writes(recording.safe_rollouts)])
    found = []
    for step in steps[:-1]:
        later = [write for write in writes if write > step.full_at + (bake_seconds - 1 if bake_seconds else 0)]
        if later:
            found.append(max(0.0, later[0] - step.full_at - bake_seconds))
    return found


def writes_by_step(recording: Recording) -> list[int]:
    """Return how often the status was written from one full batch to the next; the first from the first template on."""
    steps = steps_of(recording.story, recording.pods)
    moments = status_writes(recording.safe_rollouts)
    edges = [first_change(recording.story, recording.deployments), *(step.full_at for step in steps[:-1]), inf]
    return [sum(begin < moment <= end for moment in moments) for begin, end in pairwise(edges)]


def _latency(recordings: Sequence[Recording], *, gated: bool) -> list[Row]:
    bake = BAKE_SECONDS if gated else 0
    seconds = [second for recording in recordings for second in seconds_to_next_write(recording, bake_seconds=bake)]
    kind = f"six gates, {bake} s of bake" if gated else "no gates"
    return [
        Row(
            what=f"from the last ready pod{' and the end of the bake' if gated else ''} to the next write, {kind}",
            wanted=f"under {WANTED_SECONDS:.0f} s",
            measured=f"median {median(seconds):.2f} s, 95 % under {quantile(seconds, 0.95):.2f} s, at most {max(seconds):.2f} s",
            measured_on=f"{len(seconds)} steps of {len(recordings)} releases, {_AT_ONCE} at a time; times of the API server's watch",
            kept=max(seconds) < WANTED_SECONDS,
        )
    ]


def _writes(recordings: Sequence[Recording], *, gated: bool) -> Row:
    by_step = [count for recording in recordings for count in writes_by_step(recording)]
    return Row(
        what=f"writes of the status for each step, {'six gates whose numbers change all the time' if gated else 'no gates'}",
        wanted=f"at most {WANTED_WRITES}",
        measured=f"mean {sum(by_step) / len(by_step):.1f}, median {median(by_step)}, at most {max(by_step)}",
        measured_on=f"{len(by_step)} steps (batches) of {len(recordings)} releases, accepting, starting and completing included",
        kept=sum(by_step) <= WANTED_WRITES * len(by_step),
    )
