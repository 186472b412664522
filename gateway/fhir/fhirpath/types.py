"""The types of items, and what each is a kind of (http://hl7.org/fhirpath/N1/#types)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.fhirpath.nodes import Node, fields
from gateway.fhir.fhirpath.quantity import Quantity
from gateway.fhir.fhirpath.temporal import Temporal

if TYPE_CHECKING:
    from gateway.fhir.fhirpath.nodes import Item

_SYSTEM: Final = {
    "Boolean": bool, "Integer": int, "Decimal": Decimal, "String": str, "Quantity": Quantity,
}  # fmt: skip
_TEMPORAL: Final = {"Date": "date", "DateTime": "dateTime", "Time": "time"}
# https://hl7.org/fhir/R4/datatypes.html: what specializes what.
_ABOVE: Final = {
    **dict.fromkeys(("code", "id", "markdown"), "string"),
    **dict.fromkeys(("url", "canonical", "oid", "uuid"), "uri"),
    **dict.fromkeys(("positiveInt", "unsignedInt"), "integer"),
    **dict.fromkeys(("Age", "Duration", "Count", "Distance", "SimpleQuantity"), "Quantity"),
    **dict.fromkeys(("Timing", "Dosage", "ElementDefinition"), "BackboneElement"),
    "BackboneElement": "Element",
    "DomainResource": "Resource",
    "key": "System.String",
}
_NO_DOMAIN: Final = frozenset({"Bundle", "Binary", "Parameters"})
_PRIMITIVES: Final = frozenset(
    {
        "boolean",
        "integer",
        "string",
        "decimal",
        "uri",
        "url",
        "canonical",
        "base64Binary",
        "instant",
    }
    | {"date", "dateTime", "time", "code", "oid", "id", "markdown", "unsignedInt", "positiveInt"}
    | {"uuid", "xhtml"}
)
_SYSTEM_OF: Final = {
    bool: "Boolean", int: "Integer", str: "String", Quantity: "Quantity",
}  # fmt: skip


@cache
def known_type(name: str) -> bool:
    """Whether FHIR or the System namespace has a type of that name."""
    plain_name = name.rpartition(".")[2]
    if name.startswith("System."):
        return plain_name in {**_SYSTEM, **_TEMPORAL, "Any": None}
    kinds = plain_name in _PRIMITIVES or plain_name in resource_types() or plain_name in _ABOVE
    return kinds or bool(fields(plain_name)) or plain_name in {**_SYSTEM, **_TEMPORAL}


def is_a(item: Item, name: str) -> bool:
    """Whether an item is of a type, named with or without its namespace, or of one below it."""
    namespace, _, kind = name.rpartition(".")
    if not isinstance(item, Node):
        return namespace != "FHIR" and _is_system(item, kind)
    if namespace == "System" or item.type == "key":
        return kind == "String" and item.type == "key" and namespace != "FHIR"
    return kind in _kinds(item.type)


def _is_system(item: Item, kind: str) -> bool:
    if isinstance(item, Temporal):
        return _TEMPORAL.get(kind) == item.kind
    wanted = _SYSTEM.get(kind)
    if isinstance(item, Decimal):
        return kind == "Decimal"
    return wanted is not None and type(item) is wanted


@cache
def _kinds(path: str) -> frozenset[str]:
    """Return a type and all it specializes."""
    found = {path}
    if "." in path:
        found.add("BackboneElement")
    elif path in resource_types():
        found |= {"Resource"} if path in _NO_DOMAIN else {"DomainResource", "Resource"}
    for one in tuple(found):
        above = _ABOVE.get(one)
        while above:
            found.add(above)
            above = _ABOVE.get(above)
    if path and not found & {"Resource"}:
        found.add("Element")
    return frozenset(found)


def type_of(item: Item) -> tuple[str, str]:
    """Return namespace and name."""
    if isinstance(item, Node) and item.type != "key":
        return "FHIR", "BackboneElement" if "." in item.type else item.type
    if isinstance(item, Temporal):
        return "System", item.kind[0].upper() + item.kind[1:]
    return "System", "Decimal" if isinstance(item, Decimal) else _SYSTEM_OF.get(
        type(item), "String"
    )
