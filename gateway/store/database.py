"""One database, SQLite or PostgreSQL: connections, the writers' lock and what differs.

SQLite: WAL, `synchronous=FULL` (https://www.sqlite.org/pragma.html#pragma_synchronous), one
writer at a time across processes. PostgreSQL: an advisory transaction lock does the same, so
that on both the order of `seq` is the order of the commits.
"""

from __future__ import annotations

import fcntl
import re
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from typing_extensions import override

from gateway.errors import OutOfSpace, Unavailable
from gateway.fhir.search.values import TooCostly
from gateway.store.statements import BULK, LAST_NUMBERS, Sql, bulk, render_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Dialect, Engine

# How long a writer waits for another process before it answers "not now".
LOCK_SECONDS: Final = 10.0
# "Passerelle" as a number: the advisory lock of the gateway's writers.
_ADVISORY_KEY: Final = 7_277_373
_INSTRUCTIONS: Final = 20_000
# How long one search may keep the database busy.
SEARCH_SECONDS: Final = 20.0
_READ_POOL: Final = 4
# The pages that a large transaction changes stay in memory up to here.
_WRITER_CACHE_KB: Final = 12_288
# SQLite's words, and PostgreSQL's.
_NO_TABLE: Final = re.compile(r'no such table|relation "\w+" does not exist')


class Cursor(Protocol):
    """What both drivers' cursors do."""

    @property
    def rowcount(self) -> int: ...  # noqa: D102 - DB-API
    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def executemany(self, sql: str, parameters: Sequence[Sequence[object]], /) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def fetchone(self) -> Any: ...  # noqa: ANN401, D102 - DB-API
    def close(self) -> None: ...  # noqa: D102 - DB-API
    def fetchall(self) -> Sequence[Any]: ...  # noqa: D102 - DB-API


def open_database(url: str) -> Database:
    """Open the database that `url` names; connections are made when first needed."""
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteDatabase(url)
    return PostgresDatabase(url)


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

    @abstractmethod
    def reading(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor that sees what has been committed; raises `Unavailable`."""

    @abstractmethod
    def searching(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor that sees one state of the data throughout, for `search_seconds`.

        Raises `TooCostly` when the time is over, `Unavailable`.
        """

    @abstractmethod
    def hurried(self, cursor: Cursor) -> AbstractContextManager[None]:
        """Give what a writer searches inside its transaction as long as any search."""

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


class SqliteDatabase(Database):
    """SQLite in WAL mode: readers never wait, writers queue on a file lock."""

    local_reads = True
    faults = (sqlite3.Error,)

    def __init__(self, url: str) -> None:
        """Prepare the engine for `sqlite:///path`."""
        path = make_url(url).database
        if not path or path == ":memory:":
            message = "The gateway's SQLite database is a file: its doors are several processes."
            raise ValueError(message)
        self.path = Path(path)
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=_READ_POOL,
            max_overflow=_READ_POOL * 3,
            connect_args={"check_same_thread": False, "timeout": LOCK_SECONDS},
        )
        event.listen(engine, "connect", _set_pragmas)
        # One argument a "?": sqlite3 binds positions faster than names.
        super().__init__(sqlite.dialect(paramstyle="qmark"), engine)
        self._writer: sqlite3.Connection | None = None
        self._lock_file: Any = None
        self._patience = 0
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _set_pragmas(connection, None)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @override
    def begin(self) -> tuple[Cursor, dict[str, int]]:
        try:
            if self._writer is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._lock_file = self.path.with_name(f"{self.path.name}-writer").open("w")
                self._writer = self._connect()
                self._writer.execute(f"PRAGMA cache_size=-{_WRITER_CACHE_KB}")
                self._patience = 0
            left = _lock(self._lock_file)
            self._wait_at_most(self._writer, left)
            cursor = self._writer.cursor()
            cursor.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as fault:
            self._unlock()
            raise self.refusal(fault) from fault
        try:
            return cursor, _last_numbers(cursor.execute(self.sql["last_numbers"].text).fetchone())
        except sqlite3.Error as fault:
            self.rollback()
            raise self.refusal(fault) from fault

    def _wait_at_most(self, writer: sqlite3.Connection, seconds: float) -> None:
        """Let both locks together take `LOCK_SECONDS`: a sender does not wait twice as long."""
        whole = max(1, round(seconds))
        if whole != self._patience:
            writer.execute(f"PRAGMA busy_timeout={whole * 1000}")
            self._patience = whole

    @override
    def commit(self) -> None:
        assert self._writer is not None  # noqa: S101 - begin() came before
        self._writer.execute("COMMIT")
        self._unlock()

    @override
    def rollback(self) -> None:
        try:
            if self._writer is not None and self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        finally:
            self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @override
    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = self._connect()
                self._readers.append(connection)
            yield connection.cursor()
        except sqlite3.Error as fault:
            raise self.refusal(fault) from fault

    @override
    @contextmanager
    def searching(self) -> Iterator[sqlite3.Cursor]:
        with self.reading() as cursor, self.hurried(cursor):
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                cursor.close()
                cursor.connection.rollback()

    @override
    @contextmanager
    def hurried(self, cursor: Cursor) -> Iterator[None]:
        assert isinstance(cursor, sqlite3.Cursor)  # noqa: S101 - what this database lends
        deadline = time.monotonic() + self.search_seconds
        # Asked every few thousand instructions of SQLite's machine.
        cursor.connection.set_progress_handler(
            lambda: int(time.monotonic() > deadline), _INSTRUCTIONS
        )
        try:
            yield
        except sqlite3.OperationalError as fault:
            raise too_costly(fault) from fault
        finally:
            cursor.connection.set_progress_handler(None, 0)

    @override
    def close(self) -> None:
        for connection in (*self._readers, self._writer):
            if connection is not None:
                connection.close()
        self._readers.clear()
        self._writer = None
        self._local = threading.local()
        if self._lock_file is not None:
            self._lock_file.close()
        super().close()


def too_costly(fault: Exception) -> Exception:
    """Return what a search says that was interrupted, or the fault itself."""
    if "interrupt" in str(fault) or "statement timeout" in str(fault):
        message = (
            "The search took too long and was stopped: narrow it by a parameter with few matches, "
            "such as an identifier, a patient or a date."
        )
        return TooCostly(message)
    return fault


def _last_numbers(row: Sequence[Any]) -> dict[str, int]:
    return {name: last or 0 for name, last in zip(LAST_NUMBERS, row, strict=True)}


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver connection
    # A page cache of 4 MB a connection: a door has six, and what the system has in memory is read
    # fast enough. Not mapped into memory: every connection's map counts as the door's memory, up
    # to the whole file. A WAL of 4 000 pages before it is folded back.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-4096",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",
        "mmap_size=0",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lock(file: Any) -> float:  # noqa: ANN401 - a file object
    """Take the writers' lock and return how many of `LOCK_SECONDS` are left.

    Finer than SQLite's own polling, and freed when the process dies.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    pause = 0.0002
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(pause * 1.5, 0.005)
        else:
            return deadline - time.monotonic()


# A search says itself what is read first (`gateway.store.search`): joins keep their order, and no
# table is read from end to end because of an estimate.
_SEARCH_SETTINGS: Final = (
    "SET join_collapse_limit = 1",
    "SET from_collapse_limit = 1",
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET jit = off",
    "SET max_parallel_workers_per_gather = 0",
    "SET plan_cache_mode = force_custom_plan",
)


def _array(values: Iterable[object]) -> str:
    """Return an array literal; the driver's own takes five times as long.

    https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    return "NULL" if value is None else str(value)


class PostgresDatabase(Database):
    """PostgreSQL through psycopg 3."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for `postgresql+psycopg://...`."""
        # psycopg takes 40 ms to import, which SQLite installations need not pay.
        import psycopg  # noqa: PLC0415 - see above

        self.faults = (psycopg.Error, DBAPIError)
        engine = create_engine(
            url, pool_size=_READ_POOL, max_overflow=_READ_POOL * 3, isolation_level="AUTOCOMMIT"
        )
        dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
        super().__init__(dialect, engine)
        dsn = make_url(url).set(drivername="postgresql")
        self._dsn = dsn.render_as_string(hide_password=False)
        # Connections of their own: settings for searches would be in the way of anything else.
        self._searches = create_engine(
            url, pool_size=_READ_POOL, max_overflow=_READ_POOL * 3, isolation_level="AUTOCOMMIT"
        )
        event.listen(self._searches, "connect", self._set_for_searches)
        self._connect = psycopg.connect
        self._writer: psycopg.Connection[Any] | None = None
        lock = f"SELECT pg_advisory_xact_lock({_ADVISORY_KEY})"
        self._bulk = {name: bulk(name, self.sql[name], dialect) for name in BULK}
        self._begin = f"BEGIN; {lock}; {self.sql['last_numbers'].text}".encode()

    @override
    def begin(self) -> tuple[Cursor, dict[str, int]]:
        for last in (False, True):
            try:
                if self._writer is None or self._writer.closed:
                    self._writer = self._connect(self._dsn, connect_timeout=5, autocommit=True)
                    self._writer.execute(f"SET lock_timeout = '{int(LOCK_SECONDS)}s'")
                    self._set_for_searches(self._writer, None)
                cursor: Any = self._writer.cursor()
                # One round trip; each statement sees what was committed when it began.
                cursor.execute(self._begin)
                while cursor.nextset():
                    pass
                numbers = _last_numbers(cursor.fetchone() or ())
            except self.faults as fault:
                self._drop()
                if last:
                    raise self.refusal(fault) from fault
            else:
                return cursor, numbers
        raise AssertionError  # the loop returns or raises

    @override
    def execute_rows(self, cursor: Cursor, name: str, rows: Sequence[Sequence[object]]) -> None:
        # Columns as arrays: the driver takes as long for one row as for a hundred in an array.
        columns = [_array(column) for column in zip(*rows, strict=True)]
        cursor.execute(self._bulk[name], columns)

    @override
    def at_once(self) -> AbstractContextManager[object]:
        assert self._writer is not None  # noqa: S101 - begin() came before
        return self._writer.pipeline()

    @override
    def commit(self) -> None:
        assert self._writer is not None  # noqa: S101 - begin() came before
        self._writer.execute("COMMIT")

    @override
    def rollback(self) -> None:
        if self._writer is not None and not self._writer.closed:
            try:
                self._writer.execute("ROLLBACK")
            except self.faults:
                self._drop()

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @override
    def reading(self) -> AbstractContextManager[Cursor]:
        return self._lent(self.engine)

    def _set_for_searches(self, connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver connection
        connection.execute("; ".join(_SEARCH_SETTINGS))
        milliseconds = max(1, round(self.search_seconds * 1000))
        connection.execute(f"SET statement_timeout = {milliseconds}")

    @override
    @contextmanager
    def searching(self) -> Iterator[Cursor]:
        with self._lent(self._searches) as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                with self.hurried(cursor):
                    yield cursor
            finally:
                cursor.execute("ROLLBACK")

    @override
    @contextmanager
    def hurried(self, cursor: Cursor) -> Iterator[None]:
        # The limit itself is a setting of the connection.
        del cursor
        try:
            yield
        except self.faults as fault:
            raise too_costly(fault) from fault

    @contextmanager
    def _lent(self, engine: Engine) -> Iterator[Cursor]:
        try:
            connection = engine.raw_connection()
        except self.faults as fault:
            raise self.refusal(fault) from fault
        try:
            cursor: Cursor = connection.cursor()
            yield cursor
        except self.faults as fault:
            connection.invalidate()
            # A server that was started again has forgotten every connection, not this one alone.
            engine.dispose()
            raise self.refusal(fault) from fault
        finally:
            connection.close()

    @override
    def close(self) -> None:
        self._drop()
        self._searches.dispose()
        super().close()
