"""The table of docs/argocd.md: each row is a moment, and what everybody sees then. The tests check these very rows."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass

from localcluster.paths import CHECKOUT

PAGE = CHECKOUT / "docs" / "argocd.md"
COLUMNS = ("moment", "app", "`reader`", "`writer`", "SafeRollout", "conditions that are True", "what it says")
CONDITIONS = frozenset({"PlanAccepted", "Ready", "Reconciling", "Stalled"})


@dataclass(frozen=True, slots=True)
class Moment:
    """One row. `conditions`: the SafeRollout's that are True, None where there is no SafeRollout."""

    name: str
    app: tuple[str, str]
    deployments: dict[str, tuple[str, str]]
    safe_rollout: str
    conditions: frozenset[str] | None
    sentence: str

    def says(self, message: str) -> bool:
        """Tell whether a message is the row's sentence; `…` stands for any text."""
        pattern = ".*".join(re.escape(part) for part in self.sentence.split("…"))
        return re.fullmatch(pattern, message, re.DOTALL) is not None


@functools.cache
def moments() -> dict[str, Moment]:
    """Read the table by the names of its moments."""
    found: dict[str, Moment] = {}
    for cells in table(*COLUMNS):
        moment = _moment(cells)
        assert moment.name not in found, f"two rows are called {moment.name!r}"
        found[moment.name] = moment
    return found


def table(*columns: str) -> list[list[str]]:
    """Return the rows of the page's table whose first columns are called so."""
    lines = PAGE.read_text().splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("|") and _cells(line)[: len(columns)] == list(columns))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[head + 2 :])
    return [_cells(line) for line in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _moment(cells: list[str]) -> Moment:
    name, app, reader, writer, safe_rollout, conditions, sentence = cells
    absent = conditions == "-"
    named = frozenset() if absent else frozenset(word.strip() for word in conditions.split(","))
    assert named <= CONDITIONS, f"{name}: {named - CONDITIONS}"
    return Moment(
        name=name,
        app=_pair(app),
        deployments={"reader": _pair(reader), "writer": _pair(writer)},
        safe_rollout=safe_rollout,
        conditions=None if absent else named,
        sentence="" if absent else sentence,
    )


def _pair(cell: str) -> tuple[str, str]:
    first, _, second = cell.partition(",")
    return first.strip(), second.strip()
