"""search-service: people look for articles. It shares nothing with the other services but Postgres: what hurts it too is no release's fault."""

from __future__ import annotations

from typing import Any

from opencore.database import Database, DatabaseFailed
from opencore.web import Answer, Failed, WebService

_database = Database()


def search(word: str, _: dict[str, Any]) -> Answer:
    try:
        rows = _database.run("SELECT", "SELECT title FROM articles WHERE title ILIKE '%%' || %s || '%%' ORDER BY title", (word,))
    except DatabaseFailed as error:
        raise Failed("DataAccessResourceFailureException", str(error)) from error
    return 200, {"titles": [title for (title,) in rows]}


if __name__ == "__main__":
    WebService({"GET /search/{id}": search}).run()
