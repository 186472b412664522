"""What XML needs to know of a type: its elements in order, and how each is written.

https://hl7.org/fhir/R4/xml.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final

from gateway.fhir.definitions import member, resource_types

FHIR: Final = "http://hl7.org/fhir"
XHTML: Final = "http://www.w3.org/1999/xhtml"


class Kind(Enum):
    """How the value of an element is written."""

    #: In the attribute `value`, as it is.
    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    #: An attribute of the element itself: `Element.id`, `Extension.url`.
    ATTRIBUTE = "attribute"
    #: XHTML in its own namespace.
    XHTML = "xhtml"
    #: An element that holds a whole resource.
    RESOURCE = "resource"
    #: Elements of its own.
    COMPLEX = "complex"


_KINDS: Final = {
    "Resource": Kind.RESOURCE,
    "boolean": Kind.BOOLEAN,
    "decimal": Kind.DECIMAL,
    "integer": Kind.INTEGER,
    "key": Kind.ATTRIBUTE,
    "positiveInt": Kind.INTEGER,
    "unsignedInt": Kind.INTEGER,
    "xhtml": Kind.XHTML,
}
# The one type whose elements the compiled definitions list in another order than R4 does.
_LATER: Final = {"EvidenceVariable.characteristic": ("exclude", "usageContext")}


@dataclass(frozen=True, slots=True)
class Element:
    """One JSON name of a type: how it is written, its type, whether JSON has an array."""

    name: str
    kind: Kind
    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The elements of a type by JSON name, in the order that XML demands."""

    path: str
    elements: dict[str, Element]
    attributes: frozenset[str]


@cache
def layout(path: str) -> Layout:
    """Return the layout of a datatype, resource type or backbone element; KeyError for none."""
    rows: dict[str, list[Any]] = _type(path.partition(".")[0])[path]
    names = list(rows)
    if path in _LATER:
        late, after = _LATER[path]
        names.remove(late)
        names.insert(names.index(after) + 1, late)
    elements = {name: _element(name, rows[name]) for name in names}
    attributes = (name for name in names if elements[name].kind is Kind.ATTRIBUTE)
    return Layout(path, elements, frozenset(attributes))


@cache
def _type(name: str) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = member(f"{name}.json")
    return found


def _element(name: str, row: list[Any]) -> Element:
    type_name, _, high = row[:3]
    return Element(name, _kind(type_name), type_name, high != 1)


def _kind(type_name: str) -> Kind:
    primitive = type_name[0].islower()
    return _KINDS.get(type_name, Kind.TEXT if primitive else Kind.COMPLEX)


def is_resource_type(name: object) -> bool:
    """Whether `name` is a resource type of R4."""
    return isinstance(name, str) and name in resource_types()
