"""The little Markdown that the pages are made of."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a pipe inside a cell is escaped, a line break becomes a blank."""
    lines = [_row(header), "|" + "---|" * len(header)]
    return "\n".join([*lines, *(_row(cells) for cells in rows)]) + "\n"


def code(text: object) -> str:
    """Write as code, exactly as one would type it."""
    return f"`{text}`"


def codes(words: Iterable[object]) -> str:
    """Write several as code, with commas between."""
    return ", ".join(code(word) for word in words)


def anchored(text: str, name: str) -> str:
    """Write a text that links can point at by that name."""
    return f'<a id="{name}"></a>{text}'


def sentence(text: str) -> str:
    """Write the first letter large and end with a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', ':', '?')) else '.'}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |".replace("|  |", "| |").replace("|  |", "| |")
