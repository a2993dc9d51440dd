"""Metrics under the names and labels of Micrometer, Spring Kafka, HikariCP and OpenTelemetry; the library does the rest.

As in Micrometer, a series exists only once there is something to count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Summary, disable_created_metrics, generate_latest

disable_created_metrics()

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_OUTCOMES = {1: "INFORMATIONAL", 2: "SUCCESS", 3: "REDIRECTION", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}

_server = Histogram(
    "http_server_requests_seconds", "Answered requests.", ["method", "uri", "status", "outcome", "exception"], buckets=_BUCKETS
)
_client = Histogram(
    "http_client_requests_seconds", "Requests to others.", ["method", "uri", "status", "outcome", "client_name"], buckets=_BUCKETS
)
_listener = Summary("spring_kafka_listener_seconds", "Records handed to the listener.", ["name", "result", "exception"])
consumed = Counter("kafka_consumer_fetch_manager_records_consumed", "Records taken from the broker.", ["client_id", "topic"])
lag = Gauge("kafka_consumer_fetch_manager_records_lag", "Records behind the end.", ["client_id", "topic", "partition"])
assigned = Gauge("kafka_consumer_coordinator_assigned_partitions", "Partitions of this consumer.", ["client_id"])
rebalanced = Counter("kafka_consumer_coordinator_rebalance", "Rebalances.", ["client_id"])
sent = Counter("kafka_producer_record_send", "Records given to the broker.", ["client_id"])
send_errors = Counter("kafka_producer_record_error", "Records that the broker did not take.", ["client_id"])
cache_gets = Counter("cache_gets", "Look-ups.", ["cache", "result"])
cache_puts = Counter("cache_puts", "Entries written.", ["cache"])
_database = Histogram(
    "db_client_operation_duration_seconds",
    "Database operations.",
    ["db_system_name", "db_operation_name", "db_response_status_code", "error_type"],
    buckets=_BUCKETS,
)


def exposition() -> bytes:
    """Write every metric of this process in the text format."""
    return generate_latest(REGISTRY)


def request_answered(*, method: str, uri: str, status: int, exception: str, seconds: float) -> None:
    """Count one answered request."""
    _server.labels(method, uri, str(status), _OUTCOMES[status // 100], exception or "none").observe(seconds)


def request_made(*, method: str, uri: str, status: int | None, client_name: str, seconds: float) -> None:
    """Count one request to somebody else; no status means that nobody answered."""
    outcome = _OUTCOMES[status // 100] if status else "UNKNOWN"
    _client.labels(method, uri, str(status or "CLIENT_ERROR"), outcome, client_name).observe(seconds)


def record_handled(*, listener: str, succeeded: bool, seconds: float) -> None:
    """Count one record that the listener was given; Spring names no root cause."""
    result, exception = ("success", "none") if succeeded else ("failure", "ListenerExecutionFailedException")
    _listener.labels(f"{listener}-0", result, exception).observe(seconds)


class Operation:
    """A database operation in work; `failed` says with which SQLSTATE it ended."""

    sqlstate = ""
    error = ""

    def failed(self, *, sqlstate: str, error: str) -> None:
        """Remember the failure for the metric."""
        self.sqlstate, self.error = sqlstate, error


@contextmanager
def database_operation(name: str) -> Iterator[Operation]:
    """Time an operation; the code of a success is empty, as an attribute that OpenTelemetry leaves out."""
    operation, start = Operation(), time.perf_counter()
    try:
        yield operation
    finally:
        labels = ("postgresql", name, operation.sqlstate, operation.error)
        _database.labels(*labels).observe(time.perf_counter() - start)
