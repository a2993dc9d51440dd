"""Make one measurement out of the few queries behind it."""

from datetime import datetime
from typing import Protocol

from saferollout.core.answers import Answer
from saferollout.core.gates import number
from saferollout.core.measurements import Measurement, Outcome, Query


class Ask(Protocol):
    """Whoever evaluates a query at the instant of the measurement."""

    def __call__(self, promql: str, *, label: str = "") -> Answer:
        """Evaluate it: one number, or the values of a label."""
        ...



def measure(query: Query, *, at: datetime, ask: Ask, longest_age: float) -> Measurement:
    """Ask what a query needs, at one instant: exposure, value, whether absent means 0, and the age of the samples.

    `longest_age` is in seconds: a value that rests on an older sample is STALE.
    """
    answer = _too_little(query, ask) or _value(query, ask)
    if answer.outcome is Outcome.VALUE and query.age is not None:
        answer = _too_old(ask(query.age), longest_age) or answer
    return Measurement(at=at, outcome=answer.outcome, value=answer.value, detail=answer.detail, names=answer.names)


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
    if answer.outcome is not Outcome.NO_DATA or query.present is None:
        return answer
    present = ask(query.present)
    return Answer(Outcome.VALUE, value=0.0) if present.outcome is Outcome.VALUE else present


def _too_old(age: Answer, longest_age: float) -> Answer | None:
    """Judge the age of samples; where no sample has one, the value came from a range, which limits itself."""
    if age.outcome is Outcome.NO_DATA:
        return None
    if age.value is None:
        return age
    if age.value <= longest_age:
        return None
    return Answer(Outcome.STALE, detail=f"a sample behind the value is older than {number(longest_age)} s")
