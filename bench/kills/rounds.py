"""The promise: no pod of a held template in 200 releases, 20 at a time, with the operator killed at random."""

from __future__ import annotations

import os
import sys
import time
from random import Random
from typing import Final

from bench.cluster.plane import Plane, control_plane
from bench.kills.playing import Played, play
from bench.stories.shapes import STORIES
from bench.stories.story import Story
from bench.table import Row

RELEASES: Final = 200
AT_ONCE: Final = 20
LONGEST_SECONDS: Final = 2400.0
"""No further round is begun after so many seconds: on a busy machine fewer releases are played, and the table says how many."""

_SEED = 4


def rows(releases: int = RELEASES, *, seed: int = _SEED) -> list[Row]:
    """Play that many releases, and say what was found."""
    with control_plane() as plane:
        played = play_rounds(plane, releases=releases, at_once=AT_ONCE, seed=seed)
    on = f"{played.releases} releases of {len(STORIES)} shapes, {AT_ONCE} at a time, {played.pods} pods, {played.seconds:.0f} s, seed {seed}"
    return [
        Row(
            what="pods of a held template, releases that end otherwise than they must, moments with too few ready pods",
            wanted=f"0 in {releases} releases",
            measured=f"{len(played.faults)} in {played.releases} releases",
            measured_on=on,
            kept=not played.faults and played.releases >= releases,
        ),
        Row(
            what="SIGKILLs of the operator on the way",
            wanted="at random moments",
            measured=f"{played.kills}, and {played.early_kills} more while it was starting",
            measured_on=on,
        ),
    ]


def play_rounds(plane: Plane, *, releases: int, at_once: int, seed: int) -> Played:
    """Play rounds until that many releases are done; each shape comes as often as any other.

    Ends early, between two rounds, after LONGEST_SECONDS.
    """
    all_played, began = Played(), time.monotonic()
    for first in range(0, releases, at_once):
        if time.monotonic() - began > LONGEST_SECONDS:
            break
        count = min(at_once, releases - first)
        played = play(plane, drawn(range(first, first + count), seed=seed), Random(f"kills {seed} {first}"))
        all_played.add(played)
        print(
            f"  {all_played.releases} releases, {all_played.kills + all_played.early_kills} kills, {played.seconds:.0f} s for these",
            *(f"  {fault}" for fault in played.faults), sep="\n", file=sys.stderr, flush=True,
        )  # fmt: skip
    return all_played


def drawn(numbers: range, *, seed: int) -> dict[str, Story]:
    """Return the stories of these numbers by namespace; the same seed draws the same ones."""
    process = os.getpid()
    return {f"kills-{process}-{number}": STORIES[number % len(STORIES)](Random(f"{seed} {number}")) for number in numbers}
