"""What a batch has written and the database has not been told yet.

A row of its own costs a call, on PostgreSQL a round trip: rows are collected and handed over
together, at the commit or before a question that only the database can answer. Questions by code
and by target are answered with what is in here laid over what the database says.
"""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.store.statements import INDEX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.store.database import Cursor, Database
    from gateway.store.records import Stored

Row = tuple[Any, ...]

# A resource before its later states, and those before what is found by them.
_ORDER: Final = (
    "insert_resource",
    "update_resource",
    "insert_version",
    "insert_journal",
    "insert_answer",
    "insert_local_code",
    "insert_delivery",
)
_COUNTED: Final = "insert_local_code"
# The indexes that are asked by their last part: a code, or the id of a target.
_ASKED: Final = frozenset({"tokens", "references"})


class Change(NamedTuple):
    """An index row of a resource that came or went; `scope` is its system or its target's type."""

    param: int
    scope: str
    type: str
    id: str
    added: bool


class Unwritten:
    """Rows in the order of their statements, and what they say."""

    __slots__ = (
        *("_added", "_changes", "_removed", "_rows", "_unsorted"),
        *("deliveries", "messages", "resources", "told"),
    )

    def __init__(self) -> None:
        """Start with nothing."""
        self._rows: dict[str, dict[object, dict[str, object]]] = {}
        self._added: dict[str, set[Row]] = {}
        self._removed: dict[str, set[Row]] = {}
        # The state of each resource that has been written, by type and id.
        self.resources: dict[tuple[str, str], Stored] = {}
        # What came and went under a code or a target's id, in this order; what nobody has asked
        # about yet is not sorted: most writers ask nothing.
        self._changes: dict[str, list[Change]] = {}
        self._unsorted: list[tuple[Stored, Iterable[Row], bool]] = []
        # (sender, control id) of journal entries; id, focus and subject of deliveries.
        self.messages: set[tuple[str, str]] = set()
        self.deliveries: set[str] = set()
        # How often the database has been told.
        self.told = 0

    def __len__(self) -> int:
        """Return how many rows there are to hand over."""
        kept = (*self._rows.values(), *self._added.values(), *self._removed.values())
        return sum(map(len, kept))

    def note(self, statement: str, key: object, values: dict[str, object]) -> None:
        """Keep the values of one statement; a later one under the same key takes its place."""
        self._rows.setdefault(statement, {})[key] = values

    def count(self, statement: str, key: object, values: dict[str, object]) -> None:
        """Keep the values of one statement; those under the same key add up their `count`."""
        held = self._rows.setdefault(statement, {}).get(key)
        if held is not None:
            first = held["first_seen"]
            number = _whole(held["count"]) + _whole(values["count"])
            values = {**values, "count": number, "first_seen": first}
        self._rows[statement][key] = values

    def index(self, name: str, stored: Stored, gone: Iterable[Row], new: Iterable[Row]) -> None:
        """Take index rows of a resource out and put others in."""
        added, removed = self._added.setdefault(name, set()), self._removed.setdefault(name, set())
        rid = stored.rid
        _move([(*row, rid) for row in gone], added, removed)
        _move([(*row, rid) for row in new], removed, added)
        if name in _ASKED:
            self._unsorted += [(stored, gone, False), (stored, new, True)]

    def changes(self, value: str) -> list[Change]:
        """Return what came and went under a code or a target's id, in this order."""
        for stored, rows, added in self._unsorted:
            for param, scope, under in rows:
                change = Change(param, scope, stored.type, stored.id, added)
                self._changes.setdefault(under, []).append(change)
        self._unsorted.clear()
        return self._changes.get(value, [])

    def merge(self, later: Unwritten) -> None:
        """Take over what a later writer has kept."""
        for statement, rows in later._rows.items():
            if statement == _COUNTED:
                for key, values in rows.items():
                    self.count(statement, key, values)
            else:
                self._rows.setdefault(statement, {}).update(rows)
        for name in later._added:
            added = self._added.setdefault(name, set())
            removed = self._removed.setdefault(name, set())
            _move(later._removed[name], added, removed)
            _move(later._added[name], removed, added)
        self.resources |= later.resources
        if later._changes:
            # What came before must stand before.
            self.changes("")
            for value, changes in later._changes.items():
                self._changes.setdefault(value, []).extend(changes)
        self._unsorted += later._unsorted
        self.messages |= later.messages
        self.deliveries |= later.deliveries

    def write(self, database: Database, cursor: Cursor) -> None:
        """Hand everything over, and start again with nothing."""
        for statement in _ORDER:
            rows = self._rows.get(statement)
            if rows:
                names = database.sql[statement].names
                given = [[values[name] for name in names] for values in rows.values()]
                database.execute_rows(cursor, statement, given)
        for kind, tables in (("delete", self._removed), ("insert", self._added)):
            for name, rows_of in tables.items():
                write_rows(database, cursor, f"{kind}_{name}", INDEX_COLUMNS[name], rows_of)
        self.told += 1
        self._clear()

    def _clear(self) -> None:
        kept = (self._rows, self._added, self._removed, self.resources)
        for one in (*kept, self._changes, self._unsorted, self.messages, self.deliveries):
            one.clear()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _move(rows: Iterable[Row], here: set[Row], there: set[Row]) -> None:
    """Cancel what is undone; else remember it."""
    if not here:
        there.update(rows)
        return
    for row in rows:
        if row in here:
            here.remove(row)
        else:
            there.add(row)


def write_rows(
    database: Database,
    cursor: Cursor,
    statement: str,
    columns: tuple[str, ...],
    rows: Iterable[Row],
) -> None:
    """Hand rows of an index over: their parts are `columns`, and the resource behind them."""
    # Sorted by key: neighbours share a page of the tree.
    given = sorted(map(_ordered((*columns, "rid"), database.sql[statement].names), rows))
    if given:
        database.execute_rows(cursor, statement, given)


@cache
def _ordered(columns: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Row], Row]:
    """Return what puts the parts of a row into the order of a statement's parameters."""
    return itemgetter(*map(columns.index, names))
