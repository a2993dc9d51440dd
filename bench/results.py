"""Keep the last table of each bench in a page, with the machine it was measured on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.table import Row, as_markdown

_TITLE = "# What was measured\n\nWritten by `python -m bench --write`; never by hand. `python -m bench --help` says what each bench does.\n"


def write_results(page: Path, tables: Mapping[str, Sequence[Row]], *, machine: str) -> None:
    """Replace the sections of these benches, and keep those of the others."""
    sections = _sections(page.read_text()) if page.exists() else {}
    for name, rows in tables.items():
        sections[name] = f"## {name}\n\nOn {machine}.\n\n{as_markdown(rows)}\n"
    page.write_text("\n".join([_TITLE, *sections.values()]))


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.splitlines()[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}
