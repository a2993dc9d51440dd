"""user-service: rows in Postgres, profiles through the cache, an event for everybody who registered."""

from __future__ import annotations

import uuid
from typing import Any

from opencore import events, profiles, tariffs
from opencore.cache import ProfileCache
from opencore.database import Database, DatabaseFailed
from opencore.producer import NotSent, Sender
from opencore.registrations import Invalid, validate
from opencore.versions import USER_SERVICE, own
from opencore.web import Answer, Failed, WebService

_ME = own(USER_SERVICE)
_database = Database()
_cache = ProfileCache(reads=_ME.cache_read, writes=_ME.cache_written)
_sender = Sender("producer-1")


class NoSuchUser(Exception):
    """Raised for an id without a row."""


def register(_: str, request: dict[str, Any]) -> Answer:
    try:
        name, tariff = validate(request, country_required=_ME.country_required)
    except Invalid as error:
        return 422, {"error": str(error)}
    identity = uuid.uuid4().hex
    row = (identity, name, tariffs.stored(tariff, version=_ME.row_written))
    _query("INSERT", "INSERT INTO users (id, name, tariff) VALUES (%s, %s, %s)", row)
    event = events.Registered(id=identity, name=name, currency="EUR")
    try:
        _sender.send(events.TOPIC, key=identity, value=events.encode(event, version=_ME.event_written))
    except NotSent as error:
        raise Failed("KafkaException", str(error)) from error
    return 201, {"id": identity}


def profile(identity: str, _: dict[str, Any]) -> Answer:
    try:
        return 200, dict(_cache.get(identity, lambda: _read_profile(identity)))
    except NoSuchUser:
        return 404, {"error": "no such user"}


def account(identity: str, _: dict[str, Any]) -> Answer:
    rows = _query("SELECT", f"SELECT {tariffs.column(_ME.rows_read)} FROM users WHERE id = %s", (identity,))
    if not rows:
        return 404, {"error": "no such user"}
    return 200, {"id": identity, "tariff": tariffs.tariff_of(rows[0][0])}


def _read_profile(identity: str) -> profiles.Profile:
    rows = _query("SELECT", "SELECT name FROM users WHERE id = %s", (identity,))
    if not rows:
        raise NoSuchUser
    return {"id": identity, "name": rows[0][0]}


def _query(operation: str, sql: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
    try:
        return _database.run(operation, sql, values)
    except DatabaseFailed as error:
        raise Failed(_spring_exception(error.sqlstate), str(error)) from error


def _spring_exception(sqlstate: str) -> str:
    """Return the exception that Spring makes of the class of a SQLSTATE."""
    return {"08": "DataAccessResourceFailureException", "22": "DataIntegrityViolationException", "42": "BadSqlGrammarException"}.get(
        sqlstate[:2], "UncategorizedSQLException"
    )


if __name__ == "__main__":
    WebService({"POST /users": register, "GET /users/{id}": profile, "GET /users/{id}/account": account}).run()
