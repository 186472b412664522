"""How conditions combine: every node is a condition on a resource, most are selects too.

`source` is a select of the resources (`rid`, some of them several times) that meet the node, None
where only a look at each resource tells. `test` is the condition on the resource under an alias of
the table `resource`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.store.search.leaves import Leaf
from gateway.store.search.sql import Piece, both, either, piece, select, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.sql import Flavor

__all__ = ["All", "Chained", "Column", "Either", "Leaf", "Listed", "Node", "Not", "Pointed", "Window"]


class Node(Protocol):
    """A condition on resources."""

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """Return the condition on the resource under this alias."""

    def source(self, flavor: Flavor) -> Piece | None:
        """Return a select of the resources, or None."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Resources that are known by their `rid`, in order."""

    rids: tuple[int, ...]

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        return flavor.among(f"{resource}.rid", self.rids) if self.rids else either(())

    def source(self, flavor: Flavor) -> Piece:
        """See `Node`."""
        rows = flavor.rows([(rid,) for rid in self.rids or (0,)])
        return Piece(f"SELECT c0 AS rid FROM ({rows.text}) listed", rows.values)


@dataclass(frozen=True, slots=True)
class Window:
    """Ranges of one parameter that must all hold, `parts`, read as the range that they have in common.

    Resources with several rows may meet each part by another row: they are looked at one by one.
    """

    single: Leaf
    several: Leaf
    parts: tuple[Leaf, ...]

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        return both([part.test(resource, flavor) for part in self.parts])

    def source(self, flavor: Flavor) -> Piece:
        """See `Node`."""
        several = filtered(self.several.source(flavor), list(self.parts), flavor)
        found = [self.single.source(flavor), several]
        return union([Piece(f"SELECT rid FROM ({one.text}) w", one.values) for one in found])


@dataclass(frozen=True, slots=True)
class Column:
    """A condition on the table `resource` itself, over its row `{r}`; `types` empty means any."""

    condition: Piece
    types: tuple[str, ...] = ()

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        del flavor
        return self._on(resource)

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        if not self.types:
            return None
        place = Piece("FROM resource c WHERE c.deleted = 0 AND")
        return select(
            "c.rid AS rid", place, both([flavor.among("c.type", self.types), self._on("c")])
        )

    def _on(self, resource: str) -> Piece:
        text = self.condition.text.replace("{r}", resource)
        return Piece(f"({text})", self.condition.values)


@dataclass(frozen=True, slots=True)
class Not:
    """Resources that do not meet a node."""

    node: Node

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        found = self.node.test(resource, flavor)
        return Piece(f"NOT ({found.text})", found.values)

    def source(self, flavor: Flavor) -> None:
        """See `Node`."""
        del flavor


@dataclass(frozen=True, slots=True)
class Either:
    """Resources that meet one of the nodes."""

    nodes: tuple[Node, ...]

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        return either([node.test(resource, flavor) for node in self.nodes])

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        found = [node.source(flavor) for node in self.nodes]
        known = [one for one in found if one is not None]
        if len(known) < len(found) or not known:
            return None
        # Each in brackets of its own: a compound select takes 500 terms.
        parts = [Piece(f"SELECT rid FROM ({one.text}) e", one.values) for one in known]
        return union(parts)


@dataclass(frozen=True, slots=True)
class All:
    """Resources that meet all nodes; the first that is a select is read, the others looked up."""

    nodes: tuple[Node, ...]

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        return both([node.test(resource, flavor) for node in self.nodes])

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        for position, node in enumerate(self.nodes):
            found = node.source(flavor)
            if found is not None:
                others = [*self.nodes[:position], *self.nodes[position + 1 :]]
                return filtered(found, others, flavor)
        return None


def filtered(source: Piece, others: Sequence[Node], flavor: Flavor) -> Piece:
    """Return the resources of a select that meet other nodes too."""
    if not others:
        return source
    place = Piece(f"FROM ({source.text}) a {flavor.join} resource b ON b.rid = a.rid", source.values)
    return select("b.rid AS rid", place, Piece("WHERE"), both([n.test("b", flavor) for n in others]))


@dataclass(frozen=True, slots=True)
class Chained:
    """Resources with a reference to a current resource of a type that meets a node.

    `level` keeps the aliases of chains inside each other apart.
    """

    params: tuple[int, ...]
    type: str
    node: Node
    level: int

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        target, link = f"p{self.level}", f"l{self.level}"
        place = (
            f"FROM {flavor.by_resource('index_reference', link)} {flavor.join} resource {target} "
            f"ON {target}.type = {link}.target_type AND {target}.id = {link}.target_id "
            f"WHERE {link}.rid = {resource}.rid AND {target}.deleted = 0 AND"
        )
        conditions = [
            flavor.among(f"{link}.param", self.params),
            piece(f"{link}.target_type = ?", self.type),
            self.node.test(target, flavor),
        ]
        found = select("1", Piece(place), both(conditions))
        return Piece(f"EXISTS ({found.text}{flavor.fence})", found.values)

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        inner = self.node.source(flavor)
        if inner is None:
            return None
        # The targets once each, and what points to them by the primary key of the references.
        place = (
            f"FROM (SELECT DISTINCT rid FROM ({inner.text}) d) i "
            f"{flavor.join} resource p ON p.rid = i.rid "
            f"{flavor.join} {flavor.by_value('index_reference', 'l')} "
            "ON l.target_id = p.id AND l.target_type = p.type"
        )
        conditions = [piece("p.deleted = 0 AND p.type = ?", self.type)]
        conditions.append(flavor.among("l.param", self.params))
        return select(
            "l.rid AS rid", Piece(place, inner.values), Piece("WHERE"), both(conditions)
        )


@dataclass(frozen=True, slots=True)
class Pointed:
    """Resources to which a current one that meets `node` points; None is any.

    `types` are those of the resources that are looked for, empty for any.
    """

    params: tuple[int, ...]
    types: tuple[str, ...]
    node: Node | None
    level: int

    def test(self, resource: str, flavor: Flavor) -> Piece:
        """See `Node`."""
        source, link = f"p{self.level}", f"l{self.level}"
        place = (
            f"FROM {flavor.by_value('index_reference', link)} {flavor.join} resource {source} "
            f"ON {source}.rid = {link}.rid WHERE {link}.target_id = {resource}.id "
            f"AND {link}.target_type = {resource}.type AND {source}.deleted = 0 AND"
        )
        conditions = [flavor.among(f"{link}.param", self.params)]
        if self.node is not None:
            conditions.append(self.node.test(source, flavor))
        found = select("1", Piece(place), both(conditions))
        return Piece(f"EXISTS ({found.text}{flavor.fence})", found.values)

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        inner = None if self.node is None else self.node.source(flavor)
        if inner is None:
            return None
        place = (
            f"FROM (SELECT DISTINCT rid FROM ({inner.text}) d) i "
            f"{flavor.join} {flavor.by_resource('index_reference', 'l')} ON l.rid = i.rid "
            f"{flavor.join} resource p ON p.type = l.target_type AND p.id = l.target_id"
        )
        conditions = [Piece("p.deleted = 0"), flavor.among("l.param", self.params)]
        if self.types:
            conditions.append(flavor.among("p.type", self.types))
        return select(
            "p.rid AS rid", Piece(place, inner.values), Piece("WHERE"), both(conditions)
        )
