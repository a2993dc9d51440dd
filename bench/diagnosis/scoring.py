"""Precision and recall of the diagnosis, over many worlds of each cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from random import Random
from typing import Final

from bench.diagnosis.playing import Ending, play
from bench.diagnosis.worlds import WORLDS
from bench.table import Row, median
from saferollout.core.diagnosis.finding import MODES, Cause, Certainty

MANY: Final = 200
_WORTH_PROCESSES: Final = 20
MISSING: Final = 0.08
PRECISION: Final = 0.95
RECALL: Final = 0.99
SEEDS: Final = (301, 302)
"""No rule was ever changed after a look at worlds of these seeds. Who changes one after such a look takes others."""


def rows(many: int = MANY, seeds: Sequence[int] = SEEDS) -> list[Row]:
    """Play the worlds of each seed and count."""
    return [row for seed in seeds for row in rows_of(endings_of(many, seed=seed), seed=seed)]


def rows_of(endings: Sequence[Ending], *, seed: int) -> list[Row]:
    """Return two rows for each cause, and one about what can't be seen."""
    every = [*(row for cause in _causes(endings) for row in _rows(endings, cause)), _missing(endings)]
    return [replace(row, measured_on=f"{row.measured_on}; seed {seed}") for row in every]


def endings_of(many: int, *, seed: int) -> list[Ending]:
    """Play `many` worlds of each cause; the same seed gives the same endings."""
    seeds = [(seed, number, which) for number in range(len(WORLDS)) for which in range(many)]
    if many < _WORTH_PROCESSES:
        return [_ending(one) for one in seeds]
    with ProcessPoolExecutor() as processes:
        return list(processes.map(_ending, seeds, chunksize=10))


def _ending(seeds: tuple[int, int, int]) -> Ending:
    """Play one world; which one, and all that happens in it, comes from its seeds alone."""
    random = Random("/".join(map(str, seeds)))
    return play(WORLDS[seeds[1]](random), random, missing=MISSING)


def precision(endings: Sequence[Ending], cause: Cause) -> float:
    """Return which share of those that were named so are so; 1 where none was."""
    named = [one for one in endings if one.named is cause]
    return sum(one.cause is cause for one in named) / len(named) if named else 1.0


def recall(endings: Sequence[Ending], cause: Cause) -> float:
    """Return which share of the worlds in which all that is needed can be seen were named (of a sound release: not named anything)."""
    own = [one for one in endings if one.cause is cause and one.seen]
    return sum(_is_right(one) for one in own) / len(own) if own else 1.0


def wrongly_named(endings: Sequence[Ending]) -> list[Ending]:
    """Return those that were named another cause than theirs."""
    return [one for one in endings if one.named is not None and one.named is not one.cause]


def _is_right(ending: Ending) -> bool:
    if ending.cause is Cause.NOTHING:
        return ending.finding.cause is Cause.NOTHING
    return ending.named is ending.cause


def _causes(endings: Sequence[Ending]) -> list[Cause]:
    return list(dict.fromkeys(one.cause for one in endings))


def _rows(endings: Sequence[Ending], cause: Cause) -> list[Row]:
    own = [one for one in endings if one.cause is cause]
    seen = [one for one in own if one.seen]
    name = cause.value
    found, right = precision(endings, cause), recall(endings, cause)
    looks = [one.looks for one in seen if one.named is cause]
    when = f"; named after {median(looks) * 15:.0f} s (median) since the first new pod" if looks and cause in MODES else ""
    measured = [] if cause is Cause.NOTHING else [
        Row(f"{name}: precision", f"at least {PRECISION:.0%}", f"{found:.1%}", f"{sum(one.named is cause for one in endings)} worlds named so", found >= PRECISION)
    ]  # fmt: skip
    others = Counter(_words(one) for one in seen if not _is_right(one))
    instead = f"; else {', '.join(f'{word} {count}' for word, count in others.most_common())}" if others else ""
    return [
        *measured,
        Row(f"{name}: recall where what it needs can be seen", f"at least {RECALL:.0%}", f"{right:.1%}{instead}", f"{len(seen)} of {len(own)} worlds{when}", right >= RECALL),
    ]


def _missing(endings: Sequence[Ending]) -> Row:
    blind = [one for one in endings if not one.seen]
    wrong = wrongly_named(blind)
    astray = [one for one in blind if one.finding.cause not in (one.cause, Cause.UNKNOWN, Cause.NOTHING)]
    words = Counter(_words(one) for one in blind)
    return Row(
        what="a wrong name where what the cause needs can't be seen",
        wanted="0",
        measured=f"{len(wrong)}; suspected of something else {len(astray)}; most often {', '.join(f'{word} {count}' for word, count in words.most_common(6))}",
        measured_on=f"{len(blind)} worlds, each series and liveness missing with probability {MISSING:g}",
        kept=not wrong,
    )


def _words(ending: Ending) -> str:
    finding = ending.finding
    if finding.cause in (Cause.UNKNOWN, Cause.NOTHING):
        return finding.cause.value
    return f"{finding.cause.value} {'suspected' if finding.certainty is Certainty.SUSPECTED else 'named'}"
