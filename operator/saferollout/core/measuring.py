"""Make one measurement out of the few queries behind it."""

from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from saferollout.core.answers import Answer
from saferollout.core.gates import number
from saferollout.core.measurements import Measurement, Outcome, Query
from saferollout.core.promql import youngest_of

_CLOCKS: Final = "the target is no longer scraped, or the clocks of Prometheus and of the operator differ"


class Ask(Protocol):
    """Whoever evaluates a query at the instant of the measurement."""

    def __call__(self, promql: str, *, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        """Evaluate it: one number, the values of a label, or the samples by some labels."""
        ...


def measure(query: Query, *, at: datetime, ask: Ask, longest_age: float) -> Measurement:
    """Ask what a query needs, at one instant: exposure, value, whether absent means 0, and the age of the samples.

    `longest_age` is in seconds: a value that rests on an older sample is STALE.
    """
    answer = _samples(query, ask, longest_age) if query.by else _one(query, ask, longest_age)
    return Measurement(
        at=at, outcome=answer.outcome, value=answer.value, detail=answer.detail, names=answer.names, samples=answer.samples
    )


def _one(query: Query, ask: Ask, longest_age: float) -> Answer:
    answer = _too_little(query, ask) or _value(query, ask)
    if answer.outcome is not Outcome.VALUE or query.age is None:
        return answer
    return _stale(query.age, ask, longest_age) or answer


def _samples(query: Query, ask: Ask, longest_age: float) -> Answer:
    """Ask for samples and their age in one query, because a release has many of them; only where it finds nothing it is asked why."""
    fresh = query.value if query.age is None else f"({query.value}) and on () (({query.age}) <= {longest_age:g})"
    answer = ask(fresh, by=query.by)
    if answer.outcome is not Outcome.NO_DATA or query.age is None:
        return answer
    return _stale(query.age, ask, longest_age) or answer


def _too_little(query: Query, ask: Ask) -> Answer | None:
    if query.exposure is None or query.minimum_exposure <= 0:
        return None
    exposure = ask(query.exposure)
    if exposure.value is None:
        return exposure
    if exposure.value >= query.minimum_exposure:
        return None
    # Without the count of this moment: it goes into status, where every new wording is a write.
    return Answer(Outcome.TOO_LITTLE_TRAFFIC, detail=f"fewer requests than the {number(query.minimum_exposure)} that are needed")


def _value(query: Query, ask: Ask) -> Answer:
    answer = ask(query.value, label=query.names) if query.names else ask(query.value)
    if answer.outcome is Outcome.NO_DATA and query.present is None and query.absent:
        return replace(answer, detail=f"{answer.detail}: {query.absent}")
    if answer.outcome is not Outcome.NO_DATA or query.present is None:
        return answer
    present = ask(query.present)
    return Answer(Outcome.VALUE, value=0.0) if present.outcome is Outcome.VALUE else present


def _stale(age_query: str, ask: Ask, longest_age: float) -> Answer | None:
    too_old = _too_old(ask(age_query), longest_age)
    if too_old is None or too_old.outcome is not Outcome.STALE:
        return too_old
    youngest = ask(youngest_of(age_query)).value
    if youngest is None or youngest <= longest_age:
        return too_old
    return Answer(Outcome.STALE, detail=f"every sample behind the value is older than {number(longest_age)} s: {_CLOCKS}")


def _too_old(age: Answer, longest_age: float) -> Answer | None:
    """Judge the age of samples; where no sample has one, the value came from a range, which limits itself."""
    if age.outcome is Outcome.NO_DATA:
        return None
    if age.value is None:
        return age
    if age.value <= longest_age:
        return None
    return Answer(Outcome.STALE, detail=f"a sample behind the value is older than {number(longest_age)} s")
