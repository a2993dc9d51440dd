"""Postgres through a pool whose state is told as HikariCP tells it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from prometheus_client import Counter, Gauge
from psycopg_pool import ConnectionPool, PoolTimeout

from opencore import metrics

_POOL = "HikariPool-1"
# What Java's driver says where no server answered; libpq's says nothing then (SQL standard, class 08).
_NO_CONNECTION = "08006"
_FIRST_CONTACT_SECONDS = 5.0
# The pool waits twice as long after each failure, and without an end; given up early, the next request has it try at once.
_RECONNECT_SECONDS = 5.0

_states = {name: Gauge(f"hikaricp_connections{name}", "Connections of the pool.", ["pool"]) for name in ("", "_active", "_idle", "_pending", "_max")}
_timeouts = Counter("hikaricp_connections_timeout", "Requests that no connection came free for.", ["pool"])


class DatabaseFailed(Exception):
    """Raised with the SQLSTATE and Postgres' own words."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"SQLSTATE {sqlstate}: {message}")
        self.sqlstate = sqlstate


class Database:
    """A pool of connections; a service starts without its database, but gives it a moment to answer."""

    def __init__(self) -> None:
        # A server that was killed closes no connection: the kernel gives it up after two seconds without an answer.
        options = {"autocommit": True, "connect_timeout": 2, "tcp_user_timeout": 2000, "keepalives_idle": 2, "keepalives_interval": 1}
        self._pool = ConnectionPool(
            os.environ["DATABASE_URL"], kwargs=options, min_size=2, max_size=4, timeout=1.0, open=True,
            reconnect_timeout=_RECONNECT_SECONDS, check=ConnectionPool.check_connection,
        )  # fmt: skip
        with suppress(PoolTimeout):
            self._pool.wait(timeout=_FIRST_CONTACT_SECONDS)
        for name, state in {"": "pool_size", "_idle": "pool_available", "_pending": "requests_waiting", "_max": "pool_max"}.items():
            _states[name].labels(_POOL).set_function(lambda state=state: self._pool.get_stats().get(state, 0))
        _states["_active"].labels(_POOL).set_function(self._active)

    def run(self, operation: str, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows. Raises DatabaseFailed."""
        with metrics.database_operation(operation) as running:
            try:
                with self._pool.connection() as connection:
                    cursor = connection.execute(sql, values)
                    return cursor.fetchall() if cursor.description else []
            except PoolTimeout as error:
                _timeouts.labels(_POOL).inc()
                running.failed(sqlstate=_NO_CONNECTION, error="SQLTransientConnectionException")
                raise DatabaseFailed(_NO_CONNECTION, str(error)) from error
            except psycopg.Error as error:
                sqlstate = error.sqlstate or _NO_CONNECTION
                running.failed(sqlstate=sqlstate, error=type(error).__name__)
                raise DatabaseFailed(sqlstate, str(error).strip()) from error

    def _active(self) -> float:
        stats = self._pool.get_stats()
        return float(stats.get("pool_size", 0) - stats.get("pool_available", 0))
