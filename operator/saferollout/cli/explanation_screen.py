"""The screen of `explain`: the sentence, what it rests on, what broke, what one can do."""

from typing import Final

from rich.text import Text

from saferollout.cli.explanation import Explanation
from saferollout.cli.finding_screen import finding_lines
from saferollout.cli.look import Look, Mark
from saferollout.cli.seen import Verdict

_MARKS: Final = {
    Verdict.FREE: Mark.DONE,
    Verdict.UNMANAGED: Mark.DONE,
    Verdict.PACED: Mark.MOVING,
    Verdict.PINNED: Mark.RETURNING,
    Verdict.FAILED: Mark.FAILED,
    Verdict.ABSENT: Mark.UNSURE,
    Verdict.SAFEROLLOUT_MISSING: Mark.UNSURE,
    Verdict.NOT_LISTED: Mark.UNSURE,
}


def explanation_screen(found: Explanation, look: Look) -> list[Text]:
    """Draw an explanation."""
    mark = _MARKS.get(found.verdict, Mark.HALTED)
    drawn = look.wrapped(f"{look.symbol(mark)} {found.sentence}", indent="  ")
    for line in drawn:
        line.stylize("bold")
    if found.facts:
        drawn.append(Text(""))
    for about, sentence in found.facts:
        drawn.extend(look.wrapped(sentence, first=f"  {about:<10} ", indent=" " * 13))
    if found.found_in is not None:
        drawn.extend([Text(""), *finding_lines(found.found_in, look)])
    if found.commands:
        drawn.extend([Text(""), Text("WHAT YOU CAN DO", style="bold")])
    for command, purpose in found.commands:
        drawn.extend(look.wrapped(purpose, first="  # ", indent="  # "))
        drawn.append(Text(f"  {command}"))
    return drawn
