"""How conditions combine: every node is a condition on a resource, most are selects too.

`source` is a select of the resources (`rid`, some of them several times) that meet the node, None
where only a look at each resource tells. `test` is the condition on the resource under an alias of
the table `resource`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.store.search.leaves import Leaf
from gateway.store.search.sql import (
    Piece,
    both,
    current,
    distinct,
    either,
    piece,
    select,
    target,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.sql import Flavor

__all__ = [
    "All",
    "Chained",
    "Column",
    "Either",
    "Leaf",
    "Listed",
    "Node",
    "Not",
    "Pointed",
    "Window",
]


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
        return select("j.rid AS rid", Piece("FROM"), flavor.listed(self.rids))


@dataclass(frozen=True, slots=True)
class Window:
    """Ranges of one parameter that must all hold, read as the range that they have in common.

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
    """A condition on a column of `resource` itself, over its row `{r}`; `types` empty means any."""

    column: str
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
    tests = both([node.test("b", flavor) for node in others])
    place = Piece(f"FROM ({source.text}) a", source.values)
    return select("b.rid AS rid", place, current(flavor, "b", "a.rid"), Piece("WHERE"), tests)


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
        found, link = f"p{self.level}", f"l{self.level}"
        of_link = [
            Piece(f"WHERE {link}.rid = {resource}.rid"),
            flavor.among(f"{link}.param", self.params),
            piece(f"{link}.target_type = ? AND {found}.deleted = 0", self.type),
            self.node.test(found, flavor),
        ]
        place = Piece(f"FROM {flavor.by_resource('index_reference', link)}")
        inner = select("1", place, target(flavor, found, link), both(of_link))
        return Piece(f"EXISTS ({inner.text}{flavor.fence})", inner.values)

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        inner = self.node.source(flavor)
        if inner is None:
            return None
        # The targets once each, and what points to them by the primary key of the references.
        on = Piece("l.target_id = p.id AND l.target_type = p.type AND")
        return select(
            "l.rid AS rid",
            distinct(inner, "i"),
            current(flavor, "p", "i.rid"),
            flavor.lookup("index_reference", "l", on + flavor.among("l.param", self.params)),
            piece("WHERE p.deleted = 0 AND p.type = ?", self.type),
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
        conditions = [
            Piece(
                f"WHERE {link}.target_id = {resource}.id AND {link}.target_type = {resource}.type"
            ),
            flavor.among(f"{link}.param", self.params),
            Piece(f"{source}.deleted = 0"),
        ]
        if self.node is not None:
            conditions.append(self.node.test(source, flavor))
        place = Piece(f"FROM {flavor.by_value('index_reference', link)}")
        inner = select("1", place, current(flavor, source, f"{link}.rid"), both(conditions))
        return Piece(f"EXISTS ({inner.text}{flavor.fence})", inner.values)

    def source(self, flavor: Flavor) -> Piece | None:
        """See `Node`."""
        inner = None if self.node is None else self.node.source(flavor)
        if inner is None:
            return None
        conditions = [Piece("WHERE p.deleted = 0")]
        if self.types:
            conditions.append(flavor.among("p.type", self.types))
        on = Piece("l.rid = i.rid AND") + flavor.among("l.param", self.params)
        return select(
            "p.rid AS rid",
            distinct(inner, "i"),
            flavor.lookup("index_reference", "l", on),
            target(flavor, "p", "l"),
            both(conditions),
        )
