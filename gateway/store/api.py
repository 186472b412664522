"""The store: `transaction()` is the only way to write; the rest reads what is committed."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from gateway.fhir.search.index import index_rows
from gateway.store import rows
from gateway.store.database import Database, open_database
from gateway.store.group_commit import GroupCommit
from gateway.store.records import (
    Delivery,
    DeliveryState,
    JournalEntry,
    JournalState,
    Page,
    Stored,
    Written,
    to_micros,
)
from gateway.store.search_sql import count_statement, search_statement, write_cursor
from gateway.store.statements import (
    CURRENT_COLUMNS,
    DELIVERY,
    JOURNAL,
    REFERENCE,
    RESOURCE,
    VERSION,
    render,
)
from gateway.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Select

    from gateway.fhir.search.query import Include, SearchQuery

__all__ = ["Hook", "Store", "Stored", "Transaction", "Written", "open_store"]

if TYPE_CHECKING:
    Hook = Callable[[Transaction, Written], None]


def _now() -> datetime:
    return datetime.now(UTC)


def open_store(url: str, *, clock: Callable[[], datetime] = _now) -> Store:
    """Return the store over the database that `url` names; it must have been migrated."""
    return Store(open_database(url), clock=clock)


class Store:
    """Resources, journal and outbox over one database."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = _now) -> None:
        """Use `database`; `clock` gives the instant of each transaction, with a time zone."""
        self.database = database
        self._clock = clock
        self._writers = GroupCommit(database)
        self._hooks: list[Hook] = []
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
            yield Transaction(self.database, batch, self._clock(), self._hooks)

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

    def _stored(self, name: str, given: dict[str, Any]) -> Stored | None:
        sql = self.database.sql[name]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [given[key] for key in sql.names])
            row = cursor.fetchone()
        return None if row is None else rows.stored(row)

    def history(
        self,
        resource_type: str | None = None,
        resource_id: str | None = None,
        *,
        before_seq: int | None = None,
        limit: int = 50,
    ) -> list[Stored]:
        """Return versions, newest first, of one resource, one type or everything."""
        statement = (
            select(*CURRENT_COLUMNS)
            .join_from(VERSION, RESOURCE, VERSION.c.rid == RESOURCE.c.rid)
            .order_by(VERSION.c.seq.desc())
            .limit(limit)
        )
        if resource_type is not None:
            statement = statement.where(RESOURCE.c.type == resource_type)
        if resource_id is not None:
            statement = statement.where(RESOURCE.c.id == resource_id)
        if before_seq is not None:
            statement = statement.where(VERSION.c.seq < before_seq)
        return [rows.stored(row) for row in self._fetch(statement)]

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

    def search(self, query: SearchQuery) -> Page:
        """Return one page; raises `Invalid` for a cursor that is not one of ours."""
        total = None
        if query.summary_count or query.total == "accurate" or query.count == 0:
            total = int(self._fetch(count_statement(query))[0][0])
            if query.summary_count or query.count == 0:
                return Page((), total=total)
        found = [rows.stored(row) for row in self._fetch(search_statement(query))]
        more = len(found) > query.count
        matches = tuple(found[: query.count])
        following = None
        if more:
            last = matches[-1]
            following = write_cursor(last.seq if query.sort else last.rid)
        return Page(matches, self._included(query, matches), following, total)

    def explain(self, query: SearchQuery) -> str:
        """Return the SQL of a search, for the operator."""
        return render(search_statement(query), self.database.dialect).text

    def _included(self, query: SearchQuery, matches: tuple[Stored, ...]) -> tuple[Stored, ...]:
        found: dict[str, Stored] = {}
        for include in query.includes:
            find = self._referring if include.reverse else self._referred
            some = find(include, matches)
            found |= {one.reference: one for one in some}
        own = {match.reference for match in matches}
        return tuple(one for name, one in found.items() if name not in own)

    def _referring(self, include: Include, matches: tuple[Stored, ...]) -> list[Stored]:
        """Return what points to the matches (`_revinclude`)."""
        statement = _revinclude_statement(include.parameter.id, [one.rid for one in matches])
        return [rows.stored(row) for row in self._fetch(statement)]

    def _referred(self, include: Include, matches: tuple[Stored, ...]) -> list[Stored]:
        """Return what the matches point to (`_include`), as their content says."""
        targets = {
            (target_type, target_id)
            for match in matches
            for param, target_type, target_id in index_rows(match.resource).references
            if param == include.parameter.id and include.target in (None, "", target_type)
        }
        found = (self.read(*target) for target in sorted(targets) if target[0])
        return [one for one in found if one is not None and not one.deleted]

    # Journal and outbox

    def journal(
        self,
        *,
        before: int | None = None,
        state: JournalState | None = None,
        door: str | None = None,
        text: str | None = None,
        limit: int = 50,
    ) -> list[JournalEntry]:
        """Return journal entries, newest first; `text` is a control id, sender or kind."""
        statement = select(JOURNAL).order_by(JOURNAL.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(JOURNAL.c.id < before)
        if state is not None:
            statement = statement.where(JOURNAL.c.state == state.value)
        if door is not None:
            statement = statement.where(JOURNAL.c.door == door)
        if text is not None:
            columns = (JOURNAL.c.control_id, JOURNAL.c.sender, JOURNAL.c.kind)
            statement = statement.where(
                or_(*(column.contains(text, autoescape=True) for column in columns))
            )
        return [rows.journal_entry(row) for row in self._fetch(statement)]

    def journal_entry(self, number: int) -> JournalEntry | None:
        """Return one journal entry, or None."""
        found = self._fetch(select(JOURNAL).where(JOURNAL.c.id == number))
        return rows.journal_entry(found[0]) if found else None

    def deliveries(self, *, state: DeliveryState | None = None, limit: int = 50) -> list[Delivery]:
        """Return deliveries, newest first."""
        statement = select(DELIVERY).order_by(DELIVERY.c.seq.desc()).limit(limit)
        if state is not None:
            statement = statement.where(DELIVERY.c.state == state.value)
        return [rows.delivery(row) for row in self._fetch(statement)]

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        found = self._fetch(select(DELIVERY).where(DELIVERY.c.id == delivery_id))
        return rows.delivery(found[0]) if found else None

    def due_deliveries(self, now: datetime, limit: int = 100) -> list[Delivery]:
        """Return the oldest unfinished delivery of each recipient, when its time has come."""
        unfinished = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
        first = (
            select(func.min(DELIVERY.c.seq))
            .where(DELIVERY.c.state.in_(unfinished))
            .group_by(DELIVERY.c.recipient)
        )
        statement = (
            select(DELIVERY)
            .where(
                DELIVERY.c.state == DeliveryState.WAITING.value,
                DELIVERY.c.next_attempt <= to_micros(now),
                DELIVERY.c.seq.in_(first),
            )
            .order_by(DELIVERY.c.seq)
            .limit(limit)
        )
        return [rows.delivery(row) for row in self._fetch(statement)]

    def abandoned_deliveries(self) -> list[Delivery]:
        """Return what a worker was sending when it died."""
        return self.deliveries(state=DeliveryState.SENDING, limit=10_000)

    # DICOM

    def quiet_studies(self, before: datetime) -> list[tuple[str, int]]:
        """Return (study UID, last received) of studies that got nothing since `before`."""
        sql = self.database.sql["quiet_studies"]
        with self.database.reading() as cursor:
            cursor.execute(sql.text, [to_micros(before)])
            return [(row[0], row[1]) for row in cursor.fetchall()]

    # Numbers

    def delivery_counts(self) -> dict[str, int]:
        """Return how many deliveries there are in each state."""
        statement = select(DELIVERY.c.state, func.count()).group_by(DELIVERY.c.state)
        return {row[0]: row[1] for row in self._fetch(statement)}

    def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""
        with self.database.reading() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

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


def _revinclude_statement(param: int, rids: list[int]) -> Select[Any]:
    own = RESOURCE.alias()
    pointing = (
        select(REFERENCE.c.rid)
        .join(own, and_(own.c.type == REFERENCE.c.target_type, own.c.id == REFERENCE.c.target_id))
        .where(REFERENCE.c.param == param, own.c.rid.in_(rids))
    )
    return (
        select(*CURRENT_COLUMNS)
        .join_from(RESOURCE, VERSION, VERSION.c.seq == RESOURCE.c.seq)
        .where(RESOURCE.c.rid.in_(pointing), RESOURCE.c.deleted == 0)
    )
