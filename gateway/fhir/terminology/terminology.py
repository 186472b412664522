"""All terminology of an installation, as one thing to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import NotFound
from gateway.fhir.terminology.canonical import Canonical, read_canonical
from gateway.fhir.terminology.composition import Composition, Versions
from gateway.fhir.terminology.walk import Walk, Walks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.concept_map import ConceptMap
    from gateway.fhir.terminology.resolver import Resolver
    from gateway.fhir.terminology.value_set import ValueSet


class Terminology:
    """Answers searches (`members`, `descendants`, `ancestors`) and the terminology operations."""

    def __init__(self, resolver: Resolver) -> None:
        """Find code systems, value sets and concept maps with `resolver`."""
        self.resolver = resolver
        self._walks = Walks(resolver)

    def composition(self, versions: Versions | None = None) -> Composition:
        """Return a walk through value sets, for one question."""
        return Composition(self.resolver, versions)

    def walk(self, value_set: ValueSet, versions: Versions | None = None) -> Walk:
        """Return all members of a value set; raises `NotFound`, `Invalid`."""
        return self._walks.walk(value_set, versions)

    def value_set(self, url: str, version: str = "") -> ValueSet:
        """Return a value set by `url` or `url|version`; raises `NotFound`."""
        asked = read_canonical(url)
        return self.composition().value_set(Canonical(asked.url, version or asked.version))

    def code_system(self, url: str, version: str = "") -> CodeSystem:
        """Return a code system that has concepts; raises `NotFound`."""
        asked = read_canonical(url)
        return self.composition().system(Canonical(asked.url, version or asked.version))

    def concept_map(self, url: str, version: str = "") -> ConceptMap:
        """Return a concept map; raises `NotFound`."""
        asked = read_canonical(url)
        wanted = Canonical(asked.url, version or asked.version)
        found = self.resolver.concept_map(wanted)
        if found is None:
            message = f"The concept map {str(wanted)[:200]} is not here."
            raise NotFound(message)
        return found

    # What searches ask: https://hl7.org/fhir/R4/search.html#token

    def members(self, value_set: str) -> Iterable[tuple[str, str]]:
        """Return (system, code) of every code in a value set; raises `NotFound`, `Invalid`."""
        return self.walk(self.value_set(value_set)).members.keys()

    def descendants(self, system: str, code: str) -> Iterable[str]:
        """Return a code and those below it; raises `NotFound` for an unknown code system."""
        found = self.code_system(system)
        own = found.find(code)
        return sorted({own.code if own else code} | found.descendants(own.code if own else code))

    def ancestors(self, system: str, code: str) -> Iterable[str]:
        """Return a code and those above it; raises `NotFound` for an unknown code system."""
        found = self.code_system(system)
        own = found.find(code)
        return sorted({own.code if own else code} | found.ancestors(own.code if own else code))
