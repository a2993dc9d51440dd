"""Find where a query stops making sense: the parser says what is wrong, but not where.

First what brackets and quotes tell; then the smallest bracketed part or argument that does not parse by itself, and in it the end of the
longest beginning that does.
"""

import re
from collections.abc import Iterator
from typing import Final

import promql_parser as tree

DEEPEST_BRACKETS: Final = 50
_PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
_QUOTES: Final = "\"'`"
_WORD: Final = re.compile(r"[A-Za-z0-9_:.$]+|\s+|.", re.DOTALL)
_MOST_ATTEMPTS: Final = 60


class Unbalanced(ValueError):
    """A bracket or a quote without its partner, at `position` (from 0)."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(message)
        self.position = position


def check_brackets(text: str) -> None:
    """Raise Unbalanced for a bracket or a quote without its partner, or where brackets are nested too deep to be meant."""
    open_brackets: list[tuple[str, int]] = []
    for position, char in _outside_strings(text):
        if char in _PAIRS:
            open_brackets.append((char, position))
            if len(open_brackets) > DEEPEST_BRACKETS:
                raise Unbalanced(f"brackets are nested more than {DEEPEST_BRACKETS} deep", position=position)
        elif char in _PAIRS.values():
            if not open_brackets or _PAIRS[open_brackets[-1][0]] != char:
                raise Unbalanced(f"{char!r} closes nothing", position=position)
            open_brackets.pop()
    if open_brackets:
        char, position = open_brackets[-1]
        raise Unbalanced(f"{char!r} is never closed", position=position)


def stop_of(text: str) -> int:
    """Return where (from 0) a query whose brackets are balanced stops making sense."""
    start, end = 0, len(text)
    while True:
        culprit = next((part for part in _parts(text, start, end) if not _parses(text[part[0] : part[1]])), None)
        if culprit is None:
            return _end_of_sense(text, start, end)
        start, end = culprit


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """Yield what stands outside strings and comments; raise Unbalanced for a string without an end."""
    position = 0
    while position < len(text):
        char = text[position]
        if char == "#":
            newline = text.find("\n", position)
            position = len(text) if newline < 0 else newline
            continue
        if char in _QUOTES:
            position = _end_of_string(text, position)
            continue
        yield position, char
        position += 1


def _end_of_string(text: str, start: int) -> int:
    quote, position = text[start], start + 1
    while position < len(text):
        if text[position] == quote:
            return position + 1
        position += 2 if text[position] == "\\" and quote != "`" else 1
    raise Unbalanced("this string never ends", position=start)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the arguments and the contents of round brackets that lie directly in a part."""
    depth, part_start = 0, start
    for position, char in _outside_strings(text[start:end]):
        position += start
        if char in _PAIRS:
            depth += 1
            if depth == 1:
                part_start = position + 1
                round_bracket = char == "(" and not _lists_labels(text[start:position])
        elif char in _PAIRS.values():
            depth -= 1
            if depth == 0 and round_bracket and text[part_start:position].strip():
                yield part_start, position
        elif char == "," and depth == 1 and round_bracket:
            yield part_start, position
            part_start = position + 1


def _lists_labels(before: str) -> bool:
    return re.search(r"\b(by|without|on|ignoring|group_left|group_right)\s*$", before, re.IGNORECASE) is not None


def _end_of_sense(text: str, start: int, end: int) -> int:
    ends = [start + word.end() for word in _WORD.finditer(text[start:end])]
    for candidate in ends[:-1][::-1][:_MOST_ATTEMPTS]:
        if text[start:candidate].strip() and _parses(text[start:candidate]):
            return candidate + len(text[candidate:end]) - len(text[candidate:end].lstrip())
    return start + len(text[start:end]) - len(text[start:end].lstrip())


def _parses(text: str) -> bool:
    try:
        tree.parse(text)
    except ValueError:
        return False
    return True
