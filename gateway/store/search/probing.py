"""Finds out which condition is selective, by asking for its first few resources.

Neither database can know: SQLite keeps no statistics, and PostgreSQL's do not know which values go
together. A condition that finds few resources is replaced by their list; then every statement
starts from that list, and costs the same however many resources there are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.store.search.leaves import Leaf, together
from gateway.store.search.nodes import All, Chained, Column, Either, Listed, Pointed, Window
from gateway.store.search.sql import Piece, both, current, piece, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.search.asking import Asker
    from gateway.store.search.nodes import Node

# So many resources are few: reading them costs about a millisecond.
FEW: Final = 1000
# So many are gathered when walking finds too little.
MANY: Final = 20_000


def probe(asker: Asker, node: Node, few: int = FEW) -> Node:
    """Return the list of the resources when they are few, else a node that is as good."""
    match node:
        case Leaf() | Column() | Window():
            return _listed(asker, node, few) or node
        case Chained() | Pointed():
            return _probe_link(asker, node, few)
        case Either(nodes):
            found = tuple(probe(asker, one, few) for one in nodes)
            lists = [one.rids for one in found if isinstance(one, Listed)]
            if len(lists) == len(found):
                return Listed(tuple(sorted(set().union(*lists))))
            return Either(found)
        case All(nodes):
            return _probe_all(asker, nodes, few)
        case _:
            return node


def _probe_link(asker: Asker, node: Chained | Pointed, few: int) -> Node:
    if node.node is None:
        return node
    found = replace(node, node=probe(asker, node.node, few))
    # Behind many resources there may be many more: only few of them are followed.
    if isinstance(found.node, Listed):
        return _listed(asker, found, few) or found
    return found


def _probe_all(asker: Asker, nodes: tuple[Node, ...], few: int) -> Node:
    nodes = merged(nodes)
    found = selective(asker, nodes, few)
    if found is None:
        return All(nodes)
    rids, others = found
    return Listed(kept(asker, rids, others))


def merged(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return the nodes, several ranges of one parameter as one window."""
    by_parameter: dict[tuple[str, tuple[int, ...]], list[Leaf]] = {}
    for node in nodes:
        if isinstance(node, Leaf) and node.ranges:
            by_parameter.setdefault((node.table, node.params), []).append(node)
    several = [tuple(leaves) for leaves in by_parameter.values() if len(leaves) > 1]
    windows = [Window(*together(leaves), leaves) for leaves in several]
    covered = [leaf for leaves in several for leaf in leaves]
    return (*windows, *(node for node in nodes if node not in covered))


def selective(
    asker: Asker, nodes: Sequence[Node], few: int = FEW
) -> tuple[tuple[int, ...], list[Node]] | None:
    """Return few resources that hold all that meet the nodes, and the nodes left to look at.

    None when no node is selective by itself.
    """
    for node in sorted(nodes, key=promise):
        found = probe(asker, node, few)
        if isinstance(found, Listed):
            return found.rids, [one for one in nodes if one is not node]
    return None


def kept(asker: Asker, rids: tuple[int, ...], others: list[Node]) -> tuple[int, ...]:
    """Return those of the resources that meet the other nodes too."""
    if not rids or not others:
        return rids
    conditions = [Piece("WHERE r.deleted = 0"), *(one.test("r", asker.flavor) for one in others)]
    place = Piece("FROM") + asker.flavor.listed(rids)
    join = current(asker.flavor, "r", "j.rid")
    found = asker.rows(select("r.rid", place, join, both(conditions)))
    return tuple(sorted(row[0] for row in found))


def _listed(asker: Asker, node: Node, few: int) -> Listed | None:
    source = node.source(asker.flavor)
    if source is None:
        return None
    found = asker.rows(source + piece("LIMIT ?", few + 1))
    return Listed(tuple(sorted({row[0] for row in found}))) if len(found) <= few else None


# The smaller, the sooner it is asked for: what is known, then what is mostly about one resource.
_PROMISES: Final = {
    "index_reference": 2,
    "index_uri": 2,
    "index_composite": 3,
    "index_word": 3,
    "index_string": 3,
    "index_token": 4,
    "index_quantity": 6,
    "index_date": 6,
}


_OTHERS: Final = 5
_LAST: Final = 9


def promise(node: Node) -> int:
    """Return in which order nodes are asked: the smaller, the sooner."""
    if isinstance(node, Listed):
        return 0
    if isinstance(node, Column | Window):
        return 1
    if isinstance(node, Leaf):
        return _PROMISES[node.table] if node.alternatives or node.ranges else _LAST
    return _OTHERS
