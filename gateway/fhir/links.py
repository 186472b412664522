"""The links between the entries of a transaction, led to where the resources will be.

https://hl7.org/fhir/R4/http.html#trules: a fullUrl is replaced in references, in elements of type
uri, url, oid and uuid, and in the href and src of narrative; in canonicals it is not. A relative
reference is first looked for beside the fullUrl of its own entry
(https://hl7.org/fhir/R4/bundle.html#references).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.validation.shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.fhir.wire import Resource

_LINKED: Final = frozenset({"uri", "url", "oid", "uuid"})
_HREF: Final = re.compile(r"""(\b(?:href|src)\s*=\s*)(?:"([^"<>]*)"|'([^'<>]*)')""")
_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_CONDITIONAL: Final = re.compile(r"([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)
_RESTFUL: Final = re.compile(r"(https?://\S+)/[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_URNS: Final = ("urn:uuid:", "urn:oid:")
_NESTED: Final = (dict, list)

# The chain of names from the root to an element.
Chain = tuple[Any, str]


def conditional(reference: str) -> tuple[str, str] | None:
    """Return the type and the search of a conditional reference (`Patient?identifier=...`)."""
    found = _CONDITIONAL.fullmatch(reference)
    if found is None or found[1] not in resource_types():
        return None
    return found[1], found[2]


def is_placeholder(reference: str) -> bool:
    """Whether a reference only means something inside its bundle."""
    return reference.startswith(_URNS)


class Links:
    """Where each link of a bundle leads: `to` maps a fullUrl to `Type/id`."""

    def __init__(self, to: Mapping[str, str], stand_in: Callable[[str, str], str]) -> None:
        """Lead along `to`; `stand_in` gives what stands for a conditional reference."""
        self._to = to
        self._stand_in = stand_in

    def relink(self, resource: Resource, full_url: str = "") -> tuple[set[str], list[str]]:
        """Change the links of a resource in place.

        Returns what they lead to now, and the placeholders that lead nowhere.
        """
        found = _Walk(self._to, self._stand_in, _base_of(full_url), resource)
        found.run()
        return found.used, found.lost


def _base_of(full_url: str) -> str:
    restful = _RESTFUL.fullmatch(full_url)
    return restful[1] if restful else ""


class _Walk:
    """One resource, visited by a loop: how deep it is does not matter."""

    def __init__(
        self,
        to: Mapping[str, str],
        stand_in: Callable[[str, str], str],
        base: str,
        resource: Resource,
    ) -> None:
        self.used: set[str] = set()
        self.lost: list[str] = []
        self._to = to
        self._stand_in = stand_in
        self._base = base
        self._root = resource

    def run(self) -> None:
        waiting: list[tuple[Any, Chain | None]] = [(self._root, None)]
        while waiting:
            element, above = waiting.pop()
            named = element.items() if isinstance(element, dict) else enumerate(element)
            for key, part in list(named):
                here = (above, key) if isinstance(key, str) else above
                if isinstance(part, _NESTED):
                    waiting.append((part, here))
                elif isinstance(part, str):
                    led = self._led(key, part, here)
                    if led is not part:
                        element[key] = led

    def _led(self, key: str | int, text: str, here: Chain | None) -> str:
        if key == "reference":
            return self._reference(text)
        if key == "div" and "=" in text:
            return _HREF.sub(self._href, text)
        if text in self._to and here is not None and self._type_at(here) in _LINKED:
            return self._use(self._to[text])
        return text

    def _use(self, target: str) -> str:
        self.used.add(target)
        return target

    def _reference(self, text: str) -> str:
        target = self._to.get(text)
        if target is None and self._base and _RELATIVE.fullmatch(text):
            target = self._to.get(f"{self._base}/{text}")
        if target is None and "?" in text:
            asked = conditional(text)
            target = self._stand_in(*asked) if asked else None
        if target is not None:
            return self._use(target)
        if is_placeholder(text):
            self.lost.append(text)
        return text

    def _href(self, found: re.Match[str]) -> str:
        target = self._to.get(found[2] or found[3] or "")
        return found[0] if target is None else f'{found[1]}"{self._use(target)}"'

    def _type_at(self, chain: Chain) -> str:
        """Return the type of the element that a chain of names leads to, "" when there is none."""
        names: list[str] = []
        here: Any = chain
        while here is not None:
            here, name = here
            names.append(name)
        kind = str(self._root.get("resourceType"))
        for name in reversed(names):
            try:
                field = shape(kind).fields.get(name)
            except KeyError:
                return ""
            if field is None:
                return ""
            kind = field.type
        return kind


def swap(element: Any, new: Mapping[str, str]) -> None:  # noqa: ANN401 - any JSON
    """Replace, in place, every text that is a key of `new`, also as href or src in narrative."""

    def href(found: re.Match[str]) -> str:
        target = new.get(found[2] or found[3] or "")
        return found[0] if target is None else f'{found[1]}"{target}"'

    waiting = [element]
    while waiting:
        one = waiting.pop()
        for key, part in list(one.items() if isinstance(one, dict) else enumerate(one)):
            if isinstance(part, _NESTED):
                waiting.append(part)
            elif isinstance(part, str):
                one[key] = _HREF.sub(href, part) if key == "div" else new.get(part, part)
