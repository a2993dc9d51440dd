"""billing-service: opens an account in Postgres for everybody who registered."""

from __future__ import annotations

from opencore.consumer import EventConsumer, HandlingFailed
from opencore.database import Database, DatabaseFailed
from opencore.events import Registered
from opencore.versions import BILLING_SERVICE, own

_database = Database()
_INSERT = "INSERT INTO accounts (user_id, currency) VALUES (%s, %s) ON CONFLICT (user_id) DO NOTHING"


def open_account(event: Registered) -> None:
    try:
        _database.run("INSERT", _INSERT, (event.id, event.currency or "EUR"))
    except DatabaseFailed as error:
        raise HandlingFailed(str(error)) from error


if __name__ == "__main__":
    EventConsumer(group="billing", reader=own(BILLING_SERVICE), handle=open_account).run()
