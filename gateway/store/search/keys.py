"""The keys of an order: the value of a resource to sort by, and the rows in that order.

https://hl7.org/fhir/R4/search.html#sort. Ascending sorts by the smallest of a resource's values,
descending by the largest; resources without a value come last either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.parameters import Kind
from gateway.store.search.boxes import spans_of
from gateway.store.search.leaves import Alternative, Leaf
from gateway.store.search.sql import Piece, both, either, piece, select, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.search.controls import Sort
    from gateway.store.search.leaves import Reach
    from gateway.store.search.nodes import Node
    from gateway.store.search.sql import Flavor

Scalar = str | int | float | None
_COLUMNS: Final = {"_id": "id", "_lastUpdated": "updated"}
_INDEXES: Final = {"id": "resource_identity", "updated": "resource_updated"}
_SORTED: Final = {
    Kind.STRING: ("index_string", "folded"),
    Kind.TOKEN: ("index_token", "code"),
    Kind.URI: ("index_uri", "uri"),
    Kind.REFERENCE: ("index_reference", "target_id"),
    Kind.DATE: ("index_date", "low"),
    Kind.NUMBER: ("index_quantity", "low"),
    Kind.QUANTITY: ("index_quantity", "low"),
}
_WITH_SPANS: Final = frozenset({"index_date", "index_quantity"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the rows of a key can be left out, for the search asks for the same parameter.

    `reach` leaves out rows of resources that have one row, `own` rows of `resource`.
    """

    reach: Reach | None = None
    own: Node | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key: a column of an index table, or of `resource` itself when `param` is None."""

    table: str
    column: str
    param: int | None
    descending: bool

    def value(self, resource: str, flavor: Flavor) -> Piece:
        """Return the value of a resource, NULL when it has none."""
        if self.param is None:
            return Piece(f"{resource}.{self.column}")
        best = "max" if self.descending else "min"
        place = f"FROM {flavor.by_resource(self.table, 't')} WHERE t.rid = {resource}.rid"
        inner = select(f"t.{self.column} AS v", piece(f"{place} AND t.param = ?", self.param))
        # PostgreSQL would look for the least value of all, and then for this resource's.
        return Piece(f"(SELECT {best}(v) FROM ({inner.text}{flavor.fence}) m)", inner.values)

    def present(self) -> Leaf | None:
        """Return that a resource has a value, None when every one has."""
        return None if self.param is None else Leaf(self.table, (self.param,))

    def beyond(self, name: str, value: Scalar) -> Piece:
        """Return that the key under `name` comes behind a value."""
        if value is None:
            return Piece("1 = 0")
        sign = "<" if self.descending else ">"
        return piece(f"({name} {sign} ? OR {name} IS NULL)", value)

    def rows(
        self,
        types: Sequence[str],
        start: Scalar,
        limit: int,
        flavor: Flavor,
        bounds: Bounds,
    ) -> Piece:
        """Return (value, rid) of the first rows from `start` on, in order; None is the beginning.

        The primary key of the table, or an index of `resource`, gives them in this order.
        """
        if self.param is None:
            kinds = types or sorted(resource_types())
            parts = [self._of_type(kind, start, limit, flavor, bounds) for kind in kinds]
        elif self.table in _WITH_SPANS:
            spans = range(2 * len(spans_of(dates=self.table == "index_date")))
            known = [one for one in spans if one % 2 or one in (bounds.reach or spans)]
            parts = [self._of_span(one, start, limit, flavor, bounds) for one in known]
        else:
            parts = [self._of_index(Piece(""), start, limit, flavor)]
        return _in_order(parts, f"1{self._direction}", limit)

    def same(
        self, types: Sequence[str], value: Scalar, after: int, limit: int, flavor: Flavor
    ) -> Piece:
        """Return the rids behind `after` with one value of a column of `resource`, in order."""
        parts = [
            select(
                "r.rid AS rid",
                self._current(kind, flavor),
                piece(f"AND r.{self.column} = ? AND r.rid > ?", value, after),
                piece("ORDER BY r.rid LIMIT ?", limit),
            )
            for kind in types or sorted(resource_types())
        ]
        return _in_order(parts, "1", limit)

    def group(
        self, value: Scalar, after: int, limit: int, flavor: Flavor, system: str | None = None
    ) -> Piece:
        """Return the rids of one value behind `after`, in order; `system` is that of a code."""
        conditions = [
            piece(
                f"WHERE t.param = ? AND t.{self.column} = ? AND t.rid > ?", self.param, value, after
            )
        ]
        if system is not None:
            conditions.append(piece("t.system = ?", system))
        if self.table in _WITH_SPANS:
            spans = range(2 * len(spans_of(dates=self.table == "index_date")))
            conditions.append(flavor.among("t.span", spans))
        place = Piece(f"FROM {flavor.by_value(self.table, 't')}")
        columns = "DISTINCT t.rid" if system is None else "t.rid"
        return select(columns, place, both(conditions), piece("ORDER BY t.rid LIMIT ?", limit))

    def equal(self, value: Scalar) -> Leaf | None:
        """Return that a resource has a value, None for what has ranges or is a column."""
        if self.param is None or self.table in _WITH_SPANS:
            return None
        alternative = Alternative(f"t.{self.column} = {{0}}", ((value,),))
        return Leaf(self.table, (self.param,), (alternative,))

    @property
    def _direction(self) -> str:
        return " DESC" if self.descending else ""

    def _from(self, name: str, start: Scalar) -> Piece:
        if start is None:
            return Piece("")
        return piece(f"AND {name} {'<=' if self.descending else '>='} ?", start)

    def _of_span(
        self, span: int, start: Scalar, limit: int, flavor: Flavor, bounds: Bounds
    ) -> Piece:
        within = piece("AND t.span = ?", span)
        if bounds.reach is not None and span in bounds.reach:
            within += piece("AND t.low >= ? AND t.low < ?", *bounds.reach[span])
        return self._of_index(within, start, limit, flavor)

    def _of_index(self, within: Piece, start: Scalar, limit: int, flavor: Flavor) -> Piece:
        place = piece(f"FROM {flavor.by_value(self.table, 't')} WHERE t.param = ?", self.param)
        place += within
        end = piece(f"ORDER BY t.{self.column}{self._direction} LIMIT ?", limit)
        start_piece = self._from(f"t.{self.column}", start)
        return select(f"t.{self.column} AS v, t.rid AS rid", place, start_piece, end)

    def _of_type(
        self, kind: str, start: Scalar, limit: int, flavor: Flavor, bounds: Bounds
    ) -> Piece:
        place = self._current(kind, flavor)
        if bounds.own is not None:
            place += Piece("AND") + bounds.own.test("r", flavor)
        end = piece(f"ORDER BY r.{self.column}{self._direction} LIMIT ?", limit)
        start_piece = self._from(f"r.{self.column}", start)
        return select(f"r.{self.column} AS v, r.rid AS rid", place, start_piece, end)

    def _current(self, kind: str, flavor: Flavor) -> Piece:
        hint = f" INDEXED BY {_INDEXES[self.column]}" if flavor.name == "sqlite" else ""
        return piece(f"FROM resource r{hint} WHERE r.deleted = 0 AND r.type = ?", kind)


def _in_order(parts: Sequence[Piece], by: str, limit: int) -> Piece:
    """Return the first rows of several selects, each of which is in that order already."""
    if len(parts) == 1:
        return parts[0]
    wrapped = [Piece(f"SELECT * FROM ({one.text}) w", one.values) for one in parts]
    return union(wrapped) + piece(f"ORDER BY {by} LIMIT ?", limit)


def keys_of(sort: Sequence[Sort]) -> tuple[Key, ...]:
    """Return the keys of `_sort`; raises `Unsupported` for what has no order."""
    return tuple(_key(one) for one in sort)


def _key(sort: Sort) -> Key:
    found = sort.parameter
    if found.code in _COLUMNS:
        return Key("resource", _COLUMNS[found.code], None, sort.descending)
    if found.kind not in _SORTED:
        message = f"Sorting by {found.code} is not supported: its values have no order."
        raise Unsupported(message, expression="_sort")
    table, column = _SORTED[found.kind]
    return Key(table, column, found.id, sort.descending)


def after(keys: Sequence[Key], values: Sequence[Scalar], rid: int) -> Piece:
    """Return that a row (k0, k1..., rid) comes behind these values."""
    found = piece("rid > ?", rid)
    for number in reversed(range(len(keys))):
        name, value = f"k{number}", values[number]
        same = piece(f"{name} = ?", value) if value is not None else Piece(f"{name} IS NULL")
        inner = both([same, found])
        found = either([keys[number].beyond(name, value), Piece(f"({inner.text})", inner.values)])
    return found


def order(keys: Sequence[Key]) -> str:
    """Return ORDER BY over k0, k1..., rid."""
    parts = [f"k{n}{' DESC' if key.descending else ''} NULLS LAST" for n, key in enumerate(keys)]
    return ", ".join([*parts, "rid"])
