"""Tables of the pages, so that tests check the very rows that people read."""

from __future__ import annotations

import itertools
from pathlib import Path


def rows_of(page: Path, *columns: str) -> list[list[str]]:
    """Return the cells of each row of the table with these columns; its first column names the rows, each differently."""
    lines = page.read_text(encoding="utf-8").splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("|") and _cells(line) == list(columns))
    rows = [_cells(line) for line in itertools.takewhile(lambda line: line.startswith("|"), lines[head + 2 :])]
    assert len({row[0] for row in rows}) == len(rows), f"{page}: two rows have one name"
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
