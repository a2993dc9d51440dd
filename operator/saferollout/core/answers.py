"""What Prometheus' answer to one query amounts to: a number, names, samples, or the reason why it is none of them.

    problem = refusal_of(status)                   # None where it answered
    envelope = envelope_of(document)               # the whole JSON; raises NotAnswered
    answer_of(result, envelope=envelope)           # `data.result` of it -> Answer

No sentence repeats what Prometheus sent: it could be anything, and goes into status.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from saferollout.core.measurements import NO_SAMPLES, Outcome, Sample, Samples

NOT_IN_TIME: Final = "Prometheus did not answer in time"
CANT_BE_REACHED: Final = "Prometheus can't be reached"
NO_JSON: Final = "Prometheus sent something that is not JSON"
# All pods of a big release times a handful of statuses is about a thousand; every one of them is remembered for each look.
MOST_SERIES: Final = 10_000
_OK: Final = 200
_OTHER_TYPES: Final = ("matrix", "string")


class NotAnswered(Exception):
    """Prometheus gave no usable answer; the message never repeats what it sent."""


class QueryRefused(NotAnswered):
    """Prometheus is well, but can't evaluate this query."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around a result: its type, and whether Prometheus warned about it. Infos are harmless and not kept."""

    result_type: str
    warned: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query said: a value exactly where the outcome is VALUE; `names` and `samples` where they were asked for."""

    outcome: Outcome
    value: float | None = None
    detail: str = ""
    names: tuple[str, ...] = ()
    samples: Samples = NO_SAMPLES


def unreachable(reason: str) -> Answer:
    """Return the answer that was none."""
    return Answer(Outcome.UNREACHABLE, detail=reason)


def not_within(seconds: float) -> str:
    """Say that a query ran into its timeout."""
    return f"Prometheus did not answer within {seconds:g} s: ask for less, or give it longer (prometheus.timeoutSeconds)"


def clocks_apart(seconds: float) -> str:
    """Say that the clocks differ too much: what is asked for an instant here would be of another instant there."""
    return f"the clock of Prometheus and the one here differ by more than {seconds:g} s: synchronise both machines (NTP)"


def refusal_of(status: int) -> NotAnswered | None:
    """Return what an HTTP status says instead of an answer; None where there is one."""
    if status == _OK:
        return None
    if 300 <= status < 400:
        return NotAnswered(f"Prometheus answered with a redirect (HTTP {status}), which is not followed")
    if status in (401, 403):
        return NotAnswered(f"Prometheus refused the operator's credentials (HTTP {status})")
    if status in (400, 422):
        return QueryRefused(f"Prometheus could not evaluate the query (HTTP {status})")
    return NotAnswered(f"Prometheus answered HTTP {status}")


def envelope_of(document: Any) -> Envelope:
    """Read what stands around the result; raise NotAnswered where the JSON is no answer to a query."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or document.get("status") != "success" or "result" not in data:
        raise NotAnswered("Prometheus sent JSON that is no answer to a query")
    return Envelope(result_type=str(data.get("resultType")), warned=bool(document.get("warnings")))


def answer_of(result: Any, *, envelope: Envelope, label: str = "", by: tuple[str, ...] = ()) -> Answer:
    """Return what a result amounts to: one number; where a label is given, its values among the series; where `by` is, all samples."""
    if envelope.warned:
        return Answer(Outcome.PARTIAL, detail="Prometheus warned that its answer may be incomplete: see that every store behind it answers")
    if by:
        return _samples(result, by, result_type=envelope.result_type)
    return _names(result, label, result_type=envelope.result_type) if label else _number(result, result_type=envelope.result_type)


def _number(result: Any, *, result_type: str) -> Answer:
    if result_type == "scalar":
        return _finite(result)
    if result_type != "vector" or not isinstance(result, list):
        what = f"a {result_type}" if result_type in _OTHER_TYPES else "something unknown"
        return Answer(Outcome.INVALID, detail=f"the query answers with {what}, not with one number")
    if not result:
        return Answer(Outcome.NO_DATA, detail="the query finds no data")
    if len(result) > 1:
        return Answer(Outcome.INVALID, detail="the query answers with several series where one number is needed: aggregate it")
    return _finite(result[0].get("value") if isinstance(result[0], dict) else None)


def _names(result: Any, label: str, *, result_type: str) -> Answer:
    if result_type != "vector" or not isinstance(result, list):
        return Answer(Outcome.INVALID, detail="the query answers with something that has no series")
    if not result:
        return Answer(Outcome.NO_DATA, detail="the query finds no data")
    metrics = [series.get("metric") for series in result if isinstance(series, dict)]
    found = tuple(sorted({str(metric[label]) for metric in metrics if isinstance(metric, dict) and metric.get(label)}))
    return Answer(Outcome.VALUE, value=float(len(found)), names=found)


def _samples(result: Any, by: tuple[str, ...], *, result_type: str) -> Answer:
    if result_type != "vector" or not isinstance(result, list):
        return Answer(Outcome.INVALID, detail="the query answers with something that has no series")
    if len(result) > MOST_SERIES:
        too_many = f"the query answers with more than {MOST_SERIES} series: look for a label ({', '.join(by)}) that has too many values"
        return Answer(Outcome.INVALID, detail=too_many)
    found = [_sample(series, by) for series in result]
    # NaN is what some clients report while they have nothing to report, so such a series counts as absent.
    samples = Samples.of(sample for sample in found if sample is not None)
    if not samples:
        return Answer(Outcome.NO_DATA, detail="the query finds no data")
    if len(set(samples.labels)) < len(samples):
        return Answer(Outcome.INVALID, detail=f"several series have the same labels: aggregate by ({', '.join(by)})")
    return Answer(Outcome.VALUE, value=float(len(samples)), samples=samples)


def _sample(series: Any, by: tuple[str, ...]) -> Sample | None:
    metric = series.get("metric") if isinstance(series, dict) else None
    if not isinstance(metric, dict):
        return None
    value = _finite(series.get("value")).value
    return None if value is None else Sample(labels=tuple((label, str(metric.get(label, ""))) for label in by), value=value)


def _finite(sample: Any) -> Answer:
    try:
        _, text = sample
        value = float(text)
    except (TypeError, ValueError):
        return Answer(Outcome.INVALID, detail="the query answers with something that is no number")
    if not math.isfinite(value):
        return Answer(Outcome.INVALID, detail="the query answers with NaN or infinity")
    return Answer(Outcome.VALUE, value=value)
