"""The profiles and extensions that are stored: StructureDefinition resources by canonical URL."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from gateway.fhir.search.query import parse_search
from gateway.fhir.terminology.canonical import read_canonical, version_order
from gateway.fhir.terminology.elements import text
from gateway.store.generation import Generation

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

ByType = tuple[tuple[str, tuple[str, ...]], ...]

_TYPE: Final = "StructureDefinition"
_PAGE: Final = "200"
_ESCAPED: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\,$|"})


class StoredProfiles:
    """A `Library` (`gateway.fhir.validation.profiles`) over the store; keeps no definition."""

    def __init__(self, store: Store) -> None:
        """Search `store`, which may change at any time."""
        self._store = store
        self._generation = Generation(store, _TYPE, "ValueSet", "CodeSystem")
        self._lock = Lock()
        self._told: tuple[int, ByType] = (-1, ())

    def generation(self) -> int:
        """Return another number after a definition or a part of the terminology was written."""
        return self._generation.now()

    def by_type(self) -> ByType:
        """Return the profiles (`url|version`) of each resource type that are active or drafts."""
        generation = self.generation()
        with self._lock:
            if self._told[0] != generation:
                self._told = (generation, self._listed())
            return self._told[1]

    def _listed(self) -> ByType:
        found: dict[str, set[str]] = {}
        cursor: str | None = None
        while True:
            pairs = [("kind", "resource"), ("derivation", "constraint"), ("_count", _PAGE)]
            pairs += [("_cursor", cursor)] if cursor else []
            page = self._store.search(parse_search(_TYPE, pairs))
            for one in (stored.resource for stored in page.matches):
                if text(one, "status") != "retired":
                    version = text(one, "version")
                    canonical = f"{text(one, 'url')}|{version}" if version else text(one, "url")
                    found.setdefault(text(one, "type"), set()).add(canonical)
            cursor = page.next
            if cursor is None:
                return tuple((kind, tuple(sorted(urls))) for kind, urls in sorted(found.items()))

    def structure(self, canonical: str) -> Resource | None:
        """Return a StructureDefinition by `url` or `url|version`, the newest without version."""
        asked = read_canonical(canonical)
        pairs = [("url", asked.url.translate(_ESCAPED)), ("_count", _PAGE)]
        page = self._store.search(parse_search(_TYPE, pairs))
        found = [one.resource for one in page.matches]
        if asked.version:
            found = [one for one in found if text(one, "version") == asked.version]
        return max(found, key=_rank) if found else None


def _rank(one: Resource) -> tuple[object, ...]:
    return text(one, "status") != "retired", version_order(text(one, "version")), text(one, "date")
