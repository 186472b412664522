"""A query's conditions as nodes (https://hl7.org/fhir/R4/search.html).

What only the data tells is looked up here: members of a list, what lies below a location, who is
near. The rest is not looked at before `gateway.store.search.probing`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.definitions import resource_types
from gateway.fhir.search.conditions import (
    EVERY_TYPE,
    AllOf,
    AnyOf,
    Chain,
    Clause,
    Has,
    Members,
    NotOf,
)
from gateway.fhir.search.parameters import Kind, parameter_id
from gateway.fhir.search.quantities import COMMON
from gateway.fhir.search.values import (
    CompositeValue,
    DateValue,
    NearValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    TokenValue,
    WordsValue,
)
from gateway.store.search.boxes import date_boxes, number_boxes
from gateway.store.search.hierarchy import related
from gateway.store.search.leaves import Leaf, Ranged, grouped_matches
from gateway.store.search.matches import matches, quantity_unit
from gateway.store.search.members import members_of
from gateway.store.search.near import near
from gateway.store.search.nodes import All, Chained, Column, Either, Listed, Not, Pointed
from gateway.store.search.sql import Piece, either, piece
from gateway.store.search.words import words_node

if TYPE_CHECKING:
    from gateway.fhir.search.conditions import Condition
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.values import Value
    from gateway.store.search.asking import Asker
    from gateway.store.search.nodes import Node
    from gateway.store.search.sql import Flavor

TABLES: Final = {
    Kind.TOKEN: "index_token",
    Kind.STRING: "index_string",
    Kind.DATE: "index_date",
    Kind.REFERENCE: "index_reference",
    Kind.URI: "index_uri",
    Kind.NUMBER: "index_quantity",
    Kind.QUANTITY: "index_quantity",
    Kind.COMPOSITE: "index_composite",
}
# Where a value of this kind may have a row instead: a code that is only text, a reference that is
# only an identifier.
_ELSEWHERE: Final = {Kind.TOKEN: "index_string", Kind.REFERENCE: "index_token"}
_OF_MODIFIER: Final = {"text": "index_string", "identifier": "index_token"}


class Compiler:
    """Makes nodes; `types` are those that are searched for, empty for all."""

    def __init__(self, asker: Asker) -> None:
        """Look up by `asker` what must be known."""
        self._asker = asker
        self._flavor = asker.flavor

    def node(  # noqa: PLR0911 - one return a kind of condition
        self, condition: Condition, types: tuple[str, ...], level: int = 0
    ) -> Node:
        """Return the node of a condition on resources of the types."""
        match condition:
            case Clause():
                return self._clause(condition, types)
            case AnyOf(conditions):
                return Either(tuple(self.node(one, types, level) for one in conditions))
            case AllOf(conditions):
                return All(tuple(self.node(one, types, level) for one in conditions))
            case NotOf(negated):
                return Not(self.node(negated, types, level))
            case Chain():
                return self._chain(condition, types, level)
            case Has():
                return self._has(condition, types, level)
            case Members(list_id):
                return Listed(members_of(self._asker, list_id))

    def _chain(self, chain: Chain, types: tuple[str, ...], level: int) -> Node:
        params = param_ids(chain.parameter, types)
        branches = tuple(
            Chained(params, name, self.node(inner, (name,), level + 1), level)
            for name, inner in chain.branches
        )
        return branches[0] if len(branches) == 1 else Either(branches)

    def _has(self, has: Has, types: tuple[str, ...], level: int) -> Node:
        inner = (
            None if has.condition is None else self.node(has.condition, (has.source,), level + 1)
        )
        return Pointed(param_ids(has.parameter, (has.source,)), types, inner, level)

    def _clause(self, clause: Clause, types: tuple[str, ...]) -> Node:
        found = clause.parameter
        if found.code in _COLUMNS:
            return _column(clause, types, self._flavor)
        if clause.missing is not None:
            present = _present(found, types)
            return Not(present) if clause.missing else present
        if clause.modifier == "not":
            return Not(self._leaf(clause, types))
        if found.kind is Kind.SPECIAL:
            return self._special(clause, types)
        if found.kind is Kind.REFERENCE and clause.modifier in ("above", "below"):
            return self._leaf(related(self._asker, clause), types)
        return self._leaf(clause, types)

    def _leaf(self, clause: Clause, types: tuple[str, ...]) -> Node:
        found = clause.parameter
        table = _OF_MODIFIER.get(clause.modifier, TABLES[found.kind])
        common = [_in_common_unit(value) for value in clause.values]
        if len(set(common)) > 1:
            return Either(tuple(self._leaf(one, types) for one in _apart(clause, common)))
        code = found.code + _rows_of(clause.modifier, common=any(common))
        params = param_ids(found, types, code)
        ranges = _ranges(clause)
        if ranges:
            return Leaf(table, params, ranges=ranges)
        some = [one for value in clause.values for one in matches(clause, value, self._flavor)]
        if not some:
            return Listed(())
        in_order = len(some) == 1 and len(params) == 1 and some[0].in_order
        return Leaf(table, params, grouped_matches(some), in_order=in_order)

    def _special(self, clause: Clause, types: tuple[str, ...]) -> Node:
        nodes: list[Node] = []
        for value in clause.values:
            if isinstance(value, NearValue):
                nodes.append(Listed(near(self._asker, value)))
            elif isinstance(value, WordsValue):
                nodes.append(words_node(param_ids(clause.parameter, types), value))
            else:
                message = f"The parameter {clause.parameter.code} cannot be searched in this way."
                raise Unsupported(message, expression=clause.parameter.code)
        return nodes[0] if len(nodes) == 1 else Either(tuple(nodes))


def _in_common_unit(value: Value) -> bool:
    if isinstance(value, CompositeValue):
        return any(map(_in_common_unit, value.parts))
    return isinstance(value, QuantityValue) and value.in_common_unit


def _apart(clause: Clause, common: list[bool]) -> tuple[Clause, Clause]:
    """Return the clause for its values in common units and for the others: each has its rows."""
    pairs = list(zip(clause.values, common, strict=True))
    some, others = (
        tuple(one for one, is_common in pairs if is_common is each) for each in (True, False)
    )
    return replace(clause, values=some), replace(clause, values=others)


def _rows_of(modifier: str, *, common: bool) -> str:
    return ":of-type" if modifier == "of-type" else COMMON if common else ""


def param_ids(found: SearchParameter, types: tuple[str, ...], code: str = "") -> tuple[int, ...]:
    """Return what rows of a parameter carry; one of every type has a number in each of them."""
    name = code or found.code
    if found.type != EVERY_TYPE:
        return (parameter_id(found.type, name),)
    return tuple(parameter_id(each, name) for each in types or sorted(resource_types()))


def _ranges(clause: Clause) -> tuple[Ranged, ...]:
    found: list[Ranged] = []
    for value in clause.values:
        if isinstance(value, DateValue):
            found += [Ranged(box) for box in date_boxes(value)]
        elif isinstance(value, NumberValue):
            found += [Ranged(box) for box in number_boxes(value)]
        elif isinstance(value, QuantityValue):
            unit = quantity_unit(value, "code", "system")
            found += [Ranged(box, unit) for box in number_boxes(value)]
    return tuple(found)


def _present(found: SearchParameter, types: tuple[str, ...]) -> Node:
    params = param_ids(found, types)
    own = Leaf(TABLES[found.kind], params)
    other = _ELSEWHERE.get(found.kind)
    return own if other is None else Either((own, Leaf(other, params)))


_COLUMNS: Final = frozenset({"_id", "_lastUpdated"})


def _column(clause: Clause, types: tuple[str, ...], flavor: Flavor) -> Node:
    named = types if clause.parameter.type == EVERY_TYPE else (clause.parameter.type,)
    kinds = named or tuple(sorted(resource_types()))
    if clause.parameter.code == "_id":
        # Some write the identity of a resource as a reference to it.
        ids = [one.code for one in clause.values if isinstance(one, TokenValue) and one.code]
        ids += [one.id for one in clause.values if isinstance(one, ReferenceValue)]
        return Column("id", _identified(list(dict.fromkeys(ids)), flavor), kinds)
    instants = [value for value in clause.values if isinstance(value, DateValue)]
    found = [_updated(box.ends) for value in instants for box in date_boxes(value)]
    return Column("updated", either(found), kinds)


def _identified(ids: list[str], flavor: Flavor) -> Piece:
    # A list, not alternatives: of those PostgreSQL's searches would read every resource of a type.
    return piece("{r}.id = ?", ids[0]) if len(ids) == 1 else flavor.among("{r}.id", ids)


def _updated(ends: tuple[float, float, float, float]) -> Piece:
    """Return that the instant of an update, [updated, updated + 1), lies in a box."""
    low_from, low_to, high_from, high_to = ends
    return piece(
        "{r}.updated >= ? AND {r}.updated < ?",
        max(low_from, high_from - 1),
        min(low_to, high_to - 1),
    )
