"""What is wrong with an object, said so that a person can repair it: the field, what was found, the way out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from saferollout.api.base import BROKEN_RULES

_MISSING = object()
_LONGEST_FOUND = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `field` is a path such as `spec.gates[2].max`, `message` ends with the way out."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InvalidSafeRollout(ValueError):
    """An object that can't be taken as a SafeRollout; `problems` is never empty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def problems_of(error: ValidationError, *, given: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Translate pydantic's errors; `given` is the object that was parsed, to show what was found."""
    return tuple(problem for detail in error.errors(include_url=False) for problem in _translate(detail, given))


def _translate(detail: Any, given: Mapping[str, Any]) -> Iterator[Problem]:
    path = tuple(detail["loc"])
    if detail["type"] != BROKEN_RULES:
        yield Problem(field=field_path(path), message=_message(detail, path, given))
        return
    for field, message in detail["ctx"]["broken"]:
        blamed = (*path, field) if field else path
        yield Problem(field=field_path(blamed), message=message + _found(_lookup(given, blamed)))


def _message(detail: Any, path: tuple[str | int, ...], given: Mapping[str, Any]) -> str:
    match detail["type"]:
        case "missing":
            return "is required: add it"
        case "extra_forbidden":
            return "is no field of this object: remove it or correct its name"
        case "enum" | "literal_error":
            return f"must be one of {detail['ctx']['expected']}" + _found(_lookup(given, path))
        case "string_pattern_mismatch":
            return f"must match {detail['ctx']['pattern']}" + _found(_lookup(given, path))
        case _:
            said: str = detail["msg"]
            return said[:1].lower() + said[1:] + _found(_lookup(given, path))


def _found(value: Any) -> str:
    """Show a scalar that was found; objects and lists would drown the sentence."""
    if not isinstance(value, str | int | float):
        return ""
    shown = repr(value)
    return f" (found {shown if len(shown) <= _LONGEST_FOUND else shown[:_LONGEST_FOUND] + '...'})"


def _lookup(given: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        try:
            given = given[part]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return given


def field_path(path: Sequence[str | int]) -> str:
    """Write a path as the API server does: `spec.gates[2].max`."""
    written = ""
    for part in path:
        written += f"[{part}]" if isinstance(part, int) else f".{part}"
    return written.removeprefix(".")
