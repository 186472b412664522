"""What is read at the end of a path under a parameter: the kind's own rows, and its modifiers'.

A datatype is taken apart into paths below it, so that the tree meets each of its elements once.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.converters import (
    Converter,
    coding,
    converter,
    display,
    identifier,
    identifier_of_reference,
    identifier_of_type,
    reference_to,
    resource_itself,
    sounds,
    strings,
    type_text,
)
from gateway.fhir.search.parameters import Kind, parameter_id
from gateway.fhir.search.quantities import COMMON, in_common_units, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.fhir.search.parameters import SearchParameter
    from gateway.fhir.search.tree import Path


class Table(IntEnum):
    """The fields of IndexRows in their order, but for the composites."""

    TOKENS = 0
    STRINGS = 1
    DATES = 2
    REFERENCES = 3
    URIS = 4
    QUANTITIES = 5


# (names of the elements below, field of IndexRows, parameter id, converter).
Emit = tuple[tuple[str, ...], Table, int, Converter]

_TABLES: Final = {
    Kind.TOKEN: Table.TOKENS,
    Kind.STRING: Table.STRINGS,
    Kind.DATE: Table.DATES,
    Kind.REFERENCE: Table.REFERENCES,
    Kind.URI: Table.URIS,
    Kind.NUMBER: Table.QUANTITIES,
    Kind.QUANTITY: Table.QUANTITIES,
}
_NO_STEP: Final[tuple[str, ...]] = ()
# The texts of a datatype: those that a string parameter reads, and that :text compares.
_TEXTS: Final[dict[str, dict[tuple[str, ...], Converter]]] = {
    "HumanName": dict.fromkeys(
        (("family",), ("given",), ("prefix",), ("suffix",), ("text",)), strings
    ),
    "Address": dict.fromkeys(
        (
            *(("line",), ("city",), ("district",), ("state",)),
            *(("postalCode",), ("country",), ("text",)),
        ),
        strings,
    ),
    "CodeableConcept": {("text",): strings, ("coding",): display},
    "Coding": {_NO_STEP: display},
    "Identifier": {_NO_STEP: type_text},
    "Annotation": {("text",): strings},
}


def main_emits(
    parameter: SearchParameter, path: Path, local_bases: tuple[str, ...]
) -> Iterator[Emit]:
    """Give what is read of the values of a parameter, at the end of one of its paths."""
    table, identity = _TABLES[parameter.kind], parameter.id
    name, _, system = path.type.partition("@")
    if parameter.kind is Kind.STRING:
        for steps, convert in _TEXTS.get(name, {_NO_STEP: strings}).items():
            yield steps, table, identity, sounds if parameter.phonetic else convert
    elif parameter.kind is Kind.TOKEN and name == "CodeableConcept":
        yield ("coding",), table, identity, coding
    elif parameter.kind is not Kind.REFERENCE or name == "canonical":
        yield _NO_STEP, table, identity, converter(parameter.kind, name, system)
    elif name == "Resource":
        yield _NO_STEP, table, identity, resource_itself(parameter.targets)
    else:
        yield _NO_STEP, table, identity, reference_to(path.target, local_bases)


def emits(parameter: SearchParameter, path: Path, local_bases: tuple[str, ...]) -> Iterator[Emit]:
    """Give all that is read at the end of a path of a parameter, which is no composite."""
    if parameter.kind is Kind.SPECIAL:
        yield from _position(parameter)
        return
    yield from main_emits(parameter, path, local_bases)
    if parameter.kind is Kind.QUANTITY:
        yield _common(parameter, path.type)
    elif parameter.kind is Kind.TOKEN:
        yield from _token_modifiers(parameter, path.type)
    elif parameter.kind is Kind.REFERENCE and path.type == "Reference":
        yield _logical(parameter, path.target)


def _position(parameter: SearchParameter) -> Iterator[Emit]:
    """Give both numbers of Location.position, each under an id of its own."""
    for axis in ("latitude", "longitude"):
        identity = parameter_id(parameter.type, f"{parameter.code}:{axis}")
        yield (axis,), Table.QUANTITIES, identity, numbers


def _common(parameter: SearchParameter, type_name: str) -> Emit:
    identity = parameter_id(parameter.type, parameter.code + COMMON)
    convert = in_common_units(converter(parameter.kind, type_name.partition("@")[0], ""))
    return _NO_STEP, Table.QUANTITIES, identity, convert


def _token_modifiers(parameter: SearchParameter, type_name: str) -> Iterator[Emit]:
    for steps, convert in _TEXTS.get(type_name, {}).items():
        yield steps, Table.STRINGS, parameter.id, convert
    if type_name == "Identifier":
        of_type = parameter_id(parameter.type, f"{parameter.code}:of-type")
        yield _NO_STEP, Table.TOKENS, of_type, identifier_of_type


def _logical(parameter: SearchParameter, target: str) -> Emit:
    if target:
        return _NO_STEP, Table.TOKENS, parameter.id, identifier_of_reference(target)
    return ("identifier",), Table.TOKENS, parameter.id, identifier
