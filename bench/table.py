"""The table that every bench fills: what was measured, what was wanted, what came out, and on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_HEADINGS = ("what", "wanted", "measured", "measured on")


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `kept`: whether it is what was wanted; None where nothing was promised."""

    what: str
    wanted: str
    measured: str
    measured_on: str
    kept: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Return the row as text; a number that misses what was wanted says so."""
        measured = f"MISSED: {self.measured}" if self.kept is False else self.measured
        return self.what, self.wanted, measured, self.measured_on


def as_text(rows: Sequence[Row]) -> str:
    """Return the table for a terminal."""
    lines = [_HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    written = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([written[0], "  ".join("-" * width for width in widths), *written[1:]])


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table for a page."""
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def median(values: Sequence[float]) -> float:
    """Return the middle value; raises ValueError where there is none."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that is at least as large as `share` of all; raises ValueError where there is none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1))]
