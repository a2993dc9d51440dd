"""What is wrong with an object, said so that a person can repair it: the field, what was found, the way out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from saferollout.api.base import BROKEN_RULES
from saferollout.api.nearest import nearest

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


def problems_of(error: ValidationError, *, given: Mapping[str, Any], model: type[BaseModel]) -> tuple[Problem, ...]:
    """Translate pydantic's errors; `given` is the object that was parsed as `model`, to show what was found and what was meant."""
    return tuple(problem for detail in error.errors(include_url=False) for problem in _translate(detail, given, model))


def _translate(detail: Any, given: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Problem]:
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        guess = nearest(str(path[-1]), _fields(model, path[:-1]))
        yield Problem(field=field_path(path), message=f"is no field of this object: remove it or correct its name{guess}")
        return
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
        case "enum" | "literal_error":
            return _choice(detail["ctx"]["expected"], _lookup(given, path))
        case "int_type" | "int_parsing" | "int_from_float":
            unit = " of seconds, such as 600" if str(path[-1]).endswith("Seconds") else ", such as 3"
            return f"must be a whole number{unit}" + _found(_lookup(given, path))
        case "string_pattern_mismatch":
            return f"must match {detail['ctx']['pattern']}" + _found(_lookup(given, path))
        case _:
            said: str = detail["msg"]
            return said[:1].lower() + said[1:] + _found(_lookup(given, path))


def _choice(expected: str, found: Any) -> str:
    words = re.findall(r"'([^']*)'", expected)
    must = "must be one of" if len(words) > 1 else "must be"
    return f"{must} {expected}{_found(found)}{nearest(found, words) if isinstance(found, str) else ''}"


def _fields(model: Any, path: Sequence[str | int]) -> list[str]:
    """Name the fields of the object at a path, as they are written in YAML; empty where the path leads to no model."""
    for part in path:
        if isinstance(part, str):
            model = next((_model(field.annotation) for field in model.model_fields.values() if field.alias == part), None)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model(annotation: Any) -> Any:
    """Return the model inside an annotation such as tuple[Annotated[Gate, ...], ...] | None; None where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model(inner)) is not None), None)


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
