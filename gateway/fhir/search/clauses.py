"""One parameter with its modifier as a clause: https://hl7.org/fhir/R4/search.html#modifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Unsupported
from gateway.fhir.search.conditions import EVERY_TYPE, AllOf, AnyOf, Clause, NotOf
from gateway.fhir.search.parameters import Kind, parameter
from gateway.fhir.search.reading import (
    is_type,
    of_type_value,
    read_value,
    reference_value,
    string_value,
    token_value,
)
from gateway.fhir.search.subsumption import member_values, related_values
from gateway.fhir.search.values import InvalidSearch, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.search.conditions import Condition
    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.reader import Reader
    from gateway.fhir.search.values import Value

_MISSING: Final = frozenset({"missing"})
_HIERARCHY: Final = frozenset({"above", "below"})
_MEMBERSHIP: Final = frozenset({"in", "not-in"})
MODIFIERS: Final = {
    Kind.TOKEN: _MISSING | _HIERARCHY | _MEMBERSHIP | {"not", "text", "of-type"},
    Kind.STRING: _MISSING | {"exact", "contains"},
    Kind.DATE: _MISSING,
    Kind.NUMBER: _MISSING,
    Kind.QUANTITY: _MISSING,
    Kind.COMPOSITE: _MISSING,
    # And the name of a type.
    Kind.REFERENCE: _MISSING | _HIERARCHY | {"identifier"},
    Kind.URI: _MISSING | _HIERARCHY,
    Kind.SPECIAL: frozenset[str](),
}
# Every resource has these, and they are columns of the store: never missing, never coded.
_OF_COLUMNS: Final = {"_id": frozenset({"not"}), "_lastUpdated": frozenset[str]()}


class UnknownParameter(Unsupported):
    """A parameter that its type does not have."""


def read_clause(reader: Reader, resource_type: str, name: str, text: str) -> Condition:
    """Read `code` or `code:modifier` with the values in `text`.

    Raises `Unsupported` or `InvalidSearch`.
    """
    code, _, modifier = name.partition(":")
    found = known_parameter(resource_type, code)
    if modifier == "missing" and may_be_missing(found):
        return missing_clause(reader, found, name, text)
    if modifier == "missing" and code in _OF_COLUMNS:
        # Every resource has them.
        return AnyOf(()) if missing_clause(reader, found, name, text).missing else AllOf(())
    _check_modifier(found, modifier)
    pieces = split(text, ",")
    if modifier == "not" and code in _OF_COLUMNS:
        return NotOf(clause_of(reader, found, "", pieces))
    return clause_of(reader, found, modifier, pieces)


def missing_clause(reader: Reader, found: SearchParameter, name: str, text: str) -> Clause:
    """Return the clause of `name:missing`; raises `InvalidSearch`."""
    if text not in ("true", "false"):
        message = f"{name[:64]} is true or false."
        raise InvalidSearch(message, expression=found.code)
    reader.take_condition()
    return Clause(found, "missing", (), missing=text == "true")


def clause_of(
    reader: Reader, found: SearchParameter, modifier: str, pieces: Sequence[str]
) -> Clause:
    """Return the clause of the values in `pieces`; the modifier is one of its kind, or of _filter.

    Raises `Unsupported` or `InvalidSearch`.
    """
    if not all(pieces):
        message = f"{found.code} has an empty value."
        raise InvalidSearch(message, expression=found.code)
    reader.take_values(len(pieces))
    if modifier in _MEMBERSHIP:
        kept = "not" if modifier == "not-in" else ""
        return Clause(found, kept, member_values(reader, found, pieces))
    if modifier in _HIERARCHY and found.kind is Kind.TOKEN:
        return Clause(found, "", related_values(reader, found, modifier, pieces))
    values = tuple([_value(reader, found, modifier, piece) for piece in pieces])
    return Clause(found, "" if is_type(modifier) else modifier, values)


def known_parameter(resource_type: str, code: str) -> SearchParameter:
    """Return the parameter of a type; raises `UnknownParameter`."""
    found = parameter(resource_type, code)
    if found is not None:
        return found
    message = f"{code[:64]} is not a search parameter of {resource_type}."
    if resource_type == EVERY_TYPE:
        message = f"{code[:64]} is not a search parameter of every type: name the types in _type."
    raise UnknownParameter(message, expression=code[:64])


def may_be_missing(found: SearchParameter) -> bool:
    """Whether a resource may be asked for having no value of the parameter."""
    return "missing" in _modifiers(found)


def _check_modifier(found: SearchParameter, modifier: str) -> None:
    if not modifier or modifier in _modifiers(found):
        return
    if found.kind is not Kind.REFERENCE or not is_type(modifier):
        message = f"The modifier :{modifier[:64]} of {found.code} is not supported."
        raise Unsupported(message, expression=found.code)


def _modifiers(found: SearchParameter) -> frozenset[str]:
    return _OF_COLUMNS.get(found.code, MODIFIERS[found.kind])


def _value(reader: Reader, found: SearchParameter, modifier: str, text: str) -> Value:
    match modifier:
        case "":
            return read_value(text, found, reader.local_bases)
        case "identifier" | "not":
            return token_value(text)
        case "of-type":
            return of_type_value(text, found)
        case "exact" | "contains" | "text" | "equals" | "ends":
            return string_value(text, found)
        case _ if is_type(modifier):
            return reference_value(text, found, modifier, reader.local_bases)
        case _:
            return read_value(text, found, reader.local_bases)
