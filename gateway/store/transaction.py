"""One writer's work: resource versions, index rows, journal and outbox, in one commit."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

import orjson

from gateway.errors import Gone, NotFound, PreconditionFailed
from gateway.fhir.search.index import index_rows
from gateway.fhir.search.parameters import parameter
from gateway.fhir.wire import Digits, loads
from gateway.store import rows
from gateway.store.content import content_of, require_storable
from gateway.store.index_records import NO_RECORDS, records
from gateway.store.index_state import new_state
from gateway.store.journal_writing import JournalWriter, SameMessage
from gateway.store.records import (
    Delivery,
    DeliveryState,
    Instance,
    Method,
    NewDelivery,
    Stored,
    Written,
    to_micros,
)
from gateway.store.reindexing import insertion
from gateway.store.search.asking import Asker
from gateway.store.search.running import matching_ids
from gateway.store.search.sql import FLAVORS, Piece
from gateway.store.statements import (
    INDEX_COLUMNS,
    LOOKUP_CODES,
    LOOKUP_PARAMS,
    STATE_NAMES,
    render_values,
)
from gateway.store.unwritten import Change, Unwritten

__all__ = ["Hit", "SameMessage", "Transaction"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.sql.elements import ClauseElement

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.store.database import Cursor, Database
    from gateway.store.group_commit import Batch

    Hook = Callable[["Transaction", Written], None]
    AnyRecords = Mapping[str, frozenset[tuple[Any, ...]]]

Key = TypeVar("Key")
# More rows than this are not kept back: a transaction may be as large as memory otherwise.
_MANY_ROWS: Final = 10_000
_NO_ROWS: Final[frozenset[tuple[Any, ...]]] = frozenset()


class Hit(NamedTuple):
    """A current resource that carries a token."""

    type: str
    id: str
    system: str
    code: str


class Transaction(JournalWriter):
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
        self.now = now
        self._micros = to_micros(now)
        self._database = database
        self._bases = local_bases
        self._indexed_types = set() if indexed_types is None else indexed_types
        self._sql = database.sql
        self._batch = batch
        self._cursor: Cursor = batch.cursor
        self._hooks = hooks
        self._unwritten = Unwritten()
        # References (`Type/id`) of what this transaction has written.
        self.touched: set[str] = set()
        # What has been read: nobody else writes while this transaction lasts.
        self._known: dict[tuple[str, str], Stored | None] = {}
        # What the database has said of codes, and how often it had been told something by then.
        self._looked: dict[tuple[int, str], list[Hit]] = {}
        self._looked_at = (0, 0)
        self._stamp = f"{now.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"

    def leave(self) -> None:
        """Leave to the batch what the database has not been told yet."""
        self._batch.unwritten.merge(self._unwritten)

    # Reading

    def read(self, resource_type: str, resource_id: str) -> Stored | None:
        """Return the current version, a deletion included, or None."""
        key = (resource_type, resource_id)
        if key not in self._known:
            found = self._batch.unwritten.resources.get(key)
            if found is None:
                row = self._one("read", type=resource_type, id=resource_id)
                found = None if row is None else rows.stored(row)
            self._known[key] = found
        return self._known[key]

    def states(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, bool]]:
        """Return the version of each resource (type, id) that is or was here, and if it is deleted.

        One question for eight of them, and their content stays where it is.
        """
        found: dict[tuple[str, str], tuple[int, bool]] = {}
        asked: list[tuple[str, str]] = []
        for name in dict.fromkeys(names):
            held = self._known.get(name) or self._batch.unwritten.resources.get(name)
            if held is not None:
                found[name] = held.version, held.deleted
            elif name not in self._known:
                asked.append(name)
        for start in range(0, len(asked), STATE_NAMES):
            some = asked[start : start + STATE_NAMES]
            given = {f"type{n}": some[min(n, len(some) - 1)][0] for n in range(STATE_NAMES)}
            given |= {f"id{n}": some[min(n, len(some) - 1)][1] for n in range(STATE_NAMES)}
            rows_of = ((row[:2], row[2:]) for row in self._all("states", **given))
            found |= {tuple(name): (row[0], bool(row[1])) for name, row in rows_of}
        return found

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
        looked = self._look(params, codes)
        found = [hit for code in codes for one in params for hit in looked[one, code]]
        hits = dict.fromkeys(found)
        for code in codes:
            for change in self._changes(code):
                if change.param in params:
                    hit = Hit(change.type, change.id, change.scope, code)
                    _apply(change, hit, hits)
        return list(hits)

    def foresee(
        self, names: Iterable[tuple[str, str]], resource_types: Sequence[str], codes: Sequence[str]
    ) -> None:
        """Ask at once for what is going to be asked one by one: the questions travel together.

        `names` are (type, id) of resources; the codes are those of a `lookup` by identifier.
        """
        kept = (self._known, self._batch.unwritten.resources)
        unread = [name for name in dict.fromkeys(names) if not any(name in one for one in kept)]
        known = [parameter(name, "identifier") for name in resource_types]
        params = [one.id for one in known if one is not None]
        chunks = self._unlooked(params, codes)
        questions = [("read", {"type": kind, "id": one}) for kind, one in unread]
        questions += [("lookup", _codes_of(params, some)) for some in chunks]
        answers = self._ask(questions)
        for name, rows_of in zip(unread, answers, strict=False):
            self._known[name] = rows.stored(rows_of[0]) if rows_of else None
        for some, rows_of in zip(chunks, answers[len(unread) :], strict=True):
            self._keep_hits(params, some, rows_of)

    def _look(self, params: list[int], codes: Sequence[str]) -> dict[tuple[int, str], list[Hit]]:
        """Return what the database has under each parameter and code, asked once."""
        for some in self._unlooked(params, codes):
            self._keep_hits(params, some, self._all("lookup", **_codes_of(params, some)))
        return self._looked

    def _unlooked(self, params: list[int], codes: Sequence[str]) -> list[list[str]]:
        """Return the codes of which the database has not been asked, as many as one look-up takes.

        What it has said counts until it is told of something that was only kept.
        """
        told = (self._batch.unwritten.told, self._unwritten.told)
        if told != self._looked_at:
            self._looked.clear()
            self._looked_at = told
        new = [code for code in codes if any((one, code) not in self._looked for one in params)]
        return [new[start : start + LOOKUP_CODES] for start in range(0, len(new), LOOKUP_CODES)]

    def _keep_hits(self, params: list[int], codes: list[str], found: Sequence[Any]) -> None:
        self._looked |= {(one, code): [] for one in params for code in codes}
        for param, *hit in found:
            self._looked[param, hit[-1]].append(Hit(*hit))

    def find_referring(self, resource_type: str, param: str, target: str) -> list[Stored]:
        """Return the current resources whose reference parameter points to `Type/id`."""
        known = parameter(resource_type, param)
        target_type, _, target_id = target.partition("/")
        if known is None:
            return []
        found = self._all(
            "find_reference", param=known.id, target_type=target_type, target_id=target_id
        )
        names = dict.fromkeys((row[0], row[1]) for row in found)
        for change in self._changes(target_id):
            if (change.param, change.scope) == (known.id, target_type):
                _apply(change, (change.type, change.id), names)
        # By way of `read`: what has been written since is not in these rows.
        held = (self.read(*name) for name in names)
        return [one for one in held if one is not None]

    def referrers(self, target: str) -> list[str]:
        """Return the references (`Type/id`) of the current resources that point to `target`."""
        target_type, _, target_id = target.partition("/")
        if self._changes(target_id):
            # One row that went does not say that no other parameter finds the same resource.
            self._tell()
        found = self._all("find_referrers", target_type=target_type, target_id=target_id)
        return [f"{row[0]}/{row[1]}" for row in found]

    def search_ids(self, query: SearchQuery, *, limit: int) -> list[str]:
        """Return ids of the current resources that match, at most `limit`.

        Raises `TooCostly` when that takes too long: others wait to write.
        """
        self._tell()
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
        digest = _digest(resource)
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

    # Journal and outbox

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

    def enqueue(self, delivery: NewDelivery) -> bool:
        """Put a delivery into the outbox; False when that id is there already."""
        if any(delivery.id in one.deliveries for one in self._kept()):
            return False
        if self._one("has_delivery", id=delivery.id) is not None:
            return False
        given = {name: getattr(delivery, name) for name in NewDelivery.__slots__}
        full = Delivery(**given, seq=self._next("delivery"), next_attempt=delivery.created)
        self._unwritten.note("insert_delivery", full.id, rows.delivery_values(full))
        self._unwritten.deliveries.update((full.id, full.focus, full.subject))
        return True

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        self._tell_of_delivery(delivery_id)
        row = self._one("delivery_one", id=delivery_id)
        return None if row is None else rows.delivery(row)

    def deliveries_of(self, focus: str) -> list[Delivery]:
        """Return the deliveries that carry `focus` (`Type/id`), oldest first."""
        self._tell_of_delivery(focus)
        return [rows.delivery(row) for row in self._all("deliveries_of_focus", focus=focus)]

    def unaddressed_of(self, subject: str) -> list[Delivery]:
        """Return the deliveries about a patient (`Patient/id`) that have no recipient yet."""
        self._tell_of_delivery(subject)
        state = DeliveryState.UNADDRESSED.value
        found = self._all("deliveries_of_subject", subject=subject, state=state)
        return [rows.delivery(row) for row in found]

    def update_delivery(self, delivery: Delivery) -> None:
        """Write what has become of a delivery."""
        self._tell_of_delivery(delivery.id)
        self._write("update_delivery", key=delivery.id, **rows.delivery_values(delivery))

    # DICOM

    def held_instance(self, sop_uid: str) -> dict[str, bool]:
        """Return the objects held under a SOP Instance UID: name -> kept aside."""
        return {row[0]: bool(row[1]) for row in self._all("instance_same", sop_uid=sop_uid)}

    def land(self, sha256: str, content: bytes, at: datetime) -> None:
        """Keep a small object with what names it; it is brought to the object store later."""
        self._write("insert_landed", sha256=sha256, landed=to_micros(at), content=content)

    def lift(self, names: Iterable[str]) -> None:
        """Forget objects that have been brought to the object store."""
        for sha256 in names:
            self._write("delete_landed", sha256=sha256)

    def add_instance(self, instance: Instance) -> None:
        """Hold one more DICOM object, and count it in its study unless it is kept aside."""
        self._write("insert_instance", **rows.instance_values(instance))
        if instance.aside:
            return
        received = to_micros(instance.received)
        if self._one("study_one", study_uid=instance.study_uid) is not None:
            self._write("touch_study", key=instance.study_uid, last_received=received)
            return
        self._write(
            "insert_study",
            study_uid=instance.study_uid,
            first_received=received,
            last_received=received,
            instances=1,
            pending=1,
            listed=0,
        )  # fmt: skip - one line a row

    def instances(self, study_uid: str) -> list[Instance]:
        """Return the objects of a study, those kept aside excepted."""
        return [rows.instance(row) for row in self._all("instances_of_study", study_uid=study_uid)]

    def settle_study(self, study_uid: str, last_received: int) -> None:
        """Say that a study is in FHIR up to `last_received`; later objects reopen it."""
        self._write("settle_study", key=study_uid, last_received=last_received)

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

    def _tell_of_delivery(self, name: str) -> None:
        if any(name in one.deliveries for one in self._kept()):
            self._tell()


def _codes_of(params: Sequence[int], codes: Sequence[str]) -> dict[str, Any]:
    """Return the values of one look-up, filled up with the last ones."""
    given: dict[str, Any] = {f"code{n}": codes[min(n, len(codes) - 1)] for n in range(LOOKUP_CODES)}
    return given | {f"param{n}": params[min(n, len(params) - 1)] for n in range(LOOKUP_PARAMS)}


def _apply(change: Change, key: Key, found: dict[Key, None]) -> None:
    if change.added:
        found.setdefault(key)
    else:
        found.pop(key, None)


def _check_version(before: Stored | None, expected: int | None) -> None:
    current = 0 if before is None or before.deleted else before.version
    if expected is not None and expected != current:
        message = f"The current version is {current}, not {expected}."
        raise PreconditionFailed(message)


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
