"""Point reads of PostgreSQL in an event loop: docs/decisions/0056-reads-in-a-pipeline.md.

Questions leave as they come, over one connection, and are answered in their order
(https://www.postgresql.org/docs/15/libpq-pipeline-mode.html): none waits for a thread, nor for the
answer to another. A connection that is lost takes along what was asked over it, and nothing else:
to read again elsewhere is always possible.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import pq

from gateway.store.database import Lost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.statements import Sql

# A column of the answer, in binary: whole numbers, octets, and text (pg_type.dat).
_WHOLE: Final = frozenset({20, 21, 23})
_OCTETS: Final = 17
_CONNECT_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 1.0
_BINARY: Final = pq.Format.BINARY

Row = tuple[Any, ...]
_Future = asyncio.Future["Row | None"]


class PointReads:
    """Asks statements that find one row at most; belongs to the loop that asks first."""

    def __init__(self, dsn: str, statements: Mapping[str, Sql]) -> None:
        """Prepare nothing yet: the connection is made behind the first question."""
        self._dsn = dsn
        self._names = {name: sql.names for name, sql in statements.items()}
        self._texts = {name: _numbered(sql.text) for name, sql in statements.items()}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: psycopg.Connection[Any] | None = None
        # Its socket once more: the driver closes its own when the connection is lost.
        self._socket = -1
        self._not_before = 0.0
        # What was asked, in order; None is where the server answers with its end of a round.
        self._asked: deque[_Future | None] = deque()
        self._sending = False

    def ask(self, name: str, given: Mapping[str, object]) -> _Future | None:
        """Return the row to come, None while there is no connection.

        To be called in the loop. The future raises `Lost`.
        """
        loop = asyncio.get_running_loop()
        if self._connection is None or loop is not self._loop:
            self._connect_behind(loop)
            return None
        values = [str(given[each]).encode() for each in self._names[name]]
        try:
            self._connection.pgconn.send_query_prepared(
                name.encode(), values, result_format=_BINARY
            )
        except psycopg.Error:
            self._lose()
            return None
        future: _Future = loop.create_future()
        self._asked.append(future)
        if not self._sending:
            # What this round of the loop asks leaves together.
            self._sending = True
            loop.call_soon(self._send)
        return future

    def close(self) -> None:
        """Close the connection; the loop has ended, or asks no more."""
        self._lose()

    # Connecting

    def _connect_behind(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop and loop.time() < self._not_before:
            return
        if loop is not self._loop:
            self.close()
        self._loop = loop
        self._not_before = float("inf")
        loop.run_in_executor(None, self._connect).add_done_callback(self._connected)

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self._dsn, connect_timeout=_CONNECT_SECONDS, autocommit=True)
        for name, text in self._texts.items():
            made = connection.pgconn.prepare(name.encode(), text.encode())
            if made.status != pq.ExecStatus.COMMAND_OK:
                connection.close()
                raise Lost
        connection.pgconn.nonblocking = 1
        connection.pgconn.enter_pipeline_mode()
        return connection

    def _connected(self, made: asyncio.Future[psycopg.Connection[Any]]) -> None:
        assert self._loop is not None  # noqa: S101 - it was set before
        self._not_before = self._loop.time() + _PAUSE_SECONDS
        if made.cancelled() or made.exception() is not None:
            return
        self._connection = made.result()
        self._socket = os.dup(self._connection.fileno())
        self._loop.add_reader(self._socket, self._receive)

    def _lose(self) -> None:
        """Close the connection and tell those who wait."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        running = self._loop is not None and not self._loop.is_closed()
        if self._loop is not None and running:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        os.close(self._socket)
        connection.close()
        while self._asked:
            future = self._asked.popleft()
            if future is not None and running and not future.done():
                future.set_exception(Lost())

    # The wire

    def _send(self) -> None:
        self._sending = False
        if self._connection is None:
            return
        try:
            self._connection.pgconn.pipeline_sync()
        except psycopg.Error:
            self._lose()
            return
        self._asked.append(None)
        self._flush()

    def _flush(self) -> None:
        """Send what libpq holds; what the socket does not take is sent when it does."""
        if self._connection is None or self._loop is None:
            return
        try:
            held = self._connection.pgconn.flush()
        except psycopg.Error:
            self._lose()
            return
        if held:
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        try:
            self._take()
        except (psycopg.Error, Lost):
            self._lose()

    def _take(self) -> None:
        """Give everybody the answer that has come; raises `Lost` for one that is no row."""
        assert self._connection is not None  # noqa: S101 - its reader is called
        pgconn = self._connection.pgconn
        pgconn.consume_input()
        while self._asked and not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                # The end of one question's results.
                continue
            future = self._asked[0]
            expected = pq.ExecStatus.PIPELINE_SYNC if future is None else pq.ExecStatus.TUPLES_OK
            if result.status != expected:
                raise Lost
            self._asked.popleft()
            if future is not None and not future.done():
                future.set_result(_row(result))


def _numbered(text: str) -> str:
    """Return a statement of the driver's (`%s`) as the server takes it (`$1`)."""
    number = count(1)
    return re.sub("%s", lambda _: f"${next(number)}", text)


def _row(result: pq.abc.PGresult) -> Row | None:
    if result.ntuples == 0:
        return None
    return tuple([_value(result, column) for column in range(result.nfields)])


def _value(result: pq.abc.PGresult, column: int) -> Any:  # noqa: ANN401 - whatever the column holds
    value = result.get_value(0, column)
    kind = result.ftype(column)
    if value is None or kind == _OCTETS:
        return value
    return int.from_bytes(value, "big", signed=True) if kind in _WHOLE else value.decode()
