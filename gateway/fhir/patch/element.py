"""Elements of a resource where they stand: found by path, changed with what goes beside them.

A primitive has its value under its name and its id and extensions under `_name`
(https://hl7.org/fhir/R4/json.html#primitive); what is done to one is done to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid
from gateway.fhir.patch.locator import Child, Index, OfType, Where
from gateway.fhir.validation.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.patch.locator import Comparison, Step
    from gateway.fhir.validation.shapes import Field
    from gateway.fhir.wire import Resource

# A value and what stands beside it under `_name`.
Pair = tuple[Any, Any]

_ALONE: Final = -1


@dataclass(frozen=True, slots=True)
class Element:
    """One element: the object and the JSON name that hold it, its index in a list, its type."""

    holder: Resource
    name: str
    index: int
    type: str
    value: Any
    beside: Any = None

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


def locate(resource: Resource, path: tuple[Step, ...]) -> list[Element]:
    """Return the elements at `path`; raises `Invalid` for a name that its type does not have."""
    here = [root(resource)]
    if path and path[0] == Child(resource["resourceType"]):
        path = path[1:]
    for step in path:
        here = _next(here, step)
    return here


def _next(here: list[Element], step: Step) -> list[Element]:
    match step:
        case Child(name):
            return [child for one in here for child in children(one, name)]
        case Index(at):
            return here[at:][:1]
        case OfType(name):
            return [one for one in here if one.type.lower() == name.lower()]
        case Where(comparisons):
            return [one for one in here if all(_holds(one, each) for each in comparisons)]


def _holds(one: Element, comparison: Comparison) -> bool:
    here = [one]
    for name in comparison.names:
        here = [child for each in here for child in children(each, name)]
    if len(here) != 1 or isinstance(here[0].value, dict | list):
        return False
    value = here[0].value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (text == comparison.literal) is comparison.equal


def children(one: Element, name: str) -> list[Element]:
    """Return the elements of that name under `one`, a choice under whatever type it has."""
    named = fields(one.shape_name, name)
    members = one.members
    if members is None:
        return []
    found: list[Element] = []
    for field in named:
        for index, (value, beside) in enumerate(pairs(members, field.name)):
            place = index if isinstance(_list(members, field.name), list) else _ALONE
            found.append(Element(members, field.name, place, field.type, value, beside))
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
    found = [field for field in known.values() if field.choice == base]
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
