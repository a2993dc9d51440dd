"""What a gate measured, and what `decide` wants measured. Instants are fixed (start + k * interval), so a restarted operator
asks the same questions and gets the same answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

LabelSet = tuple[tuple[str, str], ...]
"""Labels of one series with their values, in the order in which they were asked for; a label that the series lacks has the value ""."""


class Outcome(StrEnum):
    """The kinds of answer a query can have. Only `VALUE` is evidence; everything else is inconclusive."""

    VALUE = "Value"
    NO_DATA = "NoData"
    INVALID = "Invalid"          # NaN, infinite, several series, too many of them
    PARTIAL = "Partial"          # warnings, a partial response
    STALE = "Stale"
    TOO_LITTLE_TRAFFIC = "TooLittleTraffic"
    LEFT_BY_OUTAGE = "LeftByOutage"  # a value, and not the release's (core/outage_depths.py)
    UNREACHABLE = "Unreachable"  # down, slow, an HTTP error, nonsense


@dataclass(frozen=True, slots=True)
class Sample:
    """The value of one series at one instant."""

    labels: LabelSet
    value: float


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one instant, ordered by their labels; the labels stand apart from the values, so that equal ones are kept only once."""

    labels: tuple[LabelSet, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> "Samples":
        """Order them."""
        ordered = sorted(samples, key=lambda sample: sample.labels)
        return cls(labels=tuple(sample.labels for sample in ordered), values=tuple(sample.value for sample in ordered))

    def __iter__(self) -> Iterator[Sample]:
        """Go through them in order."""
        return (Sample(labels, value) for labels, value in zip(self.labels, self.values, strict=True))

    def __len__(self) -> int:
        """Count them."""
        return len(self.values)


NO_SAMPLES: Final = Samples()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One answer: `value` is set exactly when the outcome is VALUE; `detail` is a sentence without relative times.

    `names` are what a query for names found, sorted; `samples` what a query by labels found. `value` is their number then. `uncounted`: of the value,
    what is not the release's (core/outage_depths.py).
    """

    at: datetime
    outcome: Outcome
    value: float | None = None
    detail: str = ""
    names: tuple[str, ...] = ()
    samples: Samples = NO_SAMPLES
    uncounted: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """One thing to ask Prometheus at one instant.

    `value` is the PromQL of the measured number. Where `value` may be absent although all is well (a counter that exists only
    after its first error), `present` is a PromQL that answers while target and denominator are there: then absent means 0.
    `exposure` counts requests behind the value; below `minimum_exposure` the answer is TOO_LITTLE_TRAFFIC. `age` answers how many
    seconds old the oldest sample behind the value is; too old is STALE. `names` is a label: then not a number is wanted, but the
    values that this label has among the series of the answer. `by` are labels: then every series of the answer is wanted, told apart
    by them, and `value` has to aggregate by just these; `present` and `exposure` have no part in it. `absent` says what to see to where `value` finds nothing.
    """

    value: str
    present: str | None = None
    exposure: str | None = None
    minimum_exposure: float = 0.0
    age: str | None = None
    names: str = ""
    by: tuple[str, ...] = ()
    absent: str = ""


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
