"""A finding in words: one line that may stand in status, and the screen of `explain`."""

import textwrap
from collections.abc import Iterator
from typing import Final

from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.wording import clock, percent

WIDTH: Final = 80
_NO_BREAK: Final = "\u00a0"


def headline(finding: Finding) -> str:
    """Return the finding in one sentence that is the same at every look: no numbers that move, no times.

    Fit for a condition, an event, and the status.
    """
    return f"{_title(finding)}: {finding.sentence}; {action_words(finding)}"


def action_words(finding: Finding) -> str:
    """Say what happens."""
    match finding.action:
        case Action.ROLL_BACK:
            return f"{finding.workload} goes back"
        case Action.STOP_SPREADING:
            return f"{finding.workload} stays where it is: it spreads no further and does not go back"
        case Action.HOLD:
            return "the release holds where it is"
        case Action.RESUME_AFTER_QUIET:
            return "the release holds, and goes on alone after a quiet time"
        case Action.GO_ON:
            return "the release goes on as its gates say"


def screen(finding: Finding, *, width: int = WIDTH) -> str:
    """Return the finding at length: what was seen, what it is not, what happens, what a person can do."""
    return "\n".join(_lines(finding, width)) + "\n"


def _lines(finding: Finding, width: int) -> Iterator[str]:
    yield from _wrapped(f"{_title(finding, capital=True)}{f' ({finding.contract})' if finding.contract else ''}", width, "")
    yield from _wrapped(finding.sentence, width, "  ")
    yield from _section("SEEN", (*finding.evidence, *beginning(finding)), width)
    yield from _section("WHAT IT IS NOT", finding.not_because, width)
    yield from _section("WHY NOT CERTAIN", finding.doubts, width)
    yield from _section("BESIDE IT", finding.also, width)
    yield from _section("WHAT HAPPENS", (action_words(finding), *finding.then), width)
    if finding.commands:
        yield from ("", "WHAT YOU CAN DO")
    for command in finding.commands:
        yield from _wrapped(command.purpose, width, "  # ")
        yield f"  {command.text}"


def _title(finding: Finding, *, capital: bool = False) -> str:
    plain = finding.certainty is Certainty.NAMED or finding.cause in (Cause.UNKNOWN, Cause.NOTHING)
    title = finding.cause.meaning if plain else f"suspected, not proved: {finding.cause.meaning}"
    return f"{title[:1].upper()}{title[1:]}" if capital else title


def beginning(finding: Finding) -> Iterator[str]:
    """Say when it began, and against which step."""
    began = finding.began
    if began is None:
        return
    if began.step_at is None:
        yield f"began at {clock(began.at)}"
        return
    yield f"began at {clock(began.at)}; {began.workload} was at {percent(began.share)} new pods from {clock(began.step_at)}"


def _section(heading: str, sentences: tuple[str, ...], width: int) -> Iterator[str]:
    if sentences:
        yield from ("", heading)
    for sentence in sentences:
        yield from _wrapped(sentence, width, "  - ")


def _wrapped(text: str, width: int, first: str) -> list[str]:
    indent = "  # " if first == "  # " else " " * len(first)
    kept = text.replace(" %", f"{_NO_BREAK}%")
    drawn = textwrap.wrap(kept, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_NO_BREAK, " ") for line in drawn]
