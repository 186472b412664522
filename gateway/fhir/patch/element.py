"""Elements of a resource where they stand: found by path, changed with what goes beside them.

A primitive has its value under its name and its id and extensions under `_name`
(https://hl7.org/fhir/R4/json.html#primitive); what is done to one is done to both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.fhirpath.nodes import Node, node
from gateway.fhir.validation.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.validation.shapes import Field
    from gateway.fhir.wire import Resource

# A value and what stands beside it under `_name`.
Pair = tuple[Any, Any]

_ALONE: Final = -1


@dataclass(frozen=True, slots=True)
class Element:
    """One element: the object and the JSON name that hold it, its index in a list, its type.

    `owner` is the type of what holds it; `node` is what FHIRPath sees of it.
    """

    holder: Resource
    name: str
    index: int
    type: str
    value: Any
    beside: Any = None
    owner: str = ""
    node: Node = field(init=False)

    def __post_init__(self) -> None:
        """Make the node once: picked elements are told by it."""
        object.__setattr__(self, "node", node(self.value, self.type, self.beside))

    @property
    def members(self) -> Resource | None:
        """What is under it; for a primitive its id and extensions."""
        inner = self.value if isinstance(self.value, dict) else self.beside
        return inner if isinstance(inner, dict) else None

    @property
    def shape_name(self) -> str:
        """The type whose elements it has."""
        if self.type == "Resource" and isinstance(self.value, dict):
            return str(self.value.get("resourceType"))
        return self.type if self.type[:1].isupper() else "Element"


def root(resource: Resource) -> Element:
    """Return the resource as an element."""
    return Element({}, "", _ALONE, resource["resourceType"], resource)


def children(one: Element, name: str) -> list[Element]:
    """Return the elements of that name under `one`, a choice under whatever type it has."""
    owner, members = one.shape_name, one.members
    named = fields(owner, name)
    if members is None:
        return []
    found: list[Element] = []
    for each in named:
        for index, (value, beside) in enumerate(pairs(members, each.name)):
            place = index if isinstance(_list(members, each.name), list) else _ALONE
            found.append(Element(members, each.name, place, each.type, value, beside, owner))
    return found


def fields(type_name: str, name: str) -> list[Field]:
    """Return the JSON names that an element name stands for; raises `Invalid` for none."""
    try:
        known = shape(type_name).fields
    except KeyError:
        known = {}
    base = name.removesuffix("[x]")
    if base in known:
        return [known[base]]
    found = [each for each in known.values() if each.choice == base]
    if not found:
        message = f"{type_name[:64]} has no element {name[:64]}."
        raise Invalid(message, expression=f"{type_name[:64]}.{name[:64]}")
    return found


def pairs(holder: Resource, name: str) -> list[Pair]:
    """Return the values under a name, one or many, each with what stands beside it."""
    value, beside = holder.get(name), holder.get(f"_{name}")
    if value is None and beside is None:
        return []
    if not isinstance(_list(holder, name), list):
        return [(value, beside)]
    values = value if isinstance(value, list) else []
    others = beside if isinstance(beside, list) else []
    size = max(len(values), len(others))
    return list(zip(_padded(values, size), _padded(others, size), strict=True))


def _list(holder: Resource, name: str) -> Any:  # noqa: ANN401 - any JSON
    return holder.get(name, holder.get(f"_{name}"))


def _padded(items: list[Any], size: int) -> list[Any]:
    return [*items, *[None] * (size - len(items))]


def hold(holder: Resource, name: str, items: Iterable[Pair], *, many: bool) -> None:
    """Put values and what stands beside them under a name; without any, both names go."""
    kept = list(items)
    values, others = [value for value, _ in kept], [beside for _, beside in kept]
    for key, column in ((name, values), (f"_{name}", others)):
        if all(item is None for item in column):
            holder.pop(key, None)
        else:
            holder[key] = column if many else column[0]
