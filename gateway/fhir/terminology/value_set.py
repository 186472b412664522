"""A value set made ready for questions: https://hl7.org/fhir/R4/valueset.html#compositions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.fhir.terminology.canonical import Canonical, read_canonical
from gateway.fhir.terminology.elements import rows, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.fhir.wire import Resource


@dataclass(frozen=True, slots=True)
class Filter:
    """One `compose.include.filter`; `op` is from http://hl7.org/fhir/filter-operator."""

    property: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One code that a value set names, or that its stored expansion holds."""

    code: str
    display: str = ""
    designations: tuple[Mapping[str, Any], ...] = ()
    system: str = ""
    version: str = ""
    inactive: bool = False
    abstract: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """One `compose.include` or `exclude`: a system, codes of it, and value sets to be also in."""

    system: Canonical
    concepts: tuple[Listed, ...] = ()
    filters: tuple[Filter, ...] = ()
    value_sets: tuple[Canonical, ...] = ()
    by_code: Mapping[str, Listed] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """What is in and what is out; `expansion` is the stored one, None when there is none.

    `head` is the resource without composition, expansion and narrative.
    """

    canonical: Canonical
    head: Resource
    includes: tuple[Include, ...] = ()
    excludes: tuple[Include, ...] = ()
    inactive: bool = True
    expansion: tuple[Listed, ...] | None = None
    compose: Mapping[str, Any] | None = None

    @property
    def named(self) -> str:
        """How messages call it."""
        return str(self.canonical) or "the value set given"


_KEPT = ("url", "version", "name", "title", "status", "experimental", "date", "publisher")


def read_value_set(resource: Resource) -> ValueSet:
    """Make a ValueSet resource ready; what is not as it should be is left out."""
    compose = resource.get("compose")
    composed = compose if isinstance(compose, dict) else {}
    expansion = resource.get("expansion")
    held = expansion.get("contains", []) if isinstance(expansion, dict) else None
    return ValueSet(
        Canonical(text(resource, "url"), text(resource, "version")),
        head={name: resource[name] for name in _KEPT if name in resource},
        includes=tuple(_include(one) for one in rows(composed.get("include"))),
        excludes=tuple(_include(one) for one in rows(composed.get("exclude"))),
        inactive=composed.get("inactive") is not False,
        expansion=None if held is None else tuple(_contained(held)),
        compose=composed or None,
    )


def _include(element: Mapping[str, Any]) -> Include:
    concepts = tuple(
        Listed(one["code"], text(one, "display"), tuple(rows(one.get("designation"))))
        for one in rows(element.get("concept"))
        if isinstance(one.get("code"), str)
    )
    return Include(
        Canonical(text(element, "system"), text(element, "version")),
        concepts,
        tuple(
            Filter(text(one, "property"), text(one, "op"), text(one, "value"))
            for one in rows(element.get("filter"))
        ),
        tuple(read_canonical(one) for one in texts(element.get("valueSet"))),
        {one.code: one for one in concepts},
    )


def _contained(elements: Any) -> Iterable[Listed]:  # noqa: ANN401 - any JSON
    """Yield the codes of an expansion, groups opened; a group itself may have no code."""
    waiting = list(reversed(rows(elements)))
    while waiting:
        one = waiting.pop()
        if isinstance(one.get("code"), str):
            yield Listed(
                one["code"],
                text(one, "display"),
                tuple(rows(one.get("designation"))),
                text(one, "system"),
                text(one, "version"),
                one.get("inactive") is True,
                one.get("abstract") is True,
            )
        waiting += reversed(rows(one.get("contains")))
