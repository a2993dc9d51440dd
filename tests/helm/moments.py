"""The table of docs/helm.md: each row is a moment, what helm says then, what is running, and the way out. The tests check these very rows."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass

from localcluster.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "helm.md"
COLUMNS = ["moment", "helm", "what it says", "`reader`", "`writer`", "SafeRollout", "way out"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One row. `succeeds`: helm's exit code is 0; `state`: the SafeRollout's, `gone` where there is none."""

    name: str
    succeeds: bool
    sentence: str
    stances: dict[str, str]
    state: str
    ways_out: tuple[str, ...]

    def says(self, text: str) -> bool:
        """Tell whether helm's words hold the row's sentence; `…` stands for any text."""
        pattern = ".*".join(re.escape(part.strip()) for part in self.sentence.split("…"))
        return re.search(pattern, " ".join(text.split())) is not None


@functools.cache
def moments() -> dict[str, Moment]:
    """Read the table by the names of its moments."""
    lines = PAGE.read_text().splitlines()
    head = next(number for number, line in enumerate(lines) if _cells(line) == COLUMNS)
    rows = [_cells(line) for line in itertools.takewhile(lambda line: line.startswith("|"), lines[head + 2 :])]
    found = {row[0]: _moment(row) for row in rows}
    assert len(found) == len(rows), "two rows have one name"
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _moment(row: list[str]) -> Moment:
    name, outcome, sentence, reader, writer, state, ways_out = row
    assert outcome in ("succeeds", "fails"), f"{name}: {outcome}"
    ways = tuple(way.strip() for way in ways_out.split(";"))
    return Moment(name, outcome == "succeeds", sentence, {"reader": reader, "writer": writer}, state, ways)
