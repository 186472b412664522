"""References :above and :below: resources that are parts of each other.

https://hl7.org/fhir/R4/search.html#recursive. The parent is what the parameter `partof` or
`part-of` of a type points to, where it points to the same type.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.search.parameters import parameter
from gateway.fhir.search.values import ReferenceValue, TooCostly
from gateway.store.search.sql import Piece, both, current, piece, select

if TYPE_CHECKING:
    from gateway.fhir.search.conditions import Clause
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.store.search.asking import Asker

_PARENTS: Final = ("partof", "part-of")
_MOST: Final = 10_000


def related(asker: Asker, clause: Clause) -> Clause:
    """Return the clause with everything above or below its values, without modifier.

    Raises `Unsupported` for types that have no parent, `TooCostly` over 10 000 resources.
    """
    values: dict[ReferenceValue, None] = {}
    for value in clause.values:
        if isinstance(value, ReferenceValue):
            values |= dict.fromkeys(_around(asker, clause, value))
    return replace(clause, modifier="", values=tuple(values))


def parent_of(resource_type: str) -> SearchParameter | None:
    """Return the parameter by which a type names its parent."""
    for code in _PARENTS:
        found = parameter(resource_type, code)
        if found is not None and resource_type in found.targets:
            return found
    return None


def _around(asker: Asker, clause: Clause, value: ReferenceValue) -> list[ReferenceValue]:
    types = (value.type,) if value.type else clause.parameter.targets
    parents = {name: parent_of(name) for name in types}
    known = {name: found for name, found in parents.items() if found is not None}
    if not known:
        message = (
            f"{clause.parameter.code}:{clause.modifier} is not supported: what it points to has no "
            "parent."
        )
        raise Unsupported(message, expression=clause.parameter.code)
    return [
        ReferenceValue(name, each)
        for name, found in known.items()
        for each in _family(asker, found, value.id, up=clause.modifier == "above")
    ]


def _family(asker: Asker, parent: SearchParameter, start: str, *, up: bool) -> dict[str, None]:
    """Return the id and all ids above or below it; a circle ends where it began."""
    seen = {start: None}
    edge = [start]
    while edge:
        step = _parents if up else _children
        found = dict.fromkeys(row[0] for row in asker.rows(step(asker, parent, edge)))
        edge = [one for one in found if one not in seen]
        seen |= dict.fromkeys(edge)
        if len(seen) > _MOST:
            message = f"More than {_MOST} resources are above or below: ask for fewer."
            raise TooCostly(message, expression=parent.code)
    return seen


def _children(asker: Asker, parent: SearchParameter, ids: list[str]) -> Piece:
    flavor = asker.flavor
    place = Piece(f"FROM {flavor.by_value('index_reference', 'l')}")
    conditions = [
        Piece("WHERE r.deleted = 0"),
        flavor.among("l.target_id", ids),
        piece("l.target_type = ? AND l.param = ?", parent.type, parent.id),
    ]
    return select("r.id", place, current(flavor, "r", "l.rid"), both(conditions))


def _parents(asker: Asker, parent: SearchParameter, ids: list[str]) -> Piece:
    flavor = asker.flavor
    on = piece("l.rid = r.rid AND l.param = ?", parent.id)
    conditions = [
        flavor.among("WHERE r.id", ids),
        piece("r.type = ? AND r.deleted = 0 AND l.target_type = ?", parent.type, parent.type),
    ]
    place = Piece("FROM resource r")
    return select("l.target_id", place, flavor.lookup("index_reference", "l", on), both(conditions))
