"""PostgreSQL through psycopg: connections, rows as arrays, settings of searches."""

from __future__ import annotations

import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from typing_extensions import override

from gateway.store.database import (
    LOCK_SECONDS,
    READ_POOL,
    Cursor,
    Database,
    last_numbers,
    too_costly,
)
from gateway.store.statements import BULK, POINTS, bulk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

# "Passerelle" as a number: the advisory lock of the gateway's writers.
_ADVISORY_KEY: Final = 7_277_373

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


def _refuse_ended(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 - a driver connection
    """Let the pool take another connection for one that its server has ended.

    A server that stops says so, and nobody reads it while a connection waits for its next use. To
    look costs no round trip, as a ping would:
    https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.PoolEvents.checkout
    """
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        raise _Ended


class _Ended(DisconnectionError):
    """The server ended this connection, and so all those that are as old."""

    invalidate_pool: bool = True


class PostgresDatabase(Database):
    """PostgreSQL through psycopg 3."""

    def __init__(self, url: str) -> None:
        """Prepare the engine for `postgresql+psycopg://...`."""
        # psycopg takes 40 ms to import, which SQLite installations need not pay.
        import psycopg  # noqa: PLC0415 - see above

        from gateway.store.point_reads import PointReads  # noqa: PLC0415 - as above

        # The last when all connections are lent for too long.
        self.faults = (psycopg.Error, DBAPIError, PoolTimeout)
        engine = create_engine(
            url, pool_size=READ_POOL, max_overflow=READ_POOL * 3, isolation_level="AUTOCOMMIT"
        )
        dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
        super().__init__(dialect, engine)
        dsn = make_url(url).set(drivername="postgresql")
        self._dsn = dsn.render_as_string(hide_password=False)
        # Connections of their own: settings for searches would be in the way of anything else.
        self._searches = create_engine(
            url, pool_size=READ_POOL, max_overflow=READ_POOL * 3, isolation_level="AUTOCOMMIT"
        )
        event.listen(self._searches, "connect", self._set_for_searches)
        for pool in (engine, self._searches):
            event.listen(pool, "checkout", _refuse_ended)
        self._connect = psycopg.connect
        self._point_reads = PointReads(self._dsn, {name: self.sql[name] for name in POINTS})
        self._broken = psycopg.pq.TransactionStatus.INERROR
        self._gone = psycopg.errors.InFailedSqlTransaction
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
                    # The same few statements for ever: planned once, not at every turn.
                    self._writer.execute("SET plan_cache_mode = auto")
                cursor: Any = self._writer.cursor()
                # One round trip; each statement sees what was committed when it began.
                cursor.execute(self._begin)
                while cursor.nextset():
                    pass
                numbers = last_numbers(cursor.fetchone() or ())
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
        if self._writer.info.transaction_status is self._broken:
            # COMMIT would roll back, and say so in its tag alone:
            # https://www.postgresql.org/docs/15/sql-commit.html
            raise self._gone
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

    @override
    def moment(self) -> object:
        # Which transactions can be seen: another text once one of them has ended.
        with self.reading() as cursor:
            cursor.execute("SELECT txid_current_snapshot()::text")
            return cursor.fetchone()[0]

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
    def ahead(self, name: str, given: Mapping[str, object]) -> Awaitable[Any] | None:
        return self._point_reads.ask(name, given)

    @override
    def close(self) -> None:
        self._drop()
        self._point_reads.close()
        self._searches.dispose()
        super().close()
