"""What Prometheus answers in a test: whole replies, which go through the code that reads the real ones."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from saferollout.core.answers import NO_JSON, NOT_IN_TIME, Answer, NotAnswered, answer_of, envelope_of, refusal_of, unreachable
from saferollout.core.measurements import Measurement, Query
from saferollout.core.measuring import measure
from saferollout.core.promql import youngest_of

_OK: Final = 200
_TIME: Final = 0.0


class NotAsked(ValueError):
    """A test tells the answer to a query that this gate never sends."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: an HTTP status and the body (a JSON document, or text as it was sent); `trouble`: no reply came, and why."""

    body: Any = None
    status: int = _OK
    trouble: str = ""

    def read(self, *, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        """Read it as the operator does."""
        if self.trouble:
            return unreachable(self.trouble)
        try:
            refusal = refusal_of(self.status)
            if refusal is not None:
                raise refusal
            document = _document(self.body)
            envelope = envelope_of(document)
        except NotAnswered as error:
            return unreachable(str(error))
        return answer_of(document["data"]["result"], envelope=envelope, label=label, by=by)


def _document(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAnswered(NO_JSON) from error


def vector(*values: float, warnings: tuple[str, ...] = ()) -> Reply:
    """Reply with one series for each value; a number is written as Prometheus writes it."""
    series = [{"metric": {"series": str(index)}, "value": [_TIME, _sample(value)]} for index, value in enumerate(values)]
    return result("vector", series, warnings=warnings)


def result(kind: str, content: Any, *, warnings: tuple[str, ...] = ()) -> Reply:
    """Reply with a result of a kind: vector, scalar, matrix, string."""
    document: dict[str, Any] = {"status": "success", "data": {"resultType": kind, "result": content}}
    return Reply(body={**document, "warnings": list(warnings)} if warnings else document)


def _sample(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(value), str(value))


NOTHING: Final = vector()


@dataclass(frozen=True, slots=True)
class Point:
    """What Prometheus answers for one instant.

    `value`: to the gate's own query. `present`: whether what is counted exists at all, asked where the value is absent. `requests`:
    how many were behind it, None: enough. `age`: seconds of its oldest sample, None: fresh. `everything` replaces all of them.
    `late`: seconds after the instant until which no answer comes.
    """

    value: Reply = NOTHING
    present: Reply = NOTHING
    requests: float | None = None
    age: float | None = None
    everything: Reply | None = None
    late: int = 0

    def measure(self, query: Query, *, at: datetime, waited: float, longest_age: float) -> Measurement:
        """Measure as the operator does, so many seconds after the instant; raise NotAsked."""
        if self.requests is not None and query.exposure is None:
            raise NotAsked("this gate counts no requests (minimumRequests), so there can't be too few of them")
        if self.age is not None and query.age is None:
            raise NotAsked("this gate's query has only ranges, which limit the age of samples themselves, so it can't be stale")
        return measure(query, at=at, ask=_Asked(self, query, waited=waited), longest_age=longest_age)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Prometheus at one instant of a test."""

    point: Point
    query: Query
    waited: float
    _late: Reply = field(default=Reply(trouble=NOT_IN_TIME), init=False)

    def __call__(self, promql: str, *, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        return self._reply(promql).read(label=label, by=by)

    def _reply(self, promql: str) -> Reply:
        point = self.point
        if self.waited < point.late:
            return self._late
        if point.everything is not None:
            return point.everything
        # By their meaning, not their text: two of a gate's queries may read the same.
        if promql == self.query.exposure:
            return vector(self.query.minimum_exposure if point.requests is None else point.requests)
        if self.query.age is not None and promql in (self.query.age, youngest_of(self.query.age)):
            return vector(0.0 if point.age is None else point.age)
        return point.value if promql == self.query.value else point.present
