"""The elements of a snapshot as a tree: children by name, and slices beside them.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import Invalid

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource


@dataclass(slots=True, eq=False)
class Element:
    """One ElementDefinition; slices of slices are slices of the slice."""

    definition: dict[str, Any]
    name: str
    children: dict[str, Element] = field(default_factory=dict)
    slices: dict[str, Element] = field(default_factory=dict)

    @property
    def types(self) -> list[dict[str, Any]]:
        """The types that it may have."""
        found: list[dict[str, Any]] = self.definition.get("type", [])
        return found

    @property
    def high(self) -> int | None:
        """How often it may be there; None for any number."""
        most = self.definition.get("max", "*")
        return None if most == "*" else int(most)

    def chosen(self, start: str) -> Any:  # noqa: ANN401 - any JSON
        """Return fixed[x], pattern[x] and their like, None for none."""
        return next(
            (
                value
                for key, value in self.definition.items()
                if key.startswith(start) and key[len(start) : len(start) + 1].isupper()
            ),
            None,
        )


def tree(structure: Resource) -> Element:
    """Return the root element; raises `Invalid` for a snapshot that hangs in the air."""
    listed = structure.get("snapshot", {}).get("element", [])
    if not listed:
        message = f"The profile {structure.get('url')} has no snapshot."
        raise Invalid(message)
    places: dict[str, Element] = {}
    for definition in listed:
        place = str(definition.get("id") or definition["path"])
        above, _, last = place.rpartition(".")
        name, _, slice_name = last.partition(":")
        element = Element(definition, name)
        places[place] = element
        if above:
            _hang(places, above, element, slice_name)
    return places[str(listed[0].get("id") or listed[0]["path"])]


def _hang(places: dict[str, Element], above: str, element: Element, slice_name: str) -> None:
    parent = places.get(above)
    if parent is None:
        message = f"The snapshot has an element below {above}, which is not there."
        raise Invalid(message)
    if not slice_name:
        parent.children[element.name] = element
        return
    owner = parent.children.get(element.name)
    if owner is None:
        message = f"The snapshot slices {above}.{element.name}, which is not there."
        raise Invalid(message)
    outer, _, inner = slice_name.rpartition("/")
    if inner and outer in owner.slices:
        owner = owner.slices[outer]
    owner.slices[slice_name] = element
