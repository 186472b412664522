"""A page in the order of `_sort`.

Few matches are sorted. Many are not: the index of the first key is walked in its order, a batch at
a time, and each batch is sorted by all keys. A batch ends between two values of the first key, so
that what comes later in the index comes later in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.store.search.keys import Bounds, Key, Scalar, after, order
from gateway.store.search.nodes import Column, Leaf, Not, Window
from gateway.store.search.probing import MANY
from gateway.store.search.selecting import (
    bounded_count,
    in_order_of_rid,
    source_of,
    systems_of,
)
from gateway.store.search.sql import (
    Piece,
    both,
    current,
    distinct,
    joined,
    piece,
    select,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.asking import Asker
    from gateway.store.search.selecting import Scope

# Rows of the first key that are looked at, before everything is sorted.
_BATCHES: Final = (1, 4, 16, 64)
_LEAST: Final = 250
# Resources to be sorted that cost as much as one to be looked at in the order of a key.
_SCATTERED: Final = 4
# Batches before it is asked how many matches there are.
_PATIENCE: Final = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a match stands in the order: the values of its keys, and its `rid`."""

    values: tuple[Scalar, ...]
    rid: int


def in_order_of_keys(
    asker: Asker, scope: Scope, keys: tuple[Key, ...], start: Place | None, limit: int
) -> list[Place]:
    """Return the first matches behind `start`."""
    if scope.rids is not None:
        return _sorted(asker, scope, keys, start, limit, scope.rids)
    found = _Walk(asker, scope, keys, start, limit).page()
    if found is not None:
        return found
    source = source_of(asker, scope)
    if source is None:
        return _sorted(asker, scope, keys, start, limit, None)
    others = replace(scope, nodes=tuple(one for one in scope.nodes if one is not source[1]))
    return _sorted(asker, others, keys, start, limit, source[0])


def _sorted(  # noqa: PLR0913, PLR0917 - a search, its order, and where it is looked for
    asker: Asker,
    scope: Scope,
    keys: tuple[Key, ...],
    start: Place | None,
    limit: int,
    held: Sequence[int] | Piece | None,
) -> list[Place]:
    """Sort the matches among `held`: resources, a select of them, or None for all."""
    flavor = asker.flavor
    if held is not None and not isinstance(held, Piece) and not held:
        return []
    values = [key.value("r", flavor) for key in keys]
    columns = joined(
        ", ",
        [
            Piece("r.rid AS rid"),
            *(Piece(f"{v.text} AS k{n}", v.values) for n, v in enumerate(values)),
        ],
    )
    place = Piece("FROM resource r")
    if isinstance(held, Piece):
        place = distinct(held) + current(flavor, "r", "h.rid")
    elif held is not None:
        place = Piece("FROM") + flavor.listed(held) + current(flavor, "r", "j.rid")
    conditions = Piece("WHERE") + both(scope.conditions(asker))
    inner = joined(" ", [Piece("SELECT"), columns, place, conditions])
    behind = Piece("1 = 1") if start is None else after(keys, start.values, start.rid)
    names = ", ".join(["rid", *(f"k{number}" for number in range(len(keys)))])
    outer = Piece(f"FROM ({inner.text}) q WHERE", inner.values)
    rows = asker.rows(select(names, outer, behind, piece(f"ORDER BY {order(keys)} LIMIT ?", limit)))
    return [Place(tuple(row[1:]), row[0]) for row in rows]


def _bounds(scope: Scope, key: Key) -> Bounds:
    """Return where the first key lies in what is searched for by the same parameter."""
    for node in scope.nodes:
        leaf = node.single if isinstance(node, Window) else node
        if isinstance(leaf, Leaf) and leaf.ranges and leaf.params == (key.param,):
            return Bounds(reach=leaf.reach())
        if isinstance(node, Column) and key.param is None and node.column == key.column:
            return Bounds(own=node)
    return Bounds()


class _Walk:
    """One walk along the index of the first key."""

    def __init__(
        self,
        asker: Asker,
        scope: Scope,
        keys: tuple[Key, ...],
        start: Place | None,
        limit: int,
    ) -> None:
        self._asker = asker
        self._scope = scope
        self._keys = keys
        self._start = start
        self._limit = limit
        self._found: dict[int, Place] = {}
        self._bounds = _bounds(scope, keys[0])

    def page(self) -> list[Place] | None:
        """Return the page, None when walking finds too little: then everything must be sorted."""
        if self._start is None or self._start.values[0] is not None:
            whole = self._with_value()
            if whole is None:
                return None
            if len(self._found) >= self._limit or not whole:
                return list(self._found.values())[: self._limit]
        return [*self._found.values(), *self._without_value(self._limit - len(self._found))]

    def _with_value(self) -> bool | None:
        """Fill the page; True when the index ended before that, None when walking is no good."""
        value = self._start.values[0] if self._start else None
        for number, factor in enumerate(_BATCHES):
            if number == _PATIENCE and self._gives_little():
                return None
            size = max(_LEAST, 3 * self._limit) * factor
            rows = self._rows(value, size)
            ended = len(rows) < size
            last = rows[-1][0] if rows else None
            if not ended and rows[0][0] == last:
                # One value fills the batch: its resources are in the order of the other keys. A
                # larger batch may hold them all.
                if self._of_one_value(last):
                    return False
                continue
            self._sort([rid for found, rid in rows if ended or found != last])
            if len(self._found) >= self._limit or ended:
                return ended
            value = last
        return None

    def _of_one_value(self, value: Scalar) -> bool:
        """Fill the page with resources of one value of the first key; False when there are few."""
        start = self._start if self._start and self._start.values[0] == value else None
        if len(self._keys) == 1:
            return self._same(value, start.rid if start else 0)
        same = self._keys[0].equal(value)
        if same is None:
            return False
        scope = replace(self._scope, nodes=(*self._scope.nodes, same))
        begun = Place(start.values[1:], start.rid) if start else None
        places = _Walk(self._asker, scope, self._keys[1:], begun, self._limit).page() or []
        before = dict(self._found)
        self._sort([place.rid for place in places])
        # One that has the value may have a better one too: then it stands elsewhere.
        right = {rid: one for rid, one in self._found.items() if one.values[0] == value}
        self._found = before | right
        return len(self._found) >= self._limit

    def _gives_little(self) -> bool:
        """Whether the matches are so few that to sort them costs less than to walk on."""
        source = source_of(self._asker, self._scope)
        if source is None:
            return False
        number = bounded_count(self._asker, source[0], MANY)
        # As much is found further on as in the first batch; what lies in another order than the
        # resources do is read here and there.
        walked = max(_LEAST, 3 * self._limit) * _SCATTERED
        return number < MANY and number * len(self._found) <= walked * self._limit

    def _rows(self, value: Scalar, size: int) -> list[tuple[Scalar, int]]:
        key = self._keys[0]
        types, flavor = self._scope.types, self._asker.flavor
        asked = key.rows(types, value, size, flavor, self._bounds)
        return [(row[0], row[1]) for row in self._asker.rows(asked)]

    def _same(self, value: Scalar, behind: int) -> bool:
        """Take resources of one value, in the order of `rid`; False when they are too few."""
        for number, factor in enumerate(_BATCHES):
            if number == _PATIENCE and self._gives_little():
                break
            size = max(_LEAST, 3 * self._limit) * factor
            rids = self._group(value, behind, size)
            self._sort(rids)
            if len(self._found) >= self._limit:
                return True
            if len(rids) < size:
                break
            behind = rids[-1]
        return False

    def _group(self, value: Scalar, behind: int, size: int) -> list[int]:
        key, asker = self._keys[0], self._asker
        if key.param is None:
            asked = key.same(self._scope.types, value, behind, size, asker.flavor)
            return [row[0] for row in asker.rows(asked)]
        systems = systems_of(asker, key.param, value) if key.table == "index_token" else []
        # Codes of one system lie in the order of their resources.
        system = systems[0] if len(systems) == 1 else None
        asked = key.group(value, behind, size, asker.flavor, system)
        return [row[0] for row in asker.rows(asked)]

    def _sort(self, rids: list[int]) -> None:
        new = [rid for rid in dict.fromkeys(rids) if rid not in self._found]
        left = self._limit - len(self._found)
        found = _sorted(self._asker, self._scope, self._keys, self._start, left, new)
        self._found |= {place.rid: place for place in found}

    def _without_value(self, limit: int) -> list[Place]:
        present = self._keys[0].present()
        if present is None or self._bounds.reach is not None:
            return []
        scope = replace(self._scope, nodes=(*self._scope.nodes, Not(present)))
        begun = self._start if self._start and self._start.values[0] is None else None
        if len(self._keys) > 1:
            return _sorted(self._asker, scope, self._keys, begun, limit, None)
        rids = in_order_of_rid(self._asker, scope, begun.rid if begun else 0, limit)
        return [Place((None,), rid) for rid in rids]
