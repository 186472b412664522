"""The store: `transaction()` is the only way to write; the rest reads what is committed."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from typing_extensions import override

from gateway.store import rows
from gateway.store.database import Lost
from gateway.store.databases import open_database
from gateway.store.group_commit import GroupCommit
from gateway.store.history import Versions, Wanted, versions
from gateway.store.index_state import SELECT, Wholeness, asks_for_words
from gateway.store.journal import JournalReader
from gateway.store.outbox import OutboxReader
from gateway.store.records import Page, Progress, Stored, Written, to_micros
from gateway.store.reindexing import STEP, Reindexing
from gateway.store.search.asking import Asker
from gateway.store.search.explaining import explanation
from gateway.store.search.figures import extents, members, tallies
from gateway.store.search.running import run
from gateway.store.search.sql import FLAVORS
from gateway.store.statements import CURRENT_COLUMNS, LANDED, RESOURCE, VERSION
from gateway.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Select

    from gateway.fhir.search.figures import Extent, Path, Spread, Survey, Tally
    from gateway.fhir.search.query import SearchQuery
    from gateway.store.database import Cursor, Database
    from gateway.store.records import AnswerNote

__all__ = ["Hook", "Store", "Stored", "Transaction", "Written", "open_store"]

# Answers that one transaction takes along.
_ANSWERS: Final = 1_000
# Later than any instant that is stored.
_NEVER: Final = 2**62

if TYPE_CHECKING:
    Hook = Callable[[Transaction, Written], None]


def _now() -> datetime:
    return datetime.now(UTC)


def open_store(
    url: str, *, clock: Callable[[], datetime] = _now, local_bases: tuple[str, ...] = ()
) -> Store:
    """Return the store over the database that `url` names; it must have been migrated.

    `local_bases` are this server's own addresses: references into them are relative ones.
    """
    return Store(open_database(url), clock=clock, local_bases=local_bases)


class Store(JournalReader, OutboxReader):
    """Resources, journal and outbox over one database."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = _now,
        local_bases: tuple[str, ...] = (),
    ) -> None:
        """Use `database`; `clock` gives the instant of each transaction, with a time zone."""
        self.database = database
        self.local_bases = local_bases
        self._clock = clock
        self._writers = GroupCommit(database)
        self._hooks: list[Hook] = []
        self.indexing = Reindexing(database, self._writers, local_bases)
        self._wholeness = Wholeness()
        # Types of which this process knows that `index_state` has them.
        self._indexed_types: set[str] = set()
        self._answers: SimpleQueue[AnswerNote] = SimpleQueue()
        self.local_reads = database.local_reads

    def watch(self, hook: Hook) -> None:
        """Call `hook` for every resource that changes, inside its transaction."""
        self._hooks.append(hook)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: everything inside is committed together, durably, before this returns.

        Raises `Unavailable` or `OutOfSpace` when it could not be committed. An exception inside
        undoes it. Not to be nested.
        """
        with self._writers.member() as batch:
            transaction = Transaction(
                self.database,
                batch,
                self._clock(),
                self._hooks,
                local_bases=self.local_bases,
                indexed_types=self._indexed_types,
            )
            yield transaction
            if not self._answers.empty():
                transaction.answered(self._take_answers())
            transaction.leave()

    def together(self) -> AbstractContextManager[None]:
        """Commit every transaction that this thread makes inside as one.

        Durable when it returns; raises `Unavailable` when it could not be committed, and then
        none of the transactions inside may be promised to anybody.
        """
        return self._writers.together()

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    # Resources

    def read(self, resource_type: str, resource_id: str) -> Stored | None:
        """Return the current version, a deletion included, or None."""
        return self._stored("read", {"type": resource_type, "id": resource_id})

    def vread(self, resource_type: str, resource_id: str, version: int) -> Stored | None:
        """Return one version, or None."""
        return self._stored("vread", {"type": resource_type, "id": resource_id, "version": version})

    async def read_ahead(
        self, resource_type: str, resource_id: str, version: int | None = None
    ) -> tuple[Stored | None] | None:
        """Read as `read` does, or `vread`, without a thread; None where only a thread can."""
        given: dict[str, object] = {"type": resource_type, "id": resource_id}
        if version is not None:
            given["version"] = version
        asked = self.database.ahead("read" if version is None else "vread", given)
        if asked is None:
            return None
        try:
            row = await asked
        except Lost:
            return None
        return (None if row is None else rows.stored(row),)

    def _stored(self, name: str, given: dict[str, Any]) -> Stored | None:
        sql = self.database.sql[name]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [given[key] for key in sql.names])
            row = cursor.fetchone()
        return None if row is None else rows.stored(row)

    def history(  # noqa: PLR0913 - what a history can be asked for
        self,
        resource_type: str | None = None,
        resource_id: str | None = None,
        *,
        before_seq: int | None = None,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> Versions:
        """Return versions, newest first, of one resource, one type or everything: one page.

        `since` takes versions from that instant on, `at` those that were current at some time of
        [from, to); both in microseconds since the epoch. Raises `TooCostly`.
        """
        wanted = Wanted(resource_type, resource_id, before_seq, since, at, limit)
        with self.database.searching() as cursor:
            return versions(self._asker(cursor), wanted)

    def changes(self, after_seq: int, *, limit: int = 100) -> list[Stored]:
        """Return the versions behind `after_seq` in the order of their commits."""
        statement = (
            select(*CURRENT_COLUMNS)
            .join_from(VERSION, RESOURCE, VERSION.c.rid == RESOURCE.c.rid)
            .where(VERSION.c.seq > after_seq)
            .order_by(VERSION.c.seq)
            .limit(limit)
        )
        return [rows.stored(row) for row in self._fetch(statement)]

    def search(self, query: SearchQuery, *, catch_up: bool = True) -> Page:
        """Return one page; `catch_up` takes in the words of a small backlog first, if asked for.

        Raises `InvalidSearch` for a cursor that is not of this search, `TooCostly` for a search
        that takes too long.
        """
        behind = asks_for_words(query) and not self.indexing.catch_up_words(write=catch_up)
        with self.database.searching() as cursor:
            page = run(self._asker(cursor), query)
        incomplete = behind or self._misses(query)
        return replace(page, incomplete=True) if incomplete else page

    def explain(self, query: SearchQuery) -> str:
        """Return every statement of a search with its values, the database's plan and the time."""
        with self.database.searching() as cursor:
            asker = self._asker(cursor)
            asker.asked = []
            page = run(asker, query)
        return explanation(asker.asked, page)

    def tallies(self, query: SearchQuery, surveys: Sequence[Survey]) -> list[list[Tally]]:
        """Return the figures of each survey over all that a search finds; raises `TooCostly`."""
        with self.database.searching() as cursor:
            return tallies(self._asker(cursor), query, surveys)

    def extents(self, query: SearchQuery, spread: Spread) -> list[Extent]:
        """Return from when to when each of what a search leads to lasts; raises `TooCostly`."""
        with self.database.searching() as cursor:
            return extents(self._asker(cursor), query, spread)

    def members(self, query: SearchQuery, once: Path | None, limit: int) -> list[str]:
        """Return what such a figure counts, `Type/id`, in the order of these texts."""
        with self.database.searching() as cursor:
            return members(self._asker(cursor), query, once, limit)

    def redefine(self, change: Callable[[], None]) -> list[str]:
        """Change the definitions of search parameters by `change` while this process writes.

        Returns the types of which it may have written resources without their new rows: they are
        filled anew behind the commits.
        """
        return self.indexing.redefine(change)

    def reindexing(self) -> list[Progress]:
        """Return what index rows are being filled, and how far; empty when all are there."""
        return self.indexing.progress()

    def reindex_step(self, limit: int = STEP) -> bool:
        """Fill some index rows behind the commits; False when there is nothing to do now."""
        return self.indexing.step(limit)

    def _misses(self, query: SearchQuery) -> bool:
        if self._wholeness.is_due():
            with self.database.reading() as cursor:
                cursor.execute(SELECT)
                self._wholeness.learn(list(cursor.fetchall()))
        return self._wholeness.misses(query)

    def _asker(self, cursor: Cursor) -> Asker:
        return Asker(cursor, FLAVORS[self.database.dialect.name], self.local_bases)

    # Journal

    def note_answer(self, note: AnswerNote) -> None:
        """Keep what became of an answer until the next transaction takes it along."""
        self._answers.put(note)

    def flush_answers(self) -> None:
        """Write what `note_answer` has kept; raises `Unavailable`."""
        if not self._answers.empty():
            with self.transaction():
                pass

    def _take_answers(self) -> list[AnswerNote]:
        found: list[AnswerNote] = []
        with suppress(Empty):
            while len(found) < _ANSWERS:
                found.append(self._answers.get_nowait())
        return found

    # DICOM

    def unsettled_studies(self) -> bool:
        """Whether some study has got objects that are not FHIR yet."""
        sql = self.database.sql["quiet_studies"]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [_NEVER])
            return cursor.fetchone() is not None

    def quiet_studies(self, before: datetime) -> list[tuple[str, int]]:
        """Return (study UID, last received) of studies that got nothing since `before`."""
        sql = self.database.sql["quiet_studies"]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [to_micros(before)])
            return [(row[0], row[1]) for row in cursor.fetchall()]

    def landed(self, sha256: str) -> bytes | None:
        """Return a small object that is not in the object store yet, or None."""
        sql = self.database.sql["landed_content"]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [sha256])
            row = cursor.fetchone()
            return None if row is None else bytes(row[0])

    def landed_before(self, moment: datetime, limit: int) -> dict[str, bytes]:
        """Return small objects that have waited longest for the object store, by name."""
        statement = (
            select(LANDED.c.sha256, LANDED.c.content)
            .where(LANDED.c.landed < to_micros(moment))
            .order_by(LANDED.c.landed)
            .limit(limit)
        )
        return {row[0]: bytes(row[1]) for row in self._fetch(statement)}

    # The database

    def moment(self) -> object:
        """Return what is another one once something has been committed; raises `Unavailable`.

        Asking costs a hundredth of any search. To be compared by one thread with what it got
        before.
        """
        return self.database.moment()

    def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""
        with self.database.reading() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    @override
    def _fetch(self, statement: Select[Any]) -> list[Any]:
        try:
            with self.database.engine.connect() as connection:
                return list(connection.execute(statement))
        except Exception as fault:
            if isinstance(fault, self.database.faults) or _from_driver(fault):
                raise self.database.refusal(fault) from fault
            raise


def _from_driver(fault: Exception) -> bool:
    # SQLAlchemy wraps what its executor meets; the original is behind it.
    return getattr(fault, "orig", None) is not None
