"""One database, SQLite or PostgreSQL: connections, the writers' lock and what differs.

SQLite: WAL, `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous), one
writer at a time across processes. PostgreSQL: an advisory transaction lock does the same, so
that on both the order of `seq` is the order of the commits.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.errors import OutOfSpace, Unavailable
from gateway.fhir.search.values import TooCostly
from gateway.store.statements import LAST_NUMBERS, Sql, render_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Dialect, Engine

# How long a writer waits for another process before it answers "not now".
LOCK_SECONDS: Final = 10.0
# How long one search may keep the database busy.
SEARCH_SECONDS: Final = 20.0
READ_POOL: Final = 4
# SQLite's words, and PostgreSQL's.
_NO_TABLE: Final = re.compile(r'no such table|relation "\w+" does not exist')


class Lost(Exception):
    """What was asked ahead got no answer; to ask in the ordinary way tells why."""


class Cursor(Protocol):
    """What both drivers' cursors do."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102 - DB-API
    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def executemany(self, sql: str, parameters: Sequence[Sequence[object]], /) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def fetchone(self) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def close(self) -> None: ...  # noqa: D102 - DB-API
    def fetchall(self) -> Sequence[Any]: ...  # noqa: D102 - DB-API


class Database(ABC):
    """What the store needs of a database, whatever its kind."""

    #: True when a point read costs less than handing it to another thread.
    local_reads: bool = False
    #: How long one search may take; set before the first one.
    search_seconds: float = SEARCH_SECONDS
    faults: tuple[type[Exception], ...]
    engine: Engine
    sql: dict[str, Sql]

    def __init__(self, dialect: Dialect, engine: Engine) -> None:
        """Render the hot statements; no connection is made yet."""
        self.dialect = dialect
        self.engine = engine
        self.sql = render_all(dialect)

    @abstractmethod
    def begin(self) -> tuple[Cursor, dict[str, int]]:
        """Open the writers' transaction; raises `Unavailable`.

        Returns its cursor, and the last numbers that were given out (`LAST_NUMBERS`).
        """

    def execute_rows(self, cursor: Cursor, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Execute a statement of `sql` once a row."""
        cursor.executemany(self.sql[name].text, rows)

    def at_once(self) -> AbstractContextManager[object]:
        """Let what is executed inside travel together, where the database is far away."""
        return nullcontext()

    @abstractmethod
    def commit(self) -> None:
        """Make the writers' transaction durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Give the writers' transaction up."""

    def lighten(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what a large transaction, which has ended, has left in memory."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor that sees what has been committed; raises `Unavailable`."""

    @abstractmethod
    def moment(self) -> object:
        """Return what is another one once anybody else has committed; raises `Unavailable`.

        To be compared by one thread with what it got before.
        """

    @abstractmethod
    def searching(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor that sees one state of the data throughout, for `search_seconds`.

        Raises `TooCostly` when the time is over, `Unavailable`.
        """

    @abstractmethod
    def hurried(self, cursor: Cursor) -> AbstractContextManager[None]:
        """Give what a writer searches inside its transaction as long as any search."""

    def ahead(self, name: str, given: Mapping[str, object]) -> Awaitable[Any] | None:
        """Ask a statement that finds one row at most in the event loop, without waiting there.

        The awaitable gives the row or None, and raises `Lost`; None where a thread has to read, or
        for now.
        """
        del name, given
        return None

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def refusal(self, fault: Exception) -> Unavailable:
        """Return the refusal that a driver's fault means to callers."""
        text = str(fault).lower()
        if "full" in text or "no space" in text:
            return OutOfSpace("The disk is full: nothing was stored, send it again later.")
        if _NO_TABLE.search(text):
            return Unavailable("The database has no tables yet: `gateway migrate` makes them.")
        return Unavailable("The store cannot commit now: nothing was stored, send it again later.")


def too_costly(fault: Exception) -> Exception:
    """Return what a search says that was interrupted, or the fault itself."""
    if "interrupt" in str(fault) or "statement timeout" in str(fault):
        message = (
            "The search took too long and was stopped: narrow it by a parameter with few matches, "
            "such as an identifier, a patient or a date."
        )
        return TooCostly(message)
    return fault


def last_numbers(row: Sequence[Any]) -> dict[str, int]:
    """Return the last numbers that a row of the statement `last_numbers` tells."""
    return {name: last or 0 for name, last in zip(LAST_NUMBERS, row, strict=True)}
