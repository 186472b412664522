"""The walk over a differential: every element finds its place, made where there is none yet."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import Invalid, NotFound
from gateway.fhir.snapshot.core import CORE, core_elements
from gateway.fhir.snapshot.merge import merged
from gateway.fhir.validation.profiles.tree import Element, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.wire import Resource

_UNFOLDED_AS: Final = {"http://hl7.org/fhirpath/System.String": "string"}


def with_snapshot(
    structure: Resource,
    find: Callable[[str], Resource | None],
    open_now: tuple[str, ...] = (),
) -> Resource:
    """Return a StructureDefinition with its snapshot; as it is when it has one.

    `find` gives other StructureDefinitions by canonical. Raises `NotFound` for a base that is
    not here, `Invalid` for profiles that are each other's base and for a differential that
    contradicts its base.
    """
    if structure.get("snapshot", {}).get("element"):
        return structure
    url = str(structure.get("url"))
    if url in open_now:
        message = f"The profiles {' and '.join(open_now)} are each other's base."
        raise Invalid(message)
    walk = _Walk(url, find, (*open_now, url))
    root = walk.base(str(structure.get("baseDefinition", "")))
    for differential in structure.get("differential", {}).get("element", ()):
        walk.apply(root, differential)
    return structure | {"snapshot": {"element": list(_flat(root, ""))}}


class _Walk:
    def __init__(
        self, url: str, find: Callable[[str], Resource | None], open_now: tuple[str, ...]
    ) -> None:
        self._url = url
        self._find = find
        self._open = open_now

    def base(self, canonical: str) -> Element:
        """Return the elements of a profile or of a type of R4."""
        found = self._find(canonical)
        if found is not None:
            return tree(copy.deepcopy(with_snapshot(found, self._find, self._open)))
        name = canonical.partition("|")[0].removeprefix(CORE)
        try:
            return tree({"url": canonical, "snapshot": {"element": core_elements(name)}})
        except KeyError:
            message = f"The profile {self._url} is made from {canonical}, which is not here."
            raise NotFound(message) from None

    def apply(self, root: Element, differential: dict[str, Any]) -> None:
        """Merge one element of the differential into its place."""
        place = str(differential.get("id") or differential.get("path"))
        here = root
        for step in place.split(".")[1:]:
            here = self._step(here, step, place)
        here.definition = merged(here.definition, differential, self._url)

    def _step(self, here: Element, step: str, place: str) -> Element:
        name, _, slice_name = step.partition(":")
        if name not in here.children and f"{name}[x]" not in here.children:
            self._unfold(here)
        found = here.children.get(name) or here.children.get(f"{name}[x]") or _chosen(here, name)
        if found is None:
            message = f"The profile {self._url} names {place}, which is no element of its base."
            raise Invalid(message, expression=place)
        return _slice(found, slice_name) if slice_name else found

    def _unfold(self, here: Element) -> None:
        """Give an element the children of its type."""
        kinds = here.types
        if len(kinds) != 1:
            return
        profiles = kinds[0].get("profile", [])
        code = str(kinds[0].get("code", ""))
        canonical = profiles[0] if profiles and self._find(profiles[0]) else CORE + code
        if code in _UNFOLDED_AS or not code[:1].isupper():
            return
        here.children = self.base(canonical).children | here.children


def _chosen(here: Element, name: str) -> Element | None:
    """Return the slice of a choice that is written as `valueQuantity`."""
    for label, child in here.children.items():
        start = label.removesuffix("[x]")
        if label != start and name.startswith(start) and name != start:
            kind = next(
                (one for one in child.types if f"{start}{_capital(str(one['code']))}" == name), None
            )
            if kind is not None:
                found = _slice(child, name)
                found.definition["type"] = [kind]
                discriminator = [{"type": "type", "path": "$this"}]
                child.definition.setdefault(
                    "slicing", {"discriminator": discriminator, "rules": "open"}
                )
                return found
    return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _slice(element: Element, name: str) -> Element:
    """Return a slice, made from the element when it is new."""
    if name not in element.slices:
        left_out = ("slicing", "min")
        definition = {key: one for key, one in element.definition.items() if key not in left_out}
        made = definition | {"sliceName": name, "min": 0}
        children = copy.deepcopy(element.children)
        element.slices[name] = Element(copy.deepcopy(made), element.name, children)
    return element.slices[name]


def _flat(element: Element, above: str, slice_name: str = "") -> Iterator[dict[str, Any]]:
    """Give the elements in their order: children, then slices."""
    label = f"{element.name}:{slice_name}" if slice_name else element.name
    place = f"{above}.{label}" if above else label
    path = ".".join(step.partition(":")[0] for step in place.split("."))
    yield element.definition | {"id": place, "path": path}
    for child in element.children.values():
        yield from _flat(child, place)
    for name, one in element.slices.items():
        yield from _flat(one, above, name)
