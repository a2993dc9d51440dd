"""What Prometheus answers, as it is written in a test: a series, or a list of series and measurements in full."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from saferollout.api.problems import problems_of
from saferollout.cli.gate_tests.files import Measured
from saferollout.cli.gate_tests.replies import NOTHING, Point, Reply, vector
from saferollout.cli.gate_tests.series import MOST_POINTS, BadSeries, number_of, points_of
from saferollout.cli.manifests import Manifest

_WARNINGS: Final = ("one store did not answer",)


def measured_points(document: Manifest, field: str, given: Any) -> tuple[Point, ...]:
    """Read measurements in any of their forms; raise BadInput."""
    if not isinstance(given, list):
        return _series(document, field, given)
    points = tuple(point for index, entry in enumerate(given) for point in _entry(document, f"{field}[{index}]", entry))
    if not 1 <= len(points) <= MOST_POINTS:
        raise document.wrong(field, f"has {len(points)} measurements, must have 1 to {MOST_POINTS}")
    return points


def _entry(document: Manifest, field: str, entry: Any) -> tuple[Point, ...]:
    if not isinstance(entry, Mapping):
        return _series(document, field, entry)
    try:
        told = Measured.model_validate(entry, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        problem = problems_of(error, given=entry, model=Measured)[0]
        raise document.wrong(".".join(part for part in (field, problem.field) if part), problem.message) from error
    try:
        return (_point(told),) * told.times
    except BadSeries as error:
        raise document.wrong(field, str(error)) from error


def _series(document: Manifest, field: str, given: Any) -> tuple[Point, ...]:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise document.wrong(field, 'must be a series such as "0x3 6", or a list of series and measurements')
    try:
        return points_of(given) if isinstance(given, str) else (Point(value=vector(float(given))),)
    except BadSeries as error:
        raise document.wrong(field, str(error)) from error


def _point(told: Measured) -> Point:
    whole = Reply(status=told.http) if told.http is not None else None
    present = vector(1) if told.absent else NOTHING
    return Point(value=_value(told), present=present, requests=told.requests, age=told.age, everything=whole, late=told.late)


def _value(told: Measured) -> Reply:
    warnings = _WARNINGS if told.warning else ()
    if told.body is not None:
        return Reply(body=told.body)
    if told.values is not None:
        return vector(*(number_of(value) for value in told.values), warnings=warnings)
    return NOTHING if told.value is None else vector(number_of(told.value), warnings=warnings)
