"""Where terminology comes from, and several places asked one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.terminology.canonical import Canonical
    from gateway.fhir.terminology.code_system import CodeSystem
    from gateway.fhir.terminology.concept_map import ConceptMap
    from gateway.fhir.terminology.value_set import ValueSet


class Resolver(Protocol):
    """Finds terminology by canonical URL; without a version, the newest."""

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        """Return a code system, or None."""

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        """Return a value set, or None."""

    def concept_map(self, canonical: Canonical) -> ConceptMap | None:
        """Return a concept map, or None."""

    def concept_maps(self, system: str, *, reverse: bool = False) -> Iterable[ConceptMap]:
        """Return the concept maps from (reversed: to) a code system."""


class Chain:
    """Asks each resolver in turn: what is installed comes before what R4 brings along."""

    def __init__(self, *resolvers: Resolver) -> None:
        """Ask `resolvers` in this order."""
        self._resolvers = resolvers

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        """Return the first code system found."""
        found = (one.code_system(canonical) for one in self._resolvers)
        return next((one for one in found if one is not None), None)

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        """Return the first value set found."""
        found = (one.value_set(canonical) for one in self._resolvers)
        return next((one for one in found if one is not None), None)

    def concept_map(self, canonical: Canonical) -> ConceptMap | None:
        """Return the first concept map found."""
        found = (one.concept_map(canonical) for one in self._resolvers)
        return next((one for one in found if one is not None), None)

    def concept_maps(self, system: str, *, reverse: bool = False) -> Iterable[ConceptMap]:
        """Return the maps of all, each canonical once."""
        found: dict[str, ConceptMap] = {}
        for resolver in self._resolvers:
            for one in resolver.concept_maps(system, reverse=reverse):
                found.setdefault(one.canonical.url, one)
        return list(found.values())
