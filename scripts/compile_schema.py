"""Write what the migrations make of a new SQLite file as one script, `migrations/sqlite.sql`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import create_engine

from gateway.store import migrate

TARGET = Path(migrate.__file__).parent / "migrations" / "sqlite.sql"


def schema() -> str:
    """Return the script; rows that the migrations write into a new file go with its tables."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        migrate.upgrade(connection)
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - by the URL above
        dumped = list(raw.iterdump())
    # Between BEGIN and COMMIT: whoever runs it has a transaction.
    return "".join(f"{statement}\n\n" for statement in dumped[1:-1])


if __name__ == "__main__":
    TARGET.write_text(schema(), "utf-8")
