"""One table and one durable commit, on SQLite or PostgreSQL: all that a floor stores."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Durable(Protocol):
    """Keeps bodies by id; `insert` returns once the body is on the disk."""

    def insert(self, name: str, body: bytes) -> None:
        """Insert one row and commit it."""

    def upsert(self, rows: Sequence[tuple[str, bytes]]) -> None:
        """Insert or replace rows in one commit."""

    def select(self, name: str) -> bytes:
        """Return one row by its primary key."""


def open_durable(url: str) -> Durable:
    """Open `sqlite:///path` or `postgresql+psycopg://...`."""
    if url.startswith("sqlite:///"):
        return _Sqlite(url.removeprefix("sqlite:///"))
    return _Postgres(url.replace("+psycopg", ""))


class _Sqlite:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body BLOB)",
        ):
            self._connection.execute(statement)

    def insert(self, name: str, body: bytes) -> None:
        self._connection.execute("INSERT INTO kept VALUES (?, ?)", (name, body))

    def upsert(self, rows: Sequence[tuple[str, bytes]]) -> None:
        if len(rows) > 1:
            self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
        if len(rows) > 1:
            self._connection.execute("COMMIT")

    def select(self, name: str) -> bytes:
        found = self._connection.execute("SELECT body FROM kept WHERE name = ?", (name,))
        body: bytes = found.fetchone()[0]
        return body


class _Postgres:
    def __init__(self, dsn: str) -> None:
        import psycopg  # noqa: PLC0415 - only where PostgreSQL is

        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, body BYTEA)"
        )

    def insert(self, name: str, body: bytes) -> None:
        self._connection.execute("INSERT INTO kept VALUES (%s, %s)", (name, body))

    def upsert(self, rows: Sequence[tuple[str, bytes]]) -> None:
        replacing = (
            "INSERT INTO kept VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body"
        )
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(replacing, rows)

    def select(self, name: str) -> bytes:
        found = self._connection.execute(
            "SELECT body FROM kept WHERE name = %s", (name,), binary=True
        )
        row = found.fetchone()
        assert row is not None  # noqa: S101 - the load asks only for what it has put there
        return bytes(row[0])
