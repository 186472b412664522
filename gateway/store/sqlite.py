"""SQLite in WAL mode: connections, the writers' lock, the time that a search may take."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool
from typing_extensions import override

from gateway.store.database import (
    LOCK_SECONDS,
    READ_POOL,
    Cursor,
    Database,
    last_numbers,
    too_costly,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_INSTRUCTIONS: Final = 20_000
# The pages that a large transaction changes stay in memory up to here.
_WRITER_CACHE_KB: Final = 12_288
# A statement keeps what was bound to it until it is executed again.
_HEAVY_BYTES: Final = 4 << 20


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
            pool_size=READ_POOL,
            max_overflow=READ_POOL * 3,
            connect_args={"check_same_thread": False, "timeout": LOCK_SECONDS},
        )
        event.listen(engine, "connect", _set_pragmas)
        # One argument a "?": sqlite3 binds positions faster than names.
        super().__init__(sqlite.dialect(paramstyle="qmark"), engine)
        self._writer: sqlite3.Connection | None = None
        self._lock_file: Any = None
        self._patience = 0
        self._heavy = False
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()

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
            return cursor, last_numbers(cursor.execute(self.sql["last_numbers"].text).fetchone())
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
    def execute_rows(self, cursor: Cursor, name: str, rows: Sequence[Sequence[object]]) -> None:
        super().execute_rows(cursor, name, rows)
        if name == "insert_version":
            sizes = (len(value) for row in rows for value in row if isinstance(value, bytes))
            self._heavy = max(sizes, default=0) > _HEAVY_BYTES or self._heavy

    @override
    def commit(self) -> None:
        assert self._writer is not None  # noqa: S101 - begin() came before
        self._writer.execute("COMMIT")
        self._unlock()

    @override
    def lighten(self) -> None:
        if self._heavy:
            self._close_writer()

    def _close_writer(self) -> None:
        """Let go of the connection with its statements; the next write opens another."""
        self._heavy = False
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

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
            reader: _Reader | None = getattr(self._local, "reader", None)
            if reader is None:
                reader = self._local.reader = _Reader(self._connect())
                self._readers.add(reader)
            yield reader.connection.cursor()
        except sqlite3.Error as fault:
            raise self.refusal(fault) from fault

    @override
    def moment(self) -> object:
        # Of this thread's connection, which never writes:
        # https://www.sqlite.org/pragma.html#pragma_data_version
        with self.reading() as cursor:
            return cursor.connection, cursor.execute("PRAGMA data_version").fetchone()[0]

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
        for reader in list(self._readers):
            reader.connection.close()
        self._readers.clear()
        self._local = threading.local()
        self._close_writer()
        super().close()


class _Reader:
    """The connection by which a thread reads; it ends with its thread, as associations do."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver connection
    # A page cache of 4 MB a connection: a door has six, and what the system has in memory is read
    # fast enough. Not mapped into memory: every connection's map counts as the door's memory, up
    # to the whole file. A WAL of 4 000 pages before it is folded back.
    _turn_to_wal(connection)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-4096",
        "temp_store=MEMORY",
        "wal_autocheckpoint=4000",
        "mmap_size=0",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _turn_to_wal(connection: Any) -> None:  # noqa: ANN401 - a driver connection
    """Turn the journal to WAL, waiting up to `LOCK_SECONDS` for others who open the file.

    SQLite does not wait by itself here: of two who turn a new file to WAL at once, or of one who
    opens it while another recovers or folds back its WAL, one is told "locked" without delay.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    pause = 0.001
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as fault:
            busy = fault.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
        else:
            return


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
