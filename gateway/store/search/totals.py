"""How many match: exactly, or about (https://hl7.org/fhir/R4/search.html#total)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.store.search.nodes import Leaf, Listed
from gateway.store.search.selecting import in_order_of_rid, source_of
from gateway.store.search.sql import Piece, both, current, distinct, select

if TYPE_CHECKING:
    from gateway.store.search.asking import Asker
    from gateway.store.search.selecting import Scope

# So many are counted; beyond that an estimate is good enough.
COUNTED: Final = 5_000


def exactly(asker: Asker, scope: Scope) -> int:
    """Return how many match."""
    found = source_of(asker, scope)
    if found is None:
        place = Piece("FROM resource r WHERE")
        return asker.number(select("count(*)", place, both(scope.conditions(asker))))
    source, node = found
    if scope.nodes == (node,) and not isinstance(node, Listed):
        # Index rows are of current resources of the type: nothing else need be read.
        in_order = isinstance(node, Leaf) and node.in_order
        plain = Piece(f"FROM ({source.text}) s", source.values)
        return asker.number(select("count(*)", plain if in_order else distinct(source)))
    others = [one for one in scope.nodes if one is not node]
    place = distinct(source) + current(asker.flavor, "r", "h.rid") + Piece("WHERE")
    conditions = both(replace(scope, nodes=tuple(others)).conditions(asker))
    return asker.number(select("count(*)", place, conditions))


def about(asker: Asker, scope: Scope) -> tuple[int, bool]:
    """Return how many match, and whether that is an estimate.

    As many as are counted lie within some part of all resources: it goes on like that. Needs no
    statistics, and costs the same however many there are.
    """
    if scope.rids is not None:
        return exactly(asker, scope), False
    found = in_order_of_rid(asker, scope, 0, COUNTED)
    if len(found) < COUNTED:
        return len(found), False
    first = asker.number(Piece("SELECT min(rid) FROM resource"))
    last = asker.number(Piece("SELECT max(rid) FROM resource"))
    return max(COUNTED, round(COUNTED * (last - first + 1) / (found[-1] - first + 1))), True
