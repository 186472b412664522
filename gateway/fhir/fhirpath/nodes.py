"""Elements of a resource with their R4 type: what FHIRPath walks over."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import elements, resource_types
from gateway.fhir.fhirpath.quantity import UCUM, Quantity
from gateway.fhir.fhirpath.temporal import Temporal, read_dated, read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UCUM_SYSTEM: Final = "http://unitsofmeasure.org"
_CALENDAR: Final = {"a": "year", "mo": "month"}
_QUANTITIES: Final = frozenset(
    {"Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "MoneyQuantity"}
)
_DATED: Final = frozenset({"date", "dateTime", "instant"})
#: The types whose values are texts and nothing else.
PLAIN: Final = frozenset({"string", "code", "uri", "url", "canonical", "id", "markdown", "key"})
_ANY_RESOURCE: Final = frozenset({"Resource", "DomainResource"})
_FEW: Final = 3
# {name: ((JSON name, type), ...)}
Fields = dict[str, tuple[tuple[str, str], ...]]

# An item of a collection: a Node, or a bool, int, Decimal, str, Temporal or Quantity.
Item = Any
Collection = list[Item]


class Node:
    """An element: its JSON value, the path of its type, and what `_name` says of a primitive.

    The type is empty when nobody knows it; `value` is None for a primitive with extensions alone.
    """

    __slots__ = ("extra", "type", "value")

    def __init__(self, value: Item, type_path: str = "", extra: Item = None) -> None:
        """Take an element as it stands in JSON."""
        self.value = value
        self.type = type_path
        self.extra = extra

    def __repr__(self) -> str:
        """Tell the type, and never the value."""
        return f"Node({self.type})"


def node(value: Item, type_path: str = "", extra: Item = None) -> Item:
    """Return a JSON value as an item; a resource brings its type along."""
    if isinstance(value, dict) and type_path in ("", *_ANY_RESOURCE):
        named = value.get("resourceType")
        type_path = named if isinstance(named, str) else type_path
    if isinstance(value, dict) or type_path:
        return Node(value, type_path, extra)
    return _number(value) if isinstance(value, float) else value


@cache
def fields(type_path: str) -> Fields:
    """Return what a type may have by its FHIRPath names; nothing for a type that is not known."""
    try:
        rows = elements(type_path)
    except KeyError:
        return {}
    found: Fields = {}
    for name, row in rows.items():
        choice = (row[3:4] or [None])[0] or name
        found[choice] = (*found.get(choice, ()), (name, row[0]))
        if choice != name:
            found[name] = ((name, row[0]),)
    return found


def children(item: Node, name: str) -> Collection:
    """Return the child elements of that name."""
    value = item.value
    if not isinstance(value, dict):
        return _of_primitive(item, name)
    found: Collection = []
    for json_name, hidden, type_path in _there(item.type, name, value):
        one, extra = value.get(json_name), value.get(hidden)
        if type(one) is str:
            found.append(Node(one, type_path, extra) if type_path else one)
        elif one is not None or extra is not None:
            _append(found, one, extra, type_path)
    return found


def _there(type_path: str, name: str, value: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Return the names in JSON that an element may have here, with their types."""
    if not type_path:
        return _guess(value, name)
    listed = _named(type_path, name)
    if len(listed) <= _FEW:
        return listed
    # A choice has up to fifty names, an object a few.
    known = _choice(type_path, name)
    return dict.fromkeys(known[key] for key in value if key in known)


@cache
def _named(type_path: str, name: str) -> tuple[tuple[str, str, str], ...]:
    """Return (name in JSON, that of what stands beside it, type)."""
    return tuple((key, f"_{key}", kind) for key, kind in fields(type_path).get(name, ()))


@cache
def _choice(type_path: str, name: str) -> dict[str, tuple[str, str, str]]:
    return {key: row for row in _named(type_path, name) for key in row[:2]}


@cache
def is_plain(type_path: str, name: str) -> bool:
    """Whether an element is one text in JSON under its own name."""
    listed = fields(type_path).get(name, ())
    return len(listed) == 1 and listed[0][0] == name and listed[0][1] in PLAIN


def _of_primitive(item: Node, name: str) -> Collection:
    if isinstance(item.extra, dict) and name in ("extension", "id"):
        return children(Node(item.extra, "Element"), name)
    return []


def _guess(value: dict[str, Any], name: str) -> Iterator[tuple[str, str, str]]:
    """Find an element where the type is not known: `value` may be written valueString."""
    if name in value or f"_{name}" in value:
        yield name, f"_{name}", "Extension" if name == "extension" else ""
        return
    size = len(name)
    for key in value:
        if key.startswith(name) and key[size : size + 1].isupper():
            kind = key[size:]
            yield key, f"_{key}", kind if fields(kind) else kind[0].lower() + kind[1:]


def _append(found: Collection, value: Item, extra: Item, type_path: str) -> None:
    make = Node if type_path and type_path not in _ANY_RESOURCE else node
    if not isinstance(value, list) and not isinstance(extra, list):
        found.append(make(value, type_path, extra))
    elif extra is None and isinstance(value, list):
        found += [make(one, type_path) for one in value if one is not None]
    else:
        _append_beside(found, value, extra, type_path)


def _append_beside(found: Collection, values: Item, extras: Item, type_path: str) -> None:
    """Append primitives with what stands beside them."""
    lists = (one if isinstance(one, list) else [] for one in (values, extras))
    for one, beside in zip_longest(*lists):
        if one is not None or beside is not None:
            found.append(node(one, type_path, beside))


def all_children(item: Item) -> Collection:
    """Return every child element, in the order of JSON."""
    if not isinstance(item, Node):
        return []
    if not isinstance(item.value, dict):
        return [one for name in ("id", "extension") for one in _of_primitive(item, name)]
    names = dict.fromkeys(key.removeprefix("_") for key in item.value if key != "resourceType")
    return [one for name in names for one in children(item, name)]


def system(item: Item) -> Item:
    """Return a primitive or quantity as a value of FHIRPath; what is neither stays a Node.

    None for a primitive without a value. https://hl7.org/fhir/R4/fhirpath.html#types
    """
    if not isinstance(item, Node):
        return item
    value, kind = item.value, item.type
    if isinstance(value, str):
        return _text(value, kind)
    if isinstance(value, dict):
        return _quantity(value) if kind in _QUANTITIES else item
    if isinstance(value, float) or (kind == "decimal" and type(value) is int):
        return _number(value)
    return value


def _text(value: str, kind: str) -> Item:
    if kind in _DATED:
        found = read_dated(value)
        if found is not None and kind != "date":
            return Temporal("dateTime", found.parts, found.zone)
        return found or value
    return (read_time(value) or value) if kind == "time" else value


def _number(value: float) -> Decimal:
    return Decimal(str(value))


def _quantity(value: dict[str, Any]) -> Quantity | None:
    number = value.get("value")
    if number is None or value.get("comparator") is not None:
        return None
    code = value.get("code") if value.get("system") == _UCUM_SYSTEM else None
    unit = code or value.get("unit") or value.get("code") or "1"
    return Quantity(Decimal(str(number)), _CALENDAR.get(str(unit), str(unit)))


def plain(item: Item) -> Item:
    """Return an item as JSON has it."""
    if isinstance(item, Node):
        return item.value
    if isinstance(item, Temporal):
        return str(item)
    if isinstance(item, Quantity):
        code = UCUM.get(item.unit, item.unit)
        return {"value": item.value, "unit": item.unit, "system": _UCUM_SYSTEM, "code": code}
    return item


def is_resource(item: Item) -> bool:
    """Whether an item is a resource."""
    return isinstance(item, Node) and item.type in resource_types()
