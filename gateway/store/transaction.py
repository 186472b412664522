"""One writer's work: resource versions, index rows, journal and outbox, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Gone, NotFound, PreconditionFailed
from gateway.fhir.search.index import index_rows
from gateway.fhir.wire import loads
from gateway.store.content import content_of, digest_of
from gateway.store.index_records import NO_RECORDS, records
from gateway.store.index_state import new_state
from gateway.store.instance_writing import InstanceWriter
from gateway.store.journal_writing import JournalWriter, SameMessage
from gateway.store.looking_up import Hit, Lookups
from gateway.store.outbox_writing import OutboxWriter
from gateway.store.records import Method, Stored, Written
from gateway.store.reindexing import insertion
from gateway.store.search.asking import Asker
from gateway.store.search.running import matching_ids
from gateway.store.search.sql import FLAVORS, Piece
from gateway.store.statements import INDEX_COLUMNS, render_values

__all__ = ["Hit", "SameMessage", "Transaction"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.sql.elements import ClauseElement

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.store.database import Database
    from gateway.store.group_commit import Batch

    Hook = Callable[["Transaction", Written], None]
    AnyRecords = Mapping[str, frozenset[tuple[Any, ...]]]

# More rows than this are not kept back: a transaction may be as large as memory otherwise.
_MANY_ROWS: Final = 10_000
_NO_ROWS: Final[frozenset[tuple[Any, ...]]] = frozenset()


class Transaction(Lookups, JournalWriter, OutboxWriter, InstanceWriter):
    """Reads and writes of one writer; everything it reads includes what it wrote."""

    def __init__(  # noqa: PLR0913 - what the store gives each of its transactions
        self,
        database: Database,
        batch: Batch,
        now: datetime,
        hooks: Sequence[Hook] = (),
        *,
        local_bases: tuple[str, ...] = (),
        indexed_types: set[str] | None = None,
    ) -> None:
        """Work in `batch`; `hooks` are told of every resource that changes.

        `indexed_types` are those that `index_state` is known to have.
        """
        super().__init__(database, batch, now)
        self._bases = local_bases
        self._indexed_types = set() if indexed_types is None else indexed_types
        self._hooks = hooks
        # References (`Type/id`) of what this transaction has written.
        self.touched: set[str] = set()
        self._stamp = f"{now.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"

    # Reading

    def search_ids(self, query: SearchQuery, *, limit: int) -> list[str]:
        """Return ids of the current resources that match, at most `limit`.

        Raises `TooCostly` when that takes too long: others wait to write.
        """
        self._tell()
        # What is stopped for its time costs PostgreSQL the transaction from here on.
        self._batch.secure()
        with self._database.hurried(self._cursor):
            asker = Asker(self._cursor, FLAVORS[self._database.dialect.name], self._bases)
            return matching_ids(asker, query, limit)

    def unchanged(self, resource_type: str, resource_id: str) -> Written:
        """Return a write that found what it wanted already there; raises `NotFound`."""
        stored = self.read(resource_type, resource_id)
        if stored is None or stored.deleted:
            message = f"{resource_type}/{resource_id} is not here."
            raise NotFound(message)
        return Written(stored, "unchanged", stored, stored.resource)

    # Resources

    def put(
        self, resource: Resource, *, expected: int | None = None, method: Method = "PUT"
    ) -> Written:
        """Write `resource` (which has an id) as the current version; by POST the id is a new one.

        Nothing is written when it equals what is held but for versionId and lastUpdated. Raises
        `PreconditionFailed` when `expected` is not the current version, `Invalid` for U+0000.
        """
        resource_type, resource_id = resource["resourceType"], resource["id"]
        # A server's own new id is nobody's yet: not worth a question.
        before = None if method == "POST" else self.read(resource_type, resource_id)
        _check_version(before, expected)
        digest = digest_of(resource)
        if before is not None and not before.deleted and before.digest == digest:
            return Written(before, "unchanged", before, resource)
        version = 1 if before is None else before.version + 1
        content = content_of(self._stamped(resource, version))
        stored = self._version(resource_type, resource_id, before, version, method, content, digest)
        self._reindex(stored, self._records_of(before), self._records_in(resource))
        created = before is None or before.deleted
        written = Written(stored, "created" if created else "updated", before, resource)
        for hook in self._hooks:
            hook(self, written)
        return written

    def delete(
        self, resource_type: str, resource_id: str, *, expected: int | None = None
    ) -> Written:
        """Delete; raises `NotFound`, `Gone` or `PreconditionFailed`."""
        before = self.read(resource_type, resource_id)
        if before is None:
            message = f"{resource_type}/{resource_id} is not here."
            raise NotFound(message)
        if before.deleted:
            message = f"{before.reference} has been deleted already."
            raise Gone(message)
        _check_version(before, expected)
        stored = self._version(
            resource_type, resource_id, before, before.version + 1, "DELETE", b"", b""
        )
        self._reindex(stored, self._records_of(before), NO_RECORDS)
        written = Written(stored, "deleted", before)
        for hook in self._hooks:
            hook(self, written)
        return written

    def _version(  # noqa: PLR0913, PLR0917 - the columns of a version
        self,
        resource_type: str,
        resource_id: str,
        before: Stored | None,
        version: int,
        method: Method,
        content: bytes,
        digest: bytes,
    ) -> Stored:
        seq = self._next("seq")
        rid = seq if before is None else before.rid
        self.touched.add(f"{resource_type}/{resource_id}")
        self._unwritten.note(
            "insert_version",
            seq,
            {
                "seq": seq,
                "rid": rid,
                "version": version,
                "updated": self._micros,
                "method": method,
                "content": content,
            },
        )
        state = {"version": version, "seq": seq, "deleted": int(method == "DELETE")}
        state["updated"] = self._micros
        if before is None:
            self._know_type(resource_type)
            named = {"rid": rid, "type": resource_type, "id": resource_id}
            self._unwritten.note("insert_resource", rid, {**named, **state, "digest": digest})
        else:
            self._unwritten.note("update_resource", rid, {"key": rid, **state, "digest": digest})
        stored = Stored(
            resource_type, resource_id, version, seq, self.now, method, content, rid, digest
        )
        key = (resource_type, resource_id)
        self._known[key] = self._unwritten.resources[key] = stored
        return stored

    def _stamped(self, resource: Resource, version: int) -> Resource:
        own = {"versionId": str(version), "lastUpdated": self._stamp}
        meta = resource.get("meta", {}) | own
        head = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
        return head | {name: part for name, part in resource.items() if name not in head}

    def _reindex(self, stored: Stored, old: AnyRecords, new: AnyRecords) -> None:
        for name in INDEX_COLUMNS:
            had, has = old.get(name, _NO_ROWS), new.get(name, _NO_ROWS)
            if had is has or had == has:
                continue
            self._unwritten.index(name, stored, had - has, has - had)
        if len(self._unwritten) > _MANY_ROWS:
            self._tell()

    def _records_of(self, before: Stored | None) -> AnyRecords:
        if before is None or before.deleted:
            return NO_RECORDS
        return self._records_in(loads(before.content))

    def _records_in(self, resource: Resource) -> AnyRecords:
        return records(index_rows(resource, self._bases))

    def _know_type(self, resource_type: str) -> None:
        """Say by which definitions the first resource of a type is indexed."""
        if resource_type not in self._indexed_types:
            self._indexed_types.add(resource_type)
            added = insertion(new_state(resource_type)) + Piece("ON CONFLICT DO NOTHING")
            flavor = FLAVORS[self._database.dialect.name]
            self._batch.secure()
            self._cursor.execute(*flavor.final(added))

    # Statements that are not of the hot path

    def change(self, clause: ClauseElement) -> int:
        """Execute a statement that is not of the hot path; return how many rows it changed."""
        self._tell()
        self._batch.secure()
        text, given = render_values(clause, self._database.dialect)
        self._cursor.execute(text, given)
        return int(self._cursor.rowcount)

    def ask(self, clause: ClauseElement) -> Sequence[Any]:
        """Return the rows of a question that is not of the hot path, what was written included."""
        self._tell()
        text, given = render_values(clause, self._database.dialect)
        self._cursor.execute(text, given)
        return self._cursor.fetchall()

    def run_to_end(self, statement: str) -> None:
        """Execute a statement that works while its rows are fetched."""
        self._tell()
        self._batch.secure()
        self._cursor.execute(statement)
        self._cursor.fetchall()


def _check_version(before: Stored | None, expected: int | None) -> None:
    current = 0 if before is None or before.deleted else before.version
    if expected is not None and expected != current:
        message = f"The current version is {current}, not {expected}."
        raise PreconditionFailed(message)
