"""How the commands look: symbols beside words, widths, wrapped sentences. Colour only repeats what a word says."""

import os
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO, Final

from rich.console import Console
from rich.text import Text

NARROWEST: Final = 60
WIDEST: Final = 80


class Mark(StrEnum):
    """A symbol with one meaning everywhere."""

    DONE = "done"
    MOVING = "moving"
    PENDING = "pending"
    HALTED = "halted"
    WAITING = "waiting"
    FAILED = "failed"
    RETURNING = "returning"
    UNSURE = "unsure"
    WARNING = "warning"
    NOTE = "note"


_SYMBOLS: Final[Mapping[Mark, tuple[str, str, str]]] = {
    # mark: symbol, the same in ASCII, colour
    Mark.DONE: ("✔", "+", "green"),
    Mark.MOVING: ("◌", ">", "bright_blue"),
    Mark.PENDING: ("▢", "-", "default"),
    Mark.HALTED: ("‖", "=", "yellow"),
    Mark.WAITING: ("◷", "~", "yellow"),
    Mark.FAILED: ("✖", "x", "red"),
    Mark.RETURNING: ("↺", "<", "red"),
    Mark.UNSURE: ("?", "?", "yellow"),
    Mark.WARNING: ("⚠", "!", "yellow"),
    Mark.NOTE: ("•", "-", "default"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the reader's screen can show."""

    width: int = WIDEST
    ascii_only: bool = False

    def symbol(self, mark: Mark) -> str:
        """Return the symbol of a mark."""
        symbol, plain, _ = _SYMBOLS[mark]
        return plain if self.ascii_only else symbol

    def marked(self, mark: Mark, words: str) -> Text:
        """Put a symbol before the words that say the same."""
        return Text(f"{self.symbol(mark)} {words}", style=_SYMBOLS[mark][2])

    def rule(self, width: int) -> str:
        """Return a piece of a horizontal line."""
        return ("-" if self.ascii_only else "─") * width

    def cut(self, words: str, width: int) -> str:
        """Shorten words in the middle, where long names differ least."""
        if len(words) <= width:
            return words
        gap = ".." if self.ascii_only else "…"
        kept = width - len(gap)
        return words[: kept - kept // 2] + gap + words[len(words) - kept // 2 :]

    def wrapped(self, words: str, *, first: str = "", indent: str = "") -> list[Text]:
        """Break a sentence into lines that fit; `first` and `indent` stand before the first and the other lines."""
        lines = textwrap.wrap(
            words, width=self.width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        return [Text(line) for line in lines]


def look_of(stream: IO[str], *, ascii_only: bool) -> Look:
    """Say what a stream can show: ASCII where asked for, on dumb terminals and where the encoding has no symbols."""
    plain = ascii_only or os.environ.get("TERM") == "dumb" or not _can_encode(stream, "✔…▢")
    return Look(width=WIDEST if not stream.isatty() else max(NARROWEST, min(WIDEST, Console(file=stream).width)), ascii_only=plain)


def console_of(stream: IO[str] | None = None) -> Console:
    """Open a console that never wraps, highlights or interprets words; rich itself honours NO_COLOR and TERM=dumb."""
    return Console(file=stream or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _can_encode(stream: IO[str], symbols: str) -> bool:
    try:
        symbols.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def duration(seconds: float) -> str:
    """Write a time span with its two largest units: 45s, 4m12s, 1h05m, 2d03h."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s" if whole % 60 else f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"


def ago(then: datetime, now: datetime) -> str:
    """Write how long something is past."""
    return f"{duration((now - then).total_seconds())} ago"


def plain(lines: Iterable[Text]) -> str:
    """Return lines as text without colours and without blanks at their ends."""
    return "".join(line.plain.rstrip() + "\n" for line in lines)
