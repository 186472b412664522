"""One writer's work: resource versions, index rows, journal and outbox, in one commit."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import orjson

from gateway.errors import Gone, NotFound, PreconditionFailed
from gateway.fhir.search.index import IndexRows, index_rows
from gateway.fhir.search.parameters import parameter
from gateway.fhir.wire import Digits, dumps, loads
from gateway.store import rows
from gateway.store.records import (
    Delivery,
    DeliveryState,
    Instance,
    JournalEntry,
    Method,
    NewDelivery,
    Stored,
    Written,
    to_micros,
)
from gateway.store.search_sql import identity_statement
from gateway.store.statements import (
    INDEX_COLUMNS,
    LOOKUP_CODES,
    LOOKUP_PARAMS,
    render_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.store.database import Cursor, Database
    from gateway.store.group_commit import Batch

    Hook = Callable[["Transaction", Written], None]

_NO_ROWS: Final = IndexRows(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())
_SEQ: Final = "last_seq"


class Hit(NamedTuple):
    """A current resource that carries a token."""

    type: str
    id: str
    system: str
    code: str


class SameMessage(NamedTuple):
    """A journal entry under a control id that has come again."""

    id: int
    digest: bytes
    reply: bytes
    state: str


class Transaction:
    """Reads and writes of one writer; everything it reads includes what it wrote."""

    def __init__(
        self, database: Database, batch: Batch, now: datetime, hooks: Sequence[Hook] = ()
    ) -> None:
        """Work in `batch`; `hooks` are told of every resource that changes."""
        self.now = now
        self._micros = to_micros(now)
        self._sql = database.sql
        self._dialect = database.dialect
        self._batch = batch
        self._cursor: Cursor = batch.cursor
        self._hooks = hooks
        # References (`Type/id`) of what this transaction has written.
        self.touched: set[str] = set()
        # What has been read: nobody else writes while this transaction lasts.
        self._known: dict[tuple[str, str], Stored | None] = {}

    # Reading

    def read(self, resource_type: str, resource_id: str) -> Stored | None:
        """Return the current version, a deletion included, or None."""
        key = (resource_type, resource_id)
        if key not in self._known:
            row = self._one("read", type=resource_type, id=resource_id)
            self._known[key] = None if row is None else rows.stored(row)
        return self._known[key]

    def find(
        self, resource_type: str, keys: Iterable[tuple[str, str]], param: str = "identifier"
    ) -> list[Stored]:
        """Return the current resources that carry any of the tokens, best key first.

        A key is (system, code); an empty system means any.
        """
        wanted = list(keys)
        hits = self.lookup((resource_type,), [code for _, code in wanted], param)
        ordered = [
            hit.id
            for system, code in wanted
            for hit in hits
            if hit.code == code and system in ("", hit.system)
        ]
        found = (self.read(resource_type, one) for one in dict.fromkeys(ordered))
        return [one for one in found if one is not None]

    def lookup(
        self, resource_types: Sequence[str], codes: Sequence[str], param: str = "identifier"
    ) -> list[Hit]:
        """Return which current resources of these (at most three) types carry any of the codes."""
        known = [parameter(name, param) for name in resource_types]
        params = [one.id for one in known if one is not None]
        found: list[Hit] = []
        for start in range(0, len(codes), LOOKUP_CODES) if params else ():
            some = codes[start : start + LOOKUP_CODES]
            given: dict[str, object]
            given = {f"code{n}": some[min(n, len(some) - 1)] for n in range(LOOKUP_CODES)}
            given |= {f"param{n}": params[min(n, len(params) - 1)] for n in range(LOOKUP_PARAMS)}
            found += [Hit(*row) for row in self._all("lookup", **given)]
        return found

    def find_referring(self, resource_type: str, param: str, target: str) -> list[Stored]:
        """Return the current resources whose reference parameter points to `Type/id`."""
        known = parameter(resource_type, param)
        target_type, _, target_id = target.partition("/")
        if known is None:
            return []
        found = self._all(
            "find_reference", param=known.id, target_type=target_type, target_id=target_id
        )
        return [rows.stored(row) for row in found]

    def referrers(self, target: str) -> list[str]:
        """Return the references (`Type/id`) of the current resources that point to `target`."""
        target_type, _, target_id = target.partition("/")
        found = self._all("find_referrers", target_type=target_type, target_id=target_id)
        return [f"{row[0]}/{row[1]}" for row in found]

    def search_ids(self, query: SearchQuery, *, limit: int) -> list[str]:
        """Return ids of the current resources that match, at most `limit`."""
        statement = identity_statement(query).limit(limit)
        compiled = render_values(statement, self._dialect)
        self._cursor.execute(*compiled)
        return [row[0] for row in self._cursor.fetchall()]

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
        """Write `resource` (which has an id) as the current version.

        Nothing is written when it equals what is held but for versionId and lastUpdated. Raises
        `PreconditionFailed` when `expected` is not the current version.
        """
        resource_type, resource_id = resource["resourceType"], resource["id"]
        before = self.read(resource_type, resource_id)
        _check_version(before, expected)
        digest = _digest(resource)
        if before is not None and not before.deleted and before.digest == digest:
            return Written(before, "unchanged", before, resource)
        version = 1 if before is None else before.version + 1
        content = dumps(self._stamped(resource, version))
        stored = self._version(resource_type, resource_id, before, version, method, content, digest)
        self._reindex(stored.rid, _rows_of(before), index_rows(resource))
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
        self._reindex(stored.rid, _rows_of(before), _NO_ROWS)
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
        seq = self._next(_SEQ)
        rid = seq if before is None else before.rid
        self.touched.add(f"{resource_type}/{resource_id}")
        self._run(
            "insert_version",
            seq=seq,
            rid=rid,
            version=version,
            updated=self._micros,
            method=method,
            content=content,
        )  # fmt: skip - one line a row
        state = {"version": version, "seq": seq, "deleted": int(method == "DELETE")}
        if before is None:
            self._run(
                "insert_resource",
                rid=rid,
                type=resource_type,
                id=resource_id,
                digest=digest,
                **state,
            )  # fmt: skip - one line a row
        else:
            self._run("update_resource", key=rid, digest=digest, **state)
        stored = Stored(
            resource_type, resource_id, version, seq, self.now, method, content, rid, digest
        )
        self._known[resource_type, resource_id] = stored
        return stored

    def _stamped(self, resource: Resource, version: int) -> Resource:
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.now.microsecond // 1000:03d}Z"
        meta = resource.get("meta", {}) | {"versionId": str(version), "lastUpdated": stamp}
        head = {"resourceType": resource["resourceType"], "id": resource["id"], "meta": meta}
        return head | {name: part for name, part in resource.items() if name not in head}

    def _reindex(self, rid: int, old: IndexRows, new: IndexRows) -> None:
        for name in INDEX_COLUMNS:
            had, has = getattr(old, name), getattr(new, name)
            if had is has or had == has:
                continue
            self._many(f"delete_{name}", INDEX_COLUMNS[name], had - has, rid)
            self._many(f"insert_{name}", INDEX_COLUMNS[name], has - had, rid)

    # Journal and outbox

    def record(self, entry: JournalEntry) -> int:
        """Add a line to the journal and return its number."""
        number = self._next("last_journal")
        self._run("insert_journal", **rows.journal_values(replace(entry, id=number)))
        return number

    def same_message(self, sender: str, control_id: str) -> list[SameMessage]:
        """Return earlier messages with that control id, newest first."""
        found = self._all("journal_same", sender=sender, control_id=control_id)
        return [SameMessage(row[0], bytes(row[1]), bytes(row[2]), row[3]) for row in found]

    def enqueue(self, delivery: NewDelivery) -> bool:
        """Put a delivery into the outbox; False when that id is there already."""
        if self._one("has_delivery", id=delivery.id) is not None:
            return False
        given = {name: getattr(delivery, name) for name in NewDelivery.__slots__}
        full = Delivery(**given, seq=self._next("last_delivery"), next_attempt=delivery.created)
        self._run("insert_delivery", **rows.delivery_values(full))
        return True

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        row = self._one("delivery_one", id=delivery_id)
        return None if row is None else rows.delivery(row)

    def deliveries_of(self, focus: str) -> list[Delivery]:
        """Return the deliveries that carry `focus` (`Type/id`), oldest first."""
        return [rows.delivery(row) for row in self._all("deliveries_of_focus", focus=focus)]

    def unaddressed_of(self, subject: str) -> list[Delivery]:
        """Return the deliveries about a patient (`Patient/id`) that have no recipient yet."""
        state = DeliveryState.UNADDRESSED.value
        found = self._all("deliveries_of_subject", subject=subject, state=state)
        return [rows.delivery(row) for row in found]

    def update_delivery(self, delivery: Delivery) -> None:
        """Write what has become of a delivery."""
        self._run("update_delivery", key=delivery.id, **rows.delivery_values(delivery))

    # DICOM

    def held_instance(self, sop_uid: str) -> dict[str, bool]:
        """Return the objects held under a SOP Instance UID: name -> kept aside."""
        return {row[0]: bool(row[1]) for row in self._all("instance_same", sop_uid=sop_uid)}

    def add_instance(self, instance: Instance) -> None:
        """Hold one more DICOM object, and count it in its study unless it is kept aside."""
        self._run("insert_instance", **rows.instance_values(instance))
        if instance.aside:
            return
        received = to_micros(instance.received)
        if self._one("study_one", study_uid=instance.study_uid) is not None:
            self._run("touch_study", key=instance.study_uid, last_received=received)
            return
        self._run(
            "insert_study",
            study_uid=instance.study_uid,
            first_received=received,
            last_received=received,
            instances=1,
            pending=1,
        )  # fmt: skip - one line a row

    def instances(self, study_uid: str) -> list[Instance]:
        """Return the objects of a study, those kept aside excepted."""
        return [rows.instance(row) for row in self._all("instances_of_study", study_uid=study_uid)]

    def settle_study(self, study_uid: str, last_received: int) -> None:
        """Say that a study is in FHIR up to `last_received`; later objects reopen it."""
        self._run("settle_study", key=study_uid, last_received=last_received)

    # The driver

    def _one(self, name: str, **given: object) -> Any:  # noqa: ANN401 - a row
        self._run(name, **given)
        return self._cursor.fetchone()

    def _all(self, name: str, **given: object) -> Sequence[Any]:
        self._run(name, **given)
        return self._cursor.fetchall()

    def _run(self, name: str, **given: object) -> None:
        sql = self._sql[name]
        self._cursor.execute(sql.text, [given[key] for key in sql.names])

    def _many(
        self, name: str, columns: tuple[str, ...], values: Iterable[tuple[Any, ...]], rid: int
    ) -> None:
        sql = self._sql[name]
        order = [(*columns, "rid").index(key) for key in sql.names]
        given = [[(*value, rid)[position] for position in order] for value in values]
        if given:
            self._cursor.executemany(sql.text, given)

    def _next(self, counter: Literal["last_seq", "last_journal", "last_delivery"]) -> int:
        numbers = self._batch.numbers
        if counter not in numbers:
            numbers[counter] = self._one(counter)[0] or 0
        numbers[counter] += 1
        return numbers[counter]


def _check_version(before: Stored | None, expected: int | None) -> None:
    current = 0 if before is None or before.deleted else before.version
    if expected is not None and expected != current:
        message = f"The current version is {current}, not {expected}."
        raise PreconditionFailed(message)


def _rows_of(before: Stored | None) -> IndexRows:
    if before is None or before.deleted:
        return _NO_ROWS
    return index_rows(loads(before.content))


def _digest(resource: Resource) -> bytes:
    """Return the digest of a resource without what a write itself changes."""
    meta = resource.get("meta", {})
    if "versionId" in meta or "lastUpdated" in meta:
        kept = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
        resource = {**resource, "meta": kept} if kept else _without_meta(resource)
    ordered = orjson.dumps(resource, default=_digits, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(ordered, digest_size=16).digest()


def _without_meta(resource: Resource) -> Resource:
    return {name: part for name, part in resource.items() if name != "meta"}


def _digits(value: object) -> Any:  # noqa: ANN401 - what orjson asks for
    return orjson.Fragment(value.text) if isinstance(value, Digits) else str(value)
