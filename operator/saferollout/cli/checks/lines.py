"""What a check says: a line with its level, and under it the way out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How good or bad a line is. What could not be asked is never `ok`."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Check(StrEnum):
    """What a line is about, as scripts see it; docs/commands.md lists them."""

    SERVER = "server"
    POLICY_API = "policy-api"
    DEFINITION = "definition"
    SCHEMA = "schema"
    OPERATOR = "operator"
    VERSION = "version"
    LEASE = "lease"
    WATCHED = "watched-namespace"
    POLICIES = "policies"
    HOLD_PROBE = "hold-probe"
    HOLD_MODE = "hold-mode"
    YOUR_RIGHTS = "your-rights"
    OPERATOR_RIGHTS = "operator-rights"
    SAFEROLLOUT = "saferollout"
    WORKLOAD = "workload"
    LABEL = "label"
    UNKNOWN_READER = "unknown-reader"
    PROMETHEUS = "prometheus"
    GATE = "gate"


@dataclass(frozen=True, slots=True)
class WayOut:
    """What to do: words, and where there is one the exact command."""

    words: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    level: Level
    check: Check
    said: str
    ways_out: tuple[WayOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]


def ok(check: Check, said: str) -> Line:
    """Say that something is as it should be."""
    return Line(Level.OK, check, said)


def remark(check: Check, said: str, *ways_out: WayOut) -> Line:
    """Say something that is neither good nor bad."""
    return Line(Level.NOTE, check, said, ways_out)


def warning(check: Check, said: str, *ways_out: WayOut) -> Line:
    """Say that something works, but not as people would expect."""
    return Line(Level.WARNING, check, said, ways_out)


def failed(check: Check, said: str, *ways_out: WayOut) -> Line:
    """Say that something is wrong."""
    return Line(Level.FAILED, check, said, ways_out)


def not_checked(check: Check, what: str, why: str, *ways_out: WayOut) -> Line:
    """Say that something could not be asked, and why."""
    return Line(Level.NOT_CHECKED, check, f"{what}: {why}", ways_out)


def count(sections: Iterable[Section], level: Level) -> int:
    """Count the lines of a level."""
    return sum(line.level is level for section in sections for line in section.lines)
