"""What every part of a transaction stands on: the cursor, the numbers, what is not written yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from gateway.store.content import require_storable
from gateway.store.records import to_micros
from gateway.store.unwritten import Unwritten

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from gateway.store.database import Cursor, Database
    from gateway.store.group_commit import Batch
    from gateway.store.unwritten import Change


class Writer:
    """One writer in a batch: its parts ask and write by the names of the hot statements."""

    def __init__(self, database: Database, batch: Batch, now: datetime) -> None:
        """Work in `batch`; `now` is the instant of all that is written."""
        self.now = now
        self._micros = to_micros(now)
        self._database = database
        self._sql = database.sql
        self._batch = batch
        self._cursor: Cursor = batch.cursor
        self._unwritten = Unwritten()

    def leave(self) -> None:
        """Leave to the batch what the database has not been told yet."""
        self._batch.unwritten.merge(self._unwritten)

    # The driver

    def _ask(self, questions: Sequence[tuple[str, dict[str, Any]]]) -> list[Sequence[Any]]:
        """Return the rows of several statements, which travel together."""
        with self._database.at_once():
            asked = [self._asked(name, given) for name, given in questions]
        return [cursor.fetchall() for cursor in asked]

    def _asked(self, name: str, given: dict[str, Any]) -> Cursor:
        # The cursors of both drivers know their connection; not every DB-API cursor does.
        driver: Any = self._cursor
        cursor: Cursor = driver.connection.cursor()
        sql = self._sql[name]
        require_storable(given.values())
        cursor.execute(sql.text, [given[key] for key in sql.names])
        return cursor

    def _one(self, name: str, **given: object) -> Any:  # noqa: ANN401 - a row
        self._run(name, **given)
        return self._cursor.fetchone()

    def _all(self, name: str, **given: object) -> Sequence[Any]:
        self._run(name, **given)
        return self._cursor.fetchall()

    def _run(self, name: str, **given: object) -> None:
        sql = self._sql[name]
        require_storable(given.values())
        self._cursor.execute(sql.text, [given[key] for key in sql.names])

    def _write(self, name: str, **given: object) -> None:
        self._batch.secure()
        self._run(name, **given)

    def _next(self, counter: Literal["seq", "journal", "delivery"]) -> int:
        numbers = self._batch.numbers
        numbers[counter] += 1
        return numbers[counter]

    # What the database has not been told yet

    def _kept(self) -> tuple[Unwritten, Unwritten]:
        return self._unwritten, self._batch.unwritten

    def _tell(self) -> None:
        """Tell it everything: the next question may be about anything."""
        if self._batch.unwritten or self._unwritten:
            self._batch.secure()
            with self._batch.database.at_once():
                self._unwritten.write(self._batch.database, self._cursor)

    def _changes(self, value: str) -> list[Change]:
        """Return what came and went under a code or a target's id, first things first."""
        return [
            *self._batch.unwritten.changes(value),
            *self._unwritten.changes(value),
        ]
