"""Forgetting by rule: originals first, entries later, what failed only once somebody has seen it.

Small steps, so that nobody waits long to write. SQLite gives the pages back that become free
(https://www.sqlite.org/pragma.html#pragma_incremental_vacuum); PostgreSQL uses them again, and
returns them to the system with `compact`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, false, func, not_, or_, select, text, update

from gateway.fhir.search.parameters import parameter_id
from gateway.store.journal import of_kind, of_sender, unsettled
from gateway.store.records import DeliveryState, JournalState, to_micros
from gateway.store.statements import (
    ANSWER,
    DELIVERY,
    INDEXES,
    INSTANCE,
    JOURNAL,
    RESOURCE,
    SEEN,
    VERSION,
    render_values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from gateway.store.api import Store
    from gateway.store.objects import Objects

# Entries of one transaction.
STEP: Final = 200
# Pages of 4 KB that are given back in one transaction.
_PAGES: Final = 256
# An object may have been put for a row that is not committed yet.
_OBJECT_AGE: Final = timedelta(hours=1)
_SOURCE: Final = parameter_id("Binary", "_source")
_UNFINISHED: Final = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)


@dataclass(frozen=True, slots=True)
class Rule:
    """For how many days originals, and whole entries, of some messages are kept.

    `types` are message types (`ADT`, `ADT^A08`), `senders` MSH-3 or `MSH-3|MSH-4`; an empty list
    means all. The first rule that a message matches decides.
    """

    original_days: int
    entry_days: int
    types: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(slots=True)
class Pruned:
    """What was forgotten, or would be: numbers of originals, entries and objects, and bytes."""

    originals: int = 0
    entries: int = 0
    objects: int = 0
    size: int = 0
    pages: int = field(default=0, compare=False)

    def __bool__(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.originals or self.entries or self.pages)


class Pruning:
    """Applies rules to one store."""

    def __init__(self, store: Store, objects: Objects, rules: Sequence[Rule]) -> None:
        """Take the rules in their order; without any, nothing is ever forgotten."""
        self._store = store
        self._objects = objects
        self._rules = tuple(rules)

    def would(self, now: datetime) -> Pruned:
        """Return what `step` would forget, all steps together."""
        found = Pruned()
        size = func.coalesce(func.sum(JOURNAL.c.size), 0)
        for condition in self._of_entries(now):
            number, bytes_ = self._ask(select(func.count(), size).where(condition))
            found.entries += number
            found.size += int(bytes_)
        entries = or_(false(), *self._of_entries(now))
        for condition in self._of_originals(now):
            number, bytes_ = self._ask(select(func.count(), size).where(condition, not_(entries)))
            found.originals += number
            found.size += int(bytes_)
        return found

    def step(self, now: datetime) -> Pruned:
        """Forget some; nothing when there is nothing left to do. Raises `Unavailable`."""
        done = Pruned()
        for condition in self._of_entries(now):
            if self._forget(condition, now, done, whole=True):
                return done
        for condition in self._of_originals(now):
            if self._forget(condition, now, done, whole=False):
                return done
        done.pages = self._give_back()
        return done

    def _of_entries(self, now: datetime) -> list[ColumnElement[bool]]:
        return [
            and_(one, _is_not_last(), JOURNAL.c.received < _cutoff(now, rule.entry_days))
            for one, rule in zip(self._matches(), self._rules, strict=True)
        ]

    def _of_originals(self, now: datetime) -> list[ColumnElement[bool]]:
        kept = or_(JOURNAL.c.raw.is_not(None), JOURNAL.c.object.is_not(None))
        return [
            and_(one, kept, JOURNAL.c.received < _cutoff(now, rule.original_days))
            for one, rule in zip(self._matches(), self._rules, strict=True)
        ]

    def _matches(self) -> list[ColumnElement[bool]]:
        """Return the condition of each rule: its own, none before it, and nothing unsettled."""
        seen = JOURNAL.c.id.in_(select(SEEN.c.entry))
        settled = or_(not_(unsettled()), seen)
        own = [_match(rule) for rule in self._rules]
        return [and_(settled, one, *map(not_, own[:place])) for place, one in enumerate(own)]

    def _forget(
        self, condition: ColumnElement[bool], now: datetime, done: Pruned, *, whole: bool
    ) -> bool:
        columns = (JOURNAL.c.id, JOURNAL.c.object, JOURNAL.c.size)
        statement = select(*columns).where(condition).order_by(JOURNAL.c.id).limit(STEP)
        found = self._rows(statement)
        if not found:
            return False
        numbers = [row[0] for row in found]
        with self._store.transaction() as tx:
            if whole:
                tx.change(delete(ANSWER).where(ANSWER.c.entry.in_(numbers)))
                tx.change(delete(SEEN).where(SEEN.c.entry.in_(numbers)))
                done.entries += tx.change(delete(JOURNAL).where(JOURNAL.c.id.in_(numbers)))
            else:
                emptied = update(JOURNAL).where(JOURNAL.c.id.in_(numbers))
                done.originals += tx.change(emptied.values(raw=None, object=None))
        done.size += sum(row[2] for row in found)
        alone = {row[1] for row in found if row[1] and not self._is_named(row[1])}
        before = (now - _OBJECT_AGE).timestamp()
        for name in alone - self._of_earlier_versions(alone):
            done.objects += self._objects.delete(name, before=before)
        return True

    def _is_named(self, name: str) -> bool:
        """Say whether an entry, document, image or message to be sent names an object still."""
        uris = INDEXES["uris"]
        named = (
            select(JOURNAL.c.id).where(JOURNAL.c.object == name),
            select(INSTANCE.c.sop_uid).where(INSTANCE.c.object == name),
            select(uris.c.rid).where(uris.c.param == _SOURCE, uris.c.uri == f"urn:sha256:{name}"),
            # What may have arrived is sent again byte for byte, however late.
            select(DELIVERY.c.id).where(
                DELIVERY.c.state.in_(_UNFINISHED), DELIVERY.c.message_id.endswith(f"@{name}")
            ),
        )
        return any(self._rows(one.limit(1)) for one in named)

    def _of_earlier_versions(self, names: set[str]) -> set[str]:
        """Return which objects are the content of a document as it was: no index knows those."""
        if not names:
            return set()
        statement = (
            select(VERSION.c.content)
            .join_from(RESOURCE, VERSION, VERSION.c.rid == RESOURCE.c.rid)
            .where(RESOURCE.c.type == "Binary", RESOURCE.c.version > 1)
            .where(VERSION.c.seq != RESOURCE.c.seq)
        )
        contents = [bytes(row[0]) for row in self._rows(statement)]
        return {name for name in names if any(name.encode() in one for one in contents)}

    def _give_back(self) -> int:
        """Give free pages of SQLite back to the file system; return how many."""
        if self._store.database.dialect.name != "sqlite":
            return 0
        mode, free = (self._pragma(name) for name in ("auto_vacuum", "freelist_count"))
        if mode == 0 or free <= _PAGES:
            return 0
        with self._store.transaction() as tx:
            # It works while its rows are fetched, and has none: the driver goes one step, a page.
            for _ in range(_PAGES):
                tx.run_to_end("PRAGMA incremental_vacuum(1)")
        return max(0, free - self._pragma("freelist_count"))

    def _pragma(self, name: str) -> int:
        with self._store.database.reading() as cursor:
            cursor.execute(f"PRAGMA {name}")
            return int(cursor.fetchone()[0])

    def _ask(self, statement: Any) -> Any:  # noqa: ANN401 - Select and Row are generic
        return self._rows(statement)[0]

    def _rows(self, statement: Any) -> Sequence[Any]:  # noqa: ANN401 - as above
        with self._store.database.reading() as cursor:
            cursor.execute(*render_values(statement, self._store.database.dialect))
            return cursor.fetchall()


def compact(store: Store) -> None:
    """Give all free space back at once; nobody can write meanwhile.

    https://www.sqlite.org/lang_vacuum.html,
    https://www.postgresql.org/docs/15/sql-vacuum.html
    """
    with store.database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("PRAGMA auto_vacuum = INCREMENTAL"))
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        else:
            connection.execute(text("VACUUM (FULL) journal"))


def seen(store: Store, number: int, who: str) -> None:
    """Say that somebody has seen to an entry that was refused or failed."""
    with store.transaction() as tx:
        tx.change(delete(SEEN).where(SEEN.c.entry == number))
        tx.change(SEEN.insert().values(entry=number, at=to_micros(tx.now), who=who))


def _is_not_last() -> ColumnElement[bool]:
    """Return the condition that leaves the last number: Provenances name entries by theirs.

    Were it gone, the next message would get the number of one that is told of elsewhere.
    """
    return JOURNAL.c.id < select(func.max(JOURNAL.c.id)).scalar_subquery()


def _match(rule: Rule) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = [JOURNAL.c.id > 0]
    if rule.types:
        found.append(or_(*(of_kind(one) for one in rule.types)))
    if rule.senders:
        found.append(or_(*(of_sender(one) for one in rule.senders)))
    if rule.states:
        found.append(JOURNAL.c.state.in_([JournalState(one).value for one in rule.states]))
    return and_(*found)


def _cutoff(now: datetime, days: int) -> int:
    return to_micros(now) - days * 86_400_000_000
