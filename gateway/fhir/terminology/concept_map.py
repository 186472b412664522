"""A concept map made ready for questions: https://hl7.org/fhir/R4/conceptmap.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.fhir.terminology.canonical import Canonical, read_canonical
from gateway.fhir.terminology.elements import rows, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.wire import Resource


@dataclass(frozen=True, slots=True)
class Mapped:
    """One line: a code, what it is mapped to and how; `target` is empty when there is nothing.

    `depends_on` and `products` are FHIR elements.
    """

    source: str
    target: str
    equivalence: str
    display: str = ""
    source_display: str = ""
    depends_on: tuple[Mapping[str, Any], ...] = ()
    products: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The lines between two code systems, and what is done with codes that have none.

    `unmapped` is the FHIR element, empty when the map does not say.
    """

    source: Canonical
    target: Canonical
    by_source: Mapping[str, tuple[Mapped, ...]]
    by_target: Mapping[str, tuple[Mapped, ...]]
    unmapped: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """`source` and `target` are the value sets that the map is between, empty when not said."""

    canonical: Canonical
    source: Canonical
    target: Canonical
    groups: tuple[Group, ...]

    def covers(self, system: str, *, reverse: bool = False) -> bool:
        """Whether there are lines from (reversed: to) a code system."""
        return any((one.target if reverse else one.source).url == system for one in self.groups)


def read_concept_map(resource: Resource) -> ConceptMap:
    """Make a ConceptMap resource ready; what is not as it should be is left out."""
    source = text(resource, "sourceCanonical") or text(resource, "sourceUri")
    target = text(resource, "targetCanonical") or text(resource, "targetUri")
    return ConceptMap(
        Canonical(text(resource, "url"), text(resource, "version")),
        read_canonical(source),
        read_canonical(target),
        tuple(_group(one) for one in rows(resource.get("group"))),
    )


def _group(element: Mapping[str, Any]) -> Group:
    by_source: dict[str, list[Mapped]] = {}
    by_target: dict[str, list[Mapped]] = {}
    for line in _lines(element):
        by_source.setdefault(line.source, []).append(line)
        if line.target:
            by_target.setdefault(line.target, []).append(line)
    unmapped = element.get("unmapped")
    return Group(
        Canonical(text(element, "source"), text(element, "sourceVersion")),
        Canonical(text(element, "target"), text(element, "targetVersion")),
        {code: tuple(lines) for code, lines in by_source.items()},
        {code: tuple(lines) for code, lines in by_target.items()},
        unmapped if isinstance(unmapped, dict) else {},
    )


def _lines(element: Mapping[str, Any]) -> Iterable[Mapped]:
    for source in rows(element.get("element")):
        if not isinstance(source.get("code"), str):
            continue
        for target in rows(source.get("target")):
            yield Mapped(
                source["code"],
                text(target, "code"),
                text(target, "equivalence") or "relatedto",
                text(target, "display"),
                text(source, "display"),
                tuple(rows(target.get("dependsOn"))),
                tuple(rows(target.get("product"))),
            )
