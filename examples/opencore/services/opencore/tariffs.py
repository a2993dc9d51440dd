"""The column `tariff` of the table of users: version 1 stores a number as text, version 2 a name."""

from __future__ import annotations

_NAMES = {1: "basic", 2: "plus", 3: "premium"}
_NUMBERS = {name: number for number, name in _NAMES.items()}


def stored(tariff: str, *, version: int) -> str:
    """Return what a row holds; KeyError for an unknown tariff."""
    return str(_NUMBERS[tariff]) if version == 1 else _NAMES[_NUMBERS[tariff]]


def column(versions: frozenset[int]) -> str:
    """Return the SQL that reads the column: who knows numbers only lets Postgres cast, which fails on a name with SQLSTATE 22P02."""
    return "tariff" if 2 in versions else "tariff::int"


def tariff_of(value: int | str) -> str:
    """Return the tariff's name of what the SQL gave; KeyError for neither a number nor a name."""
    return str(value) if value in _NUMBERS else _NAMES[int(value)]


def names() -> tuple[str, ...]:
    """Return every tariff."""
    return tuple(_NUMBERS)
