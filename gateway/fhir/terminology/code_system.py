"""A code system made ready for questions: https://hl7.org/fhir/R4/codesystem.html."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.terminology.canonical import Canonical
from gateway.fhir.terminology.elements import rows, text, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.wire import Resource

# https://hl7.org/fhir/R4/valueset-concept-properties.html
_RETIRED: Final = frozenset({"retired", "inactive"})
_ABSTRACT: Final = ("notSelectable", "abstract")
# What may be asked of any concept besides its declared properties.
BUILT_IN: Final = frozenset(
    {"concept", "code", "display", "definition", "parent", "child", "inactive", "status"}
    | {"notSelectable"}
)
_DESCENDANTS_KEPT: Final = 512


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept; `parents` are codes, `properties` and `designations` are FHIR elements."""

    code: str
    display: str = ""
    definition: str = ""
    parents: tuple[str, ...] = ()
    designations: tuple[Mapping[str, Any], ...] = ()
    properties: tuple[Mapping[str, Any], ...] = ()

    def values(self, name: str) -> list[Any]:
        """Return the values of a property, in the order given."""
        return [value_of(one) for one in self.properties if one.get("code") == name]

    @property
    def inactive(self) -> bool:
        """Whether the concept must no longer be used."""
        return True in self.values("inactive") or not _RETIRED.isdisjoint(self.values("status"))

    @property
    def abstract(self) -> bool:
        """Whether the concept only groups others."""
        return any(True in self.values(name) for name in _ABSTRACT)


@dataclass(slots=True)
class CodeSystem:
    """The concepts of a code system by code, in the order of the definition.

    `content` is from http://hl7.org/fhir/codesystem-content-mode; `known` are the properties that
    may be filtered by.
    """

    canonical: Canonical
    name: str
    content: str
    concepts: dict[str, Concept]
    title: str = ""
    language: str = ""
    hierarchy: str = ""
    case_sensitive: bool = True
    value_set: str = ""
    supplements: str = ""
    known: frozenset[str] = BUILT_IN
    _children: dict[str, list[str]] = field(default_factory=dict)
    _folded: dict[str, str] = field(default_factory=dict)
    _descendants: dict[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Arrange the children, and the codes without case where case says nothing."""
        for concept in self.concepts.values():
            for parent in concept.parents:
                self._children.setdefault(parent, []).append(concept.code)
        if not self.case_sensitive:
            self._folded = {code.casefold(): code for code in self.concepts}

    @property
    def complete(self) -> bool:
        """Whether a code that is not here is not in the code system."""
        return self.content == "complete"

    def find(self, code: str) -> Concept | None:
        """Return the concept of a code, in its own case unless case says nothing."""
        found = self.concepts.get(code)
        if found is None and self._folded:
            found = self.concepts.get(self._folded.get(code.casefold(), ""))
        return found

    def children(self, code: str) -> tuple[str, ...]:
        """Return the codes right below."""
        return tuple(self._children.get(code, ()))

    def ancestors(self, code: str) -> frozenset[str]:
        """Return the codes above, the code itself left out; a ring in the hierarchy is survived."""
        found: set[str] = set()
        waiting = [code]
        while waiting:
            concept = self.concepts.get(waiting.pop())
            above = set(concept.parents if concept else ()) - found
            found |= above
            waiting += above
        return frozenset(found - {code})

    def descendants(self, code: str) -> frozenset[str]:
        """Return the codes below, the code itself left out."""
        if code not in self._descendants:
            if len(self._descendants) >= _DESCENDANTS_KEPT:
                self._descendants.clear()
            self._descendants[code] = self._below(code)
        return self._descendants[code]

    def _below(self, code: str) -> frozenset[str]:
        found: set[str] = set()
        waiting = [code]
        while waiting:
            below = set(self._children.get(waiting.pop(), ())) - found
            found |= below
            waiting += below
        return frozenset(found - {code})

    def values(self, concept: Concept, name: str) -> list[str]:
        """Return the values of a property as text, those that every concept has among them."""
        if name in ("concept", "code"):
            return [concept.code]
        if name == "parent":
            return list(concept.parents)
        if name == "child":
            return list(self.children(concept.code))
        if name in ("display", "definition"):
            return [told for told in (getattr(concept, name),) if told]
        if name == "inactive":
            return [_as_text(concept.inactive)]
        return [_as_text(value) for value in concept.values(name)]


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_code_system(resource: Resource) -> CodeSystem:
    """Make a CodeSystem resource ready; what is not as it should be is left out."""
    concepts: dict[str, Concept] = {}
    for concept, parents in _flat(resource.get("concept")):
        _add(concepts, concept, parents)
    _add_children(concepts)
    declared = {text(one, "code") for one in rows(resource.get("property"))}
    declared |= {text(one, "code") for one in rows(resource.get("filter"))}
    return CodeSystem(
        Canonical(text(resource, "url"), text(resource, "version")),
        name=text(resource, "name") or text(resource, "title") or text(resource, "url"),
        title=text(resource, "title"),
        content=text(resource, "content") or "complete",
        concepts=concepts,
        language=text(resource, "language"),
        hierarchy=text(resource, "hierarchyMeaning"),
        # R4 leaves the default open: codes are compared as they are written.
        case_sensitive=resource.get("caseSensitive") is not False,
        value_set=text(resource, "valueSet"),
        supplements=text(resource, "supplements"),
        known=BUILT_IN | declared - {""},
    )


def _flat(elements: Any) -> Iterable[tuple[dict[str, Any], tuple[str, ...]]]:  # noqa: ANN401 - as above
    """Yield (concept, codes above it) in the order of the document, however deep it is nested."""
    waiting: list[tuple[dict[str, Any], tuple[str, ...]]]
    waiting = [(one, ()) for one in reversed(rows(elements))]
    while waiting:
        concept, parents = waiting.pop()
        yield concept, parents
        code = concept.get("code")
        above = (code,) if isinstance(code, str) else parents
        waiting += [(one, above) for one in reversed(rows(concept.get("concept")))]


def _add(concepts: dict[str, Concept], element: dict[str, Any], parents: tuple[str, ...]) -> None:
    code = element.get("code")
    if not isinstance(code, str):
        return
    properties = tuple(rows(element.get("property")))
    named = [value_of(one) for one in properties if one.get("code") == "parent"]
    before = concepts.get(code)
    above = (*(before.parents if before else ()), *parents, *map(str, named))
    concepts[code] = Concept(
        code,
        display=text(element, "display"),
        definition=text(element, "definition"),
        parents=tuple(dict.fromkeys(above)),
        designations=tuple(rows(element.get("designation"))),
        # Parents and children are answered from the hierarchy, however it was written.
        properties=tuple(one for one in properties if one.get("code") != "parent"),
    )


def _add_children(concepts: dict[str, Concept]) -> None:
    """Turn `child` properties into parents of the concepts that they name."""
    more: dict[str, list[str]] = {}
    for concept in concepts.values():
        for child in concept.values("child"):
            more.setdefault(str(child), []).append(concept.code)
    for concept in list(concepts.values()):
        named = more.get(concept.code, ())
        kept = tuple(one for one in concept.properties if one.get("code") != "child")
        if named or len(kept) != len(concept.properties):
            concepts[concept.code] = Concept(
                concept.code,
                concept.display,
                concept.definition,
                tuple(dict.fromkeys((*concept.parents, *named))),
                concept.designations,
                kept,
            )
