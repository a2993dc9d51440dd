"""How a check is told: to people as groups of lines, to scripts as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.text import Text

from saferollout.cli.checks.found import Found
from saferollout.cli.checks.lines import Level, Line, Section, count
from saferollout.cli.checks.say_gates import say_gates
from saferollout.cli.checks.say_holding import say_holding
from saferollout.cli.checks.say_installation import say_installation, say_server
from saferollout.cli.checks.say_releases import say_releases
from saferollout.cli.checks.say_rights import say_rights
from saferollout.cli.look import Look, Mark

_MARKS: Final = {
    Level.OK: Mark.DONE,
    Level.NOTE: Mark.NOTE,
    Level.WARNING: Mark.WARNING,
    Level.FAILED: Mark.FAILED,
    Level.NOT_CHECKED: Mark.UNSURE,
}


def sections_of(found: Found) -> tuple[Section, ...]:
    """Say everything that there is to say of what was found."""
    return (
        Section("Server", tuple(say_server(found.server))),
        Section("Installation", tuple(say_installation(found))),
        Section("Hold mode", tuple(say_holding(found))),
        Section("Rights", tuple(say_rights(found))),
        Section(f"SafeRollouts in namespace {found.namespace}", tuple(say_releases(found))),
        Section("Prometheus and gates", tuple(say_gates(found))),
    )


def screen(sections: Sequence[Section], look: Look) -> Iterator[Text]:
    """Draw the groups and the sum. Commands stand on lines of their own, whole, to be copied."""
    for section in sections:
        yield Text(section.title, style="bold")
        for line in section.lines:
            yield from _line(line, look)
        yield Text("")
    yield Text(", ".join(f"{count(sections, level)} {level}" for level in Level))


def _line(line: Line, look: Look) -> Iterator[Text]:
    mark = look.marked(_MARKS[line.level], line.level.value)
    first, *rest = look.wrapped(f"{mark.plain}: {line.said}", first="  ", indent="      ")
    first.stylize(mark.style, 2, 2 + len(mark.plain))
    yield from (first, *rest)
    for way_out in line.ways_out:
        yield from look.wrapped(f"way out: {way_out.words}{':' if way_out.command else ''}", first="      ", indent="        ")
        if way_out.command:
            yield Text(f"        {way_out.command}")


def machine(sections: Sequence[Section]) -> dict[str, Any]:
    """Return what scripts get."""
    return {
        "passed": count(sections, Level.FAILED) == 0,
        "counts": {_word(level): count(sections, level) for level in Level},
        "groups": [{"title": section.title, "lines": [_machine_line(line) for line in section.lines]} for section in sections],
    }


def _machine_line(line: Line) -> dict[str, Any]:
    ways_out = [{"words": way_out.words, "command": way_out.command} for way_out in line.ways_out]
    return {"level": _word(line.level), "check": line.check.value, "message": line.said, "waysOut": ways_out}


def _word(level: Level) -> str:
    return {Level.NOT_CHECKED: "notChecked"}.get(level, level.value)
