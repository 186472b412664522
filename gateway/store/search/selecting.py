"""Which resources make a page: from the selective condition, or along an order until it is full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.store.search.leaves import Alternative, Leaf
from gateway.store.search.nodes import Chained, Listed, Pointed
from gateway.store.search.probing import MANY, merged, promise, selective
from gateway.store.search.sql import Piece, both, current, distinct, piece, select

if TYPE_CHECKING:
    from gateway.store.search.asking import Asker
    from gateway.store.search.nodes import Node

# Resources looked at, one after the other, before another way is tried.
_STEPS: Final = (250, 1_000, 8_000, 16_000)
# Resources of a list, looked at first.
_CHUNK: Final = 200
# Steps before the conditions are asked for more than few resources.
_PATIENCE: Final = 2
# So many are counted to find the smallest condition; when all have more, so many more.
_BOUNDS: Final = (MANY, 10 * MANY, 100 * MANY)
# Systems of one code, tried one by one.
_SYSTEMS: Final = 2


@dataclass(frozen=True, slots=True)
class Scope:
    """What is searched: types (empty for all), what must hold, and the selective part of it.

    `rids` are few resources that hold all matches, None when nothing is selective.
    """

    types: tuple[str, ...]
    nodes: tuple[Node, ...]
    rids: tuple[int, ...] | None = None

    def conditions(self, asker: Asker) -> list[Piece]:
        """Return what holds for a current resource `r` that matches."""
        return [*self.current(asker), *(node.test("r", asker.flavor) for node in self.nodes)]

    def current(self, asker: Asker) -> list[Piece]:
        """Return what holds for a current resource `r` of the types."""
        found = [Piece("r.deleted = 0")]
        if len(self.types) == 1:
            found.append(piece("r.type = ?", self.types[0]))
        elif self.types:
            found.append(asker.flavor.among("r.type", self.types))
        return found


def scope_of(asker: Asker, types: tuple[str, ...], nodes: tuple[Node, ...]) -> Scope:
    """Find out what is selective."""
    nodes = merged(nodes)
    found = selective(asker, nodes)
    if found is None:
        return Scope(types, tuple(_of_one_system(asker, node) for node in nodes))
    rids, others = found
    return Scope(types, tuple(others), rids)


def in_order_of_rid(asker: Asker, scope: Scope, after: int, limit: int) -> list[int]:
    """Return the first matches behind `after`, by `rid`."""
    if scope.rids is not None:
        return _of_list(asker, scope, after, limit)
    return _walked(asker, scope, after, limit)


def _of_list(asker: Asker, scope: Scope, after: int, limit: int) -> list[int]:
    """Look at the resources of the list until the page is full, more of them each time."""
    rids = [rid for rid in scope.rids or () if rid > after]
    found: list[int] = []
    start, size = 0, max(_CHUNK, 2 * limit)
    while start < len(rids) and len(found) < limit:
        some = rids[start : start + size]
        place = Piece("FROM") + asker.flavor.listed(some) + current(asker.flavor, "r", "j.rid")
        end = piece("ORDER BY r.rid LIMIT ?", limit - len(found))
        conditions = both(scope.conditions(asker))
        rows = asker.rows(select("r.rid", place, Piece("WHERE"), conditions, end))
        found += [row[0] for row in rows]
        start, size = start + size, 4 * size
    return found


def bounded_count(asker: Asker, source: Piece, most: int) -> int:
    """Return how many rows a select has, counting no further than `most`."""
    inner = source + piece("LIMIT ?", most)
    return asker.number(Piece(f"SELECT count(*) FROM ({inner.text}) c", inner.values))


def _gathered(
    asker: Asker, scope: Scope, found: tuple[Piece, Node], after: int, limit: int
) -> list[int]:
    source, node = found
    others = [one for one in scope.nodes if one is not node]
    place = distinct(source) + current(asker.flavor, "r", "h.rid")
    conditions = both(replace(scope, nodes=tuple(others)).conditions(asker))
    where = piece("WHERE h.rid > ? AND", after)
    end = piece("ORDER BY r.rid LIMIT ?", limit)
    return [row[0] for row in asker.rows(select("r.rid", place, where, conditions, end))]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Rows in the order of resources: `rid` is their column, `others` is left to look at."""

    table: Piece
    rid: str
    where: Piece
    others: tuple[Piece, ...]


def _walked(asker: Asker, scope: Scope, after: int, limit: int) -> list[int]:
    """Walk a little; gather when there is little to be found; walk on; gather whatever it costs."""
    walk = _walk_of(asker, scope)
    if not walk.others:
        return _window(asker, walk, after, None, limit)
    found: list[int] = []
    for number, step in enumerate(_STEPS):
        if number == _PATIENCE:
            listed = selective(asker, scope.nodes, MANY)
            if listed is not None:
                narrowed = Scope(scope.types, tuple(listed[1]), listed[0])
                return found + _of_list(asker, narrowed, after, limit - len(found))
        end = _end_of(asker, walk, after, step)
        found += _window(asker, walk, after, end, limit - len(found))
        if end is None or len(found) >= limit:
            return found
        after = end
    return found + _far(asker, scope, walk, after, limit - len(found))


def _far(asker: Asker, scope: Scope, walk: _Walk, after: int, limit: int) -> list[int]:
    """Return the rest when a walk finds next to nothing: by the smallest select there is."""
    counted: list[tuple[int, Piece, Node]] = []
    most = 1_000_000
    for node in scope.nodes:
        source = node.source(asker.flavor)
        if source is not None:
            number = bounded_count(asker, source, most)
            most = min(most, number)
            counted.append((number, source, node))
    if not counted:
        return _window(asker, walk, after, None, limit)
    _, source, node = min(counted, key=lambda one: one[0])
    return _gathered(asker, scope, (source, node), after, limit)


def _walk_of(asker: Asker, scope: Scope) -> _Walk:
    for node in scope.nodes:
        if isinstance(node, Leaf) and node.in_order:
            others = [one.test("r", asker.flavor) for one in scope.nodes if one is not node]
            table, where = node.stream(asker.flavor)
            if not others:
                # Its rows are of current resources of the type: nothing else need be read.
                return _Walk(Piece("FROM") + table + Piece("WHERE"), "t.rid", where, ())
            place = Piece("FROM") + table + current(asker.flavor, "r", "t.rid") + Piece("WHERE")
            return _Walk(place, "t.rid", both([where, *scope.current(asker)]), tuple(others))
    others = [node.test("r", asker.flavor) for node in scope.nodes]
    hint = " INDEXED BY resource_order" if _is_sqlite(asker) and len(scope.types) == 1 else ""
    place = Piece(f"FROM resource r{hint} WHERE")
    return _Walk(place, "r.rid", both(scope.current(asker)), tuple(others))


def _end_of(asker: Asker, walk: _Walk, after: int, step: int) -> int | None:
    """Return the resource that is `step` further on, None behind the last."""
    behind = piece(f"AND {walk.rid} > ? ORDER BY {walk.rid} LIMIT 1 OFFSET ?", after, step)
    found = asker.rows(select(walk.rid, walk.table, walk.where, behind))
    return found[0][0] if found else None


def _window(asker: Asker, walk: _Walk, after: int, end: int | None, limit: int) -> list[int]:
    behind = piece(f"AND {walk.rid} > ?", after)
    if end is not None:
        behind += piece(f"AND {walk.rid} <= ?", end)
    conditions = [behind, *(Piece(f"AND {one.text}", one.values) for one in walk.others)]
    end_piece = piece(f"ORDER BY {walk.rid} LIMIT ?", limit)
    found = asker.rows(select(walk.rid, walk.table, walk.where, *conditions, end_piece))
    return [row[0] for row in found]


def _is_sqlite(asker: Asker) -> bool:
    return asker.flavor.name == "sqlite"


def _of_one_system(asker: Asker, node: Node) -> Node:
    """Return a code of any system as that of the one system it has, so that it lies in order."""
    if not isinstance(node, Leaf) or node.table != "index_token" or len(node.params) > 1:
        return node
    if len(node.alternatives) != 1 or node.alternatives[0].template != "t.code = {0}":
        return node
    rows = node.alternatives[0].rows
    systems = systems_of(asker, node.params[0], rows[0][0]) if len(rows) == 1 else []
    if len(systems) != 1:
        return node
    template = "t.code = {0} AND t.system = {1}"
    row = (rows[0][0], systems[0])
    return Leaf(node.table, node.params, (Alternative(template, (row,)),), in_order=True)


def systems_of(asker: Asker, param: int, code: object) -> list[str]:
    """Return the first systems in which a code is found, one look-up each."""
    found: list[str] = []
    while len(found) < _SYSTEMS:
        where = piece("WHERE t.param = ? AND t.code = ?", param, code)
        if found:
            where += piece("AND t.system > ?", found[-1])
        table = Piece(f"FROM {asker.flavor.by_value('index_token', 't')}")
        rows = asker.rows(select("t.system", table, where, Piece("ORDER BY t.system LIMIT 1")))
        if not rows:
            break
        found.append(rows[0][0])
    return found


def source_of(
    asker: Asker, scope: Scope, most: int = _BOUNDS[1]
) -> tuple[Piece, Node | None] | None:
    """Return a select of resources that holds all matches, and the node that it is of.

    None when only walking finds them. Of nodes that find more than `most` any will do.
    """
    if scope.rids is not None:
        return Listed(scope.rids).source(asker.flavor), None
    known = [(node, node.source(asker.flavor)) for node in scope.nodes]
    usable = [(source, node) for node, source in known if source is not None]
    if len(usable) == 1:
        return usable[0]
    # What is mostly about few is asked first.
    usable.sort(key=lambda one: promise(one[1]))
    for bound in (limit for limit in _BOUNDS if limit <= most):
        best, least = None, bound
        # Counted no further than the least so far, and none of them to its end in vain.
        for source, node in usable:
            number = _counted(asker, node, source, least)
            if number < least:
                best, least = (source, node), number
        if best is not None:
            return best
    return usable[0] if usable else None


def _counted(asker: Asker, node: Node, source: Piece, most: int) -> int:
    """Return how many a node finds, `most` when there are more, or many to be followed to them."""
    if isinstance(node, Chained | Pointed) and node.node is not None:
        inner = node.node.source(asker.flavor)
        # Those behind many are gathered from all of them, however few they are in the end.
        if inner is None or _counted(asker, node.node, inner, most) >= most:
            return most
    return bounded_count(asker, source, most)
