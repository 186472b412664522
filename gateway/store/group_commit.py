"""Writers that arrive while the disk is busy share the next commit.

A writer takes the lock, joins the open batch (or opens one) and does its work; when it leaves and
nobody waits behind it, it commits for all. Nobody returns before the fsync of its batch.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable
from gateway.store.unwritten import Unwritten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.database import Database

_log = logging.getLogger("gateway.store")
# A batch is closed at this size even if writers keep coming: the first must not wait for ever.
BATCH: Final = 64


class Batch:
    """One database transaction shared by several writers."""

    __slots__ = ("_saved", "cursor", "database", "done", "fault", "members", "numbers", "unwritten")

    def __init__(self, database: Database) -> None:
        """Open a transaction with nobody in it; raises `Unavailable`."""
        self.database = database
        # Last numbers given out: of versions, journal entries and deliveries.
        self.cursor, self.numbers = database.begin()
        self.members = 0
        self.done = threading.Event()
        self.fault: Unavailable | None = None
        # Of the writers that have left; the one inside keeps its own until it leaves.
        self.unwritten = Unwritten()
        self._saved = False

    def enter(self) -> None:
        """Let the next writer in."""
        self._saved = False

    def secure(self) -> None:
        """Make sure that what the writer inside tells the database can be undone alone.

        A writer that tells it nothing before it leaves needs no savepoint.
        """
        if self._saved:
            return
        self._saved = True
        self.write()
        # The first writer needs none: undoing it undoes everything there is.
        if self.members:
            self.cursor.execute("SAVEPOINT member")

    def undo(self) -> None:
        """Undo what the writer inside has told the database."""
        if self._saved:
            self.cursor.execute("ROLLBACK TO SAVEPOINT member")

    def write(self) -> None:
        """Hand over what the writers before have left."""
        if self.unwritten:
            with self.database.at_once():
                self.unwritten.write(self.database, self.cursor)


class GroupCommit:
    """Lets writers in one after the other and commits them together."""

    def __init__(self, database: Database) -> None:
        """Write to `database`; nothing is opened yet."""
        self._database = database
        self._lock = threading.Lock()
        self._guard = threading.Lock()
        self._waiting = 0
        self._batch: Batch | None = None
        self._refused_at = 0.0
        # The batches that this thread has joined and not yet waited for, inside `together`.
        self._held = threading.local()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit what this thread writes inside as one; durable when this returns.

        For a thread that has several writes in hand: it is spared to wait for each of them.
        Raises `Unavailable` when that could not be committed: then none of it may be promised.
        """
        joined: list[Batch] = []
        self._held.batches = joined
        try:
            yield
        finally:
            self._held.batches = None
            with self._lock:
                if joined and self._batch is joined[-1]:
                    self._commit(joined[-1])
        for batch in joined:
            _wait_for(batch)

    @contextmanager
    def member(self) -> Iterator[Batch]:
        """Join a batch; on leaving, return once it is durable or raise `Unavailable`.

        An exception inside undoes this writer's work alone; the others' stays.
        """
        arrived = time.monotonic()
        with self._guard:
            self._waiting += 1
        with self._lock:
            with self._guard:
                self._waiting -= 1
            batch = self._enter(arrived)
            try:
                batch.enter()
                yield batch
            except BaseException as fault:
                self._undo(batch, fault)
                raise
            self._keep(batch)
        joined = self._joined()
        if joined is None:
            _wait_for(batch)
        elif batch not in joined[-1:]:
            joined.append(batch)

    def _joined(self) -> list[Batch] | None:
        joined: list[Batch] | None = getattr(self._held, "batches", None)
        return joined

    def _enter(self, arrived: float) -> Batch:
        if self._batch is None:
            if arrived < self._refused_at:
                # Queued behind a writer that waited in vain: not to wait as long once more.
                message = "The store cannot commit now: nothing was stored, send it again later."
                raise Unavailable(message)
            try:
                self._batch = Batch(self._database)
            except Unavailable:
                self._refused_at = time.monotonic()
                raise
        return self._batch

    def _keep(self, batch: Batch) -> None:
        batch.members += 1
        self._leave(batch)

    def _undo(self, batch: Batch, fault: BaseException) -> None:
        if isinstance(fault, self._database.faults):
            # The driver may have given up the whole transaction: nobody can be promised anything.
            self._fail(batch, fault)
            raise self._database.refusal(fault) from fault
        if batch.members == 0:
            self._close(batch)
            self._database.rollback()
            return
        try:
            batch.undo()
        except self._database.faults as gone:
            # The others wait for this batch: they must hear that it is lost.
            self._fail(batch, gone)
            return
        # The numbers it took stay taken: those of writers before it are not in the database yet.
        self._leave(batch)

    def _leave(self, batch: Batch) -> None:
        with self._guard:
            more = self._waiting > 0 or self._joined() is not None
        if not more or batch.members >= BATCH:
            self._commit(batch)

    def _commit(self, batch: Batch) -> None:
        try:
            with self._database.at_once():
                batch.write()
                self._database.commit()
        except Exception as fault:  # noqa: BLE001 - whatever it is, others wait for this batch
            self._fail(batch, fault)
            return
        self._close(batch)
        batch.done.set()

    def _close(self, batch: Batch) -> None:
        self._batch = None
        # Here, under the lock: a cursor that another thread frees later would reset a statement
        # that the next batch is running on the same connection.
        batch.cursor.close()
        self._database.lighten()

    def _fail(self, batch: Batch, fault: Exception) -> None:
        self._batch = None
        batch.fault = self._database.refusal(fault)
        if not isinstance(fault, self._database.faults):
            # A value that the driver does not take, not a database that cannot.
            _log.error("store.commit", extra={"kind": type(fault).__name__})
        try:
            batch.cursor.close()
            self._database.rollback()
        except self._database.faults:
            # The refusal says it already; the next begin() opens a new connection if it must.
            pass
        finally:
            batch.done.set()


def _wait_for(batch: Batch) -> None:
    batch.done.wait()
    if batch.fault is not None:
        raise batch.fault
