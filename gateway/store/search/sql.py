"""Pieces of SQL with their values, and what is written differently on the two databases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Piece:
    """Text with a `?` for each of its values; values are never written into the text."""

    text: str
    values: tuple[object, ...] = ()

    def __add__(self, other: Piece) -> Piece:
        """Put another piece behind this one, a space between them."""
        return Piece(f"{self.text} {other.text}", (*self.values, *other.values))


def piece(text: str, *values: object) -> Piece:
    """Return a piece."""
    return Piece(text, values)


def joined(separator: str, parts: Iterable[Piece]) -> Piece:
    """Return the pieces with `separator` between them."""
    known = list(parts)
    values = tuple(value for part in known for value in part.values)
    return Piece(separator.join(part.text for part in known), values)


def both(parts: Sequence[Piece]) -> Piece:
    """Return that all conditions hold."""
    return joined(" AND ", parts) if parts else Piece("1 = 1")


def either(parts: Sequence[Piece]) -> Piece:
    """Return that one of the conditions holds, in brackets.

    As a tree that is as flat as can be: SQLite takes expressions up to 1 000 levels deep.
    """
    if not parts:
        return Piece("1 = 0")
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = either(parts[:middle]), either(parts[middle:])
    return Piece(f"({left.text} OR {right.text})", (*left.values, *right.values))


def select(columns: str, *rest: Piece) -> Piece:
    """Return SELECT with what follows."""
    return joined(" ", [Piece("SELECT"), Piece(columns), *rest])


def union(parts: Sequence[Piece]) -> Piece:
    """Return the rows of all selects, duplicates with them."""
    return parts[0] if len(parts) == 1 else joined(" UNION ALL ", parts)


class Flavor(Protocol):
    """How one database writes what the other writes differently."""

    name: str
    #: Behind a subquery: keeps it a look-up for each row instead of a join over everything.
    fence: str

    def among(self, column: str, values: Sequence[int] | Sequence[str]) -> Piece:
        """Return that the column has one of the values, however many they are."""

    def rows(self, given: Sequence[tuple[object, ...]]) -> Piece:
        """Return a select of the rows, with columns c0, c1..."""

    def listed(self, rids: Sequence[int]) -> Piece:
        """Return a table `j` of resources, with column `rid`."""

    def lookup(self, table: str, alias: str, on: Piece) -> Piece:
        """Return a join that looks up rows of `table` for each row of what stands before it."""

    def holds(self, column: str, marker: str) -> str:
        """Return that the column contains the text at `marker`."""

    def ends(self, column: str, marker: str) -> str:
        """Return that the column ends in the text at `marker`."""

    def by_resource(self, table: str, alias: str) -> str:
        """Name a table that is to be read by its index on the resource."""

    def of_resource(self, table: str, alias: str, rid: str, params: Piece) -> Piece:
        """Return FROM and WHERE of the rows of one resource under some parameters."""

    def by_value(self, table: str, alias: str) -> str:
        """Name a table that is to be read by its primary key."""

    def final(self, given: Piece) -> tuple[str, list[Any]]:
        """Return the text and values as the driver takes them."""


class SqliteFlavor:
    """SQLite: lists travel as JSON, indexes are named, CROSS JOIN keeps its order."""

    name = "sqlite"
    fence = ""

    def among(self, column: str, values: Sequence[int] | Sequence[str]) -> Piece:
        """See `Flavor`."""
        return Piece(f"{column} IN (SELECT value FROM json_each(?))", (_json(values),))

    def rows(self, given: Sequence[tuple[object, ...]]) -> Piece:
        """See `Flavor`."""
        columns = ", ".join(
            f"json_extract(value, '$[{number}]') AS c{number}" for number in range(len(given[0]))
        )
        return select(columns, Piece("FROM json_each(?)", (_json(given),)))

    def listed(self, rids: Sequence[int]) -> Piece:
        """See `Flavor`."""
        return Piece("(SELECT value AS rid FROM json_each(?)) j", (_json(rids),))

    def lookup(self, table: str, alias: str, on: Piece) -> Piece:
        """See `Flavor`."""
        return Piece(f"CROSS JOIN {table} {alias} ON {on.text}", on.values)

    def holds(self, column: str, marker: str) -> str:
        """See `Flavor`."""
        return f"instr({column}, {marker}) > 0"

    def ends(self, column: str, marker: str) -> str:
        """See `Flavor`."""
        return f"substr({column}, -length({marker})) = {marker}"

    def by_resource(self, table: str, alias: str) -> str:
        """See `Flavor`."""
        return f"{table} {alias} INDEXED BY {table}_resource"

    def of_resource(self, table: str, alias: str, rid: str, params: Piece) -> Piece:
        """See `Flavor`."""
        return (
            Piece(f"FROM {self.by_resource(table, alias)} WHERE {alias}.rid = {rid} AND") + params
        )

    def by_value(self, table: str, alias: str) -> str:
        """See `Flavor`."""
        return f"{table} {alias} NOT INDEXED"

    def final(self, given: Piece) -> tuple[str, list[Any]]:
        """See `Flavor`."""
        return given.text, list(given.values)


class PostgresFlavor:
    """PostgreSQL: lists travel as arrays; what is looked up row by row is LATERAL with OFFSET.

    So a plan is the same before statistics are there and when they mislead.
    """

    name = "postgresql"
    # A subquery with OFFSET is neither made a join nor hashed.
    fence = " OFFSET 0"

    def among(self, column: str, values: Sequence[int] | Sequence[str]) -> Piece:
        """See `Flavor`."""
        kind = "bigint" if values and isinstance(values[0], int) else "text"
        return Piece(f"{column} = ANY (?::{kind}[])", (list(values),))

    def rows(self, given: Sequence[tuple[object, ...]]) -> Piece:
        """See `Flavor`."""
        arrays = ", ".join(f"?::{_KINDS[type(value)]}[]" for value in given[0])
        names = ", ".join(f"c{number}" for number in range(len(given[0])))
        lists = tuple(list(column) for column in zip(*given, strict=True))
        return select(names, Piece(f"FROM unnest({arrays}) AS u({names})", lists))

    def listed(self, rids: Sequence[int]) -> Piece:
        """See `Flavor`."""
        return Piece("unnest(?::bigint[]) AS j(rid)", (list(rids),))

    def lookup(self, table: str, alias: str, on: Piece) -> Piece:
        """See `Flavor`."""
        inner = f"FROM {table} {alias} WHERE {on.text} OFFSET 0"
        return Piece(f"CROSS JOIN LATERAL (SELECT * {inner}) {alias}", on.values)

    def holds(self, column: str, marker: str) -> str:
        """See `Flavor`."""
        return f"strpos({column}, {marker}) > 0"

    def ends(self, column: str, marker: str) -> str:
        """See `Flavor`."""
        return f"right({column}, length({marker})) = {marker}"

    def by_resource(self, table: str, alias: str) -> str:
        """See `Flavor`."""
        return f"{table} {alias}"

    def of_resource(self, table: str, alias: str, rid: str, params: Piece) -> Piece:
        """See `Flavor`."""
        # What stands behind the fence is not looked up in the primary key: for a name that begins
        # like a thousand others, that would read the thousand for each resource.
        own = Piece(f"FROM (SELECT * FROM {table} {alias} WHERE {alias}.rid = {rid} AND") + params
        return own + Piece(f"OFFSET 0) {alias} WHERE TRUE")

    def by_value(self, table: str, alias: str) -> str:
        """See `Flavor`."""
        return f"{table} {alias}"

    def final(self, given: Piece) -> tuple[str, list[Any]]:
        """See `Flavor`."""
        return given.text.replace("?", "%s"), list(given.values)


_KINDS: Final = {int: "bigint", str: "text", float: "float8"}
FLAVORS: Final[dict[str, Flavor]] = {
    "sqlite": SqliteFlavor(),
    "postgresql": PostgresFlavor(),
}


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


def current(flavor: Flavor, alias: str, rid: str) -> Piece:
    """Return the join to the row of `resource` whose number is `rid`."""
    return flavor.lookup("resource", alias, Piece(f"{alias}.rid = {rid}"))


def target(flavor: Flavor, alias: str, link: str) -> Piece:
    """Return the join to the resource that a row of references points to, deleted or not."""
    on = f"{alias}.type = {link}.target_type AND {alias}.id = {link}.target_id"
    return flavor.lookup("resource", alias, Piece(on))


def distinct(source: Piece, alias: str = "h") -> Piece:
    """Return FROM each resource of a select once."""
    return Piece(f"FROM (SELECT DISTINCT rid FROM ({source.text}) s) {alias}", source.values)
