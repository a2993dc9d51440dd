"""Ask Prometheus for one number at one instant. Blocking: called from worker threads, each with a client of its own."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import requests
from prometheus_api_client import PrometheusConnect
from urllib3.util.retry import Retry

from saferollout.core.measurements import Outcome
from saferollout.shell.gate_session import GateSession, NotAnswered, QueryRefused

BREAK_AFTER: Final = 3
BREAK_SECONDS: Final = 10.0
_OTHER_TYPES: Final = ("matrix", "string")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query said: a value exactly where the outcome is VALUE; `names` where names were asked for."""

    outcome: Outcome
    value: float | None = None
    detail: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Prometheus is and how to speak to it; operator configuration, never a tenant's."""

    url: str
    token_file: Path | None = None
    tenant: str = ""
    timeout_seconds: float = 10.0


class CircuitBreaker:
    """Stop asking for a while after some failures in a row, so that a dead Prometheus costs one timeout and not hundreds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at = 0.0
        self._reason = ""

    def refusal(self) -> str | None:
        """Return why nothing is asked now; None where somebody may ask. After the pause one at a time may try."""
        with self._lock:
            if self._failures < BREAK_AFTER:
                return None
            if self._clock() < self._closed_at:
                return self._reason
            self._closed_at = self._clock() + BREAK_SECONDS
            return None

    def failed(self, reason: str) -> None:
        """Count a failure."""
        with self._lock:
            self._failures += 1
            self._reason = reason
            self._closed_at = self._clock() + BREAK_SECONDS

    def answered(self) -> None:
        """Count an answer of any kind."""
        with self._lock:
            self._failures = 0


class PrometheusClient:
    """One Prometheus. Never raises: what is no single finite number says why it is none."""

    def __init__(self, endpoint: Endpoint, *, breaker: CircuitBreaker | None = None) -> None:
        self._endpoint = endpoint
        self._breaker = breaker or CircuitBreaker()
        self._of_thread = threading.local()

    def ask(self, promql: str, *, at: datetime, label: str = "") -> Answer:
        """Evaluate a query at an instant: one number, or, where a label is given, its values among the series."""
        refusal = self._breaker.refusal()
        if refusal is not None:
            return Answer(Outcome.UNREACHABLE, detail=refusal)
        try:
            answer = self._query(promql, at, label)
        except QueryRefused as error:
            # One tenant's query must not stop everybody's.
            self._breaker.answered()
            return Answer(Outcome.UNREACHABLE, detail=str(error))
        except NotAnswered as error:
            return self._unreachable(str(error))
        except requests.Timeout:
            return self._unreachable(f"Prometheus did not answer within {self._endpoint.timeout_seconds:g} s")
        except requests.RequestException:
            return self._unreachable("Prometheus can't be reached")
        self._breaker.answered()
        return answer

    def _unreachable(self, reason: str) -> Answer:
        self._breaker.failed(reason)
        return Answer(Outcome.UNREACHABLE, detail=reason)

    def _query(self, promql: str, at: datetime, label: str) -> Answer:
        connection = self._connection()
        parameters = {
            "time": f"{at.timestamp():.3f}",
            "timeout": f"{max(1, math.floor(self._endpoint.timeout_seconds))}s",
            # Thanos: an answer with a part missing is an error; the two replicas of a pair are one.
            "partial_response": "false",
            "dedup": "true",
        }
        result = connection.custom_query(promql, params=parameters)
        envelope = self._of_thread.session.envelope
        if envelope.warned:
            return Answer(Outcome.PARTIAL, detail="Prometheus warned that its answer may be incomplete")
        return _names(result, label, result_type=envelope.result_type) if label else _number(result, result_type=envelope.result_type)

    def _connection(self) -> PrometheusConnect:
        if not hasattr(self._of_thread, "connection"):
            endpoint = self._endpoint
            session = GateSession(token_file=endpoint.token_file, tenant=endpoint.tenant, timeout_seconds=endpoint.timeout_seconds)
            self._of_thread.session = session
            self._of_thread.connection = PrometheusConnect(url=endpoint.url.rstrip("/"), session=session, retry=Retry(0), method="POST")
        return self._of_thread.connection


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


def _finite(sample: Any) -> Answer:
    try:
        _, text = sample
        value = float(text)
    except (TypeError, ValueError):
        return Answer(Outcome.INVALID, detail="the query answers with something that is no number")
    if not math.isfinite(value):
        return Answer(Outcome.INVALID, detail="the query answers with NaN or infinity")
    return Answer(Outcome.VALUE, value=value)
