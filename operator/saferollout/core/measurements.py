"""What a gate measured, and what `decide` wants measured. Instants are fixed (start + k * interval), so a restarted operator
asks the same questions and gets the same answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """The kinds of answer a query can have. Only `VALUE` is evidence; everything else is inconclusive."""

    VALUE = "Value"
    NO_DATA = "NoData"
    INVALID = "Invalid"          # NaN, infinite, several series
    PARTIAL = "Partial"          # warnings, a partial response
    STALE = "Stale"
    TOO_LITTLE_TRAFFIC = "TooLittleTraffic"
    UNREACHABLE = "Unreachable"  # down, slow, an HTTP error, nonsense


@dataclass(frozen=True, slots=True)
class Measurement:
    """One answer: `value` is set exactly when the outcome is VALUE; `detail` is a sentence without relative times.

    `names` are what a query for names found, sorted; `value` is their number then.
    """

    at: datetime
    outcome: Outcome
    value: float | None = None
    detail: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One thing to ask Prometheus at one instant.

    `value` is the PromQL of the measured number. Where `value` may be absent although all is well (a counter that exists only
    after its first error), `present` is a PromQL that answers while target and denominator are there: then absent means 0.
    `exposure` counts requests behind the value; below `minimum_exposure` the answer is TOO_LITTLE_TRAFFIC. `age` answers how many
    seconds old the oldest sample behind the value is; too old is STALE. `names` is a label: then not a number is wanted, but the
    values that this label has among the series of the answer.
    """

    value: str
    present: str | None = None
    exposure: str | None = None
    minimum_exposure: float = 0.0
    age: str | None = None
    names: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Ask `query` at each instant; the answers go to the gate (or proof) called `name`."""

    name: str
    query: Query
    instants: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Observations:
    """Answers by question name, ordered by instant. A question that could not be asked yet is absent."""

    answers: Mapping[str, tuple[Measurement, ...]]
