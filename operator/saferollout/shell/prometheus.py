"""Ask Prometheus one query at one instant. Blocking: called from worker threads, each with a client of its own."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import requests
from prometheus_api_client import PrometheusConnect
from urllib3.util.retry import Retry

from saferollout.core.answers import CANT_BE_REACHED, Answer, NotAnswered, QueryRefused, answer_of, clocks_apart, not_within, unreachable
from saferollout.shell.gate_session import GateSession

BREAK_AFTER: Final = 3
BREAK_SECONDS: Final = 10.0
# Windows of gates, and instants of steps, would be off by as much as the clocks are.
MOST_SECONDS_APART: Final = 30.0


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

    def ask(self, promql: str, *, at: datetime, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        """Evaluate a query at an instant: one number; where a label is given, its values among the series; where `by` is, all samples."""
        refusal = self._breaker.refusal()
        if refusal is not None:
            return unreachable(refusal)
        try:
            answer = self._query(promql, at, label, by)
        except QueryRefused as error:
            # One tenant's query must not stop everybody's.
            self._breaker.answered()
            return unreachable(str(error))
        except NotAnswered as error:
            return self._unreachable(str(error))
        except requests.Timeout:
            return self._unreachable(not_within(self._endpoint.timeout_seconds))
        except requests.RequestException:
            return self._unreachable(CANT_BE_REACHED)
        self._breaker.answered()
        return answer

    def _unreachable(self, reason: str) -> Answer:
        self._breaker.failed(reason)
        return unreachable(reason)

    def _query(self, promql: str, at: datetime, label: str, by: tuple[str, ...]) -> Answer:
        connection = self._connection()
        parameters = {
            "time": f"{at.timestamp():.3f}",
            "timeout": f"{max(1, math.floor(self._endpoint.timeout_seconds))}s",
            # Thanos: an answer with a part missing is an error; the two replicas of a pair are one.
            "partial_response": "false",
            "dedup": "true",
        }
        result = connection.custom_query(promql, params=parameters)
        session = self._of_thread.session
        if abs(session.seconds_ahead) > MOST_SECONDS_APART:
            return unreachable(clocks_apart(MOST_SECONDS_APART))
        return answer_of(result, envelope=session.envelope, label=label, by=by)

    def _connection(self) -> PrometheusConnect:
        if not hasattr(self._of_thread, "connection"):
            endpoint = self._endpoint
            session = GateSession(token_file=endpoint.token_file, tenant=endpoint.tenant, timeout_seconds=endpoint.timeout_seconds)
            self._of_thread.session = session
            self._of_thread.connection = PrometheusConnect(url=endpoint.url.rstrip("/"), session=session, retry=Retry(0), method="POST")
        return self._of_thread.connection
