"""The terminology that is stored: CodeSystem, ValueSet and ConceptMap resources by canonical URL.

What has been read is kept, compiled, by the sequence number of the version it came from. As long
as nothing of the type was written, answers are given again without a search.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from gateway.fhir.search.query import parse_search
from gateway.fhir.terminology.canonical import Canonical, version_order
from gateway.fhir.terminology.code_system import CodeSystem, read_code_system
from gateway.fhir.terminology.concept_map import ConceptMap, read_concept_map
from gateway.fhir.terminology.elements import text
from gateway.fhir.terminology.implicit import all_of
from gateway.fhir.terminology.value_set import ValueSet, read_value_set
from gateway.store.generation import Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from gateway.store.records import Stored

_T = TypeVar("_T", CodeSystem, ValueSet, ConceptMap)
_KEPT: Final = 256
_ANSWERS: Final = 4096
_PAGE: Final = "200"
_ESCAPED: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\,$|"})
# How publishers make the address of a value set from that of its code system.
_SUFFIXES: Final = ("?vs", "/vs")


class _Read(NamedTuple, Generic[_T]):
    """One stored version: `rank` sorts the versions of one canonical URL, the newest last."""

    rank: tuple[Any, ...]
    compiled: _T


class _Shelf(Generic[_T]):
    """The resources of one type that were read lately."""

    def __init__(self, store: Store, kind: str, read: Callable[[Resource], _T]) -> None:
        """Search `store` for resources of type `kind`."""
        self._store = store
        self._kind = kind
        self._read: Callable[[Resource], _T] = read
        self._lock = Lock()
        self._known: OrderedDict[int, _Read[_T]] = OrderedDict()
        self._answers: dict[tuple[str, str], list[_Read[_T]]] = {}
        self._answered_at = -1
        self._generation = Generation(store, kind)

    def newest(self, canonical: Canonical) -> _T | None:
        """Return the newest version of a URL, or the one asked for."""
        found = [
            one
            for one in self.search("url", canonical.url)
            if canonical.version in ("", one.compiled.canonical.version)
        ]
        return max(found, key=lambda one: one.rank).compiled if found else None

    def search(self, name: str, value: str) -> list[_Read[_T]]:
        """Return what a search by one parameter finds."""
        now = self._generation.now()
        with self._lock:
            if self._answered_at != now or len(self._answers) > _ANSWERS:
                self._answers.clear()
                self._answered_at = now
            if (name, value) in self._answers:
                return self._answers[name, value]
        pairs = [(name, value.translate(_ESCAPED)), ("_count", _PAGE)]
        page = self._store.search(parse_search(self._kind, pairs))
        found = [self._one(stored) for stored in page.matches]
        with self._lock:
            # Written to in the meantime: what was found may be older than it looks.
            if self._answered_at == now:
                self._answers[name, value] = found
        return found

    def _one(self, stored: Stored) -> _Read[_T]:
        with self._lock:
            if stored.seq in self._known:
                self._known.move_to_end(stored.seq)
                return self._known[stored.seq]
        resource = stored.resource
        rank = (
            text(resource, "status") != "retired",
            version_order(text(resource, "version")),
            text(resource, "date"),
            stored.seq,
        )
        read = _Read(rank, self._read(resource))
        with self._lock:
            self._known[stored.seq] = read
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return read


class StoredTerminology:
    """A `Resolver` (`gateway.fhir.terminology.resolver`) over the store."""

    def __init__(self, store: Store) -> None:
        """Search `store`, which may change at any time."""
        self._systems = _Shelf(store, "CodeSystem", read_code_system)
        self._sets = _Shelf(store, "ValueSet", read_value_set)
        self._maps = _Shelf(store, "ConceptMap", read_concept_map)

    def code_system(self, canonical: Canonical) -> CodeSystem | None:
        """Return the code system, or None."""
        return self._systems.newest(canonical)

    def value_set(self, canonical: Canonical) -> ValueSet | None:
        """Return the value set, or the one that a code system says holds all its codes.

        R4 has no search parameter for `CodeSystem.valueSet`: code systems are tried whose address
        is like that of the value set.
        """
        found = self._sets.newest(canonical)
        if found is not None or canonical.version:
            return found
        for url in _likely(canonical.url):
            system = self._systems.newest(Canonical(url))
            if system is not None and system.value_set == canonical.url:
                return all_of(canonical.url, url)
        return None

    def concept_map(self, canonical: Canonical) -> ConceptMap | None:
        """Return the concept map, or None."""
        return self._maps.newest(canonical)

    def concept_maps(self, system: str, *, reverse: bool = False) -> Iterable[ConceptMap]:
        """Return the maps from (reversed: to) a code system, the newest version of each."""
        name = "target-system" if reverse else "source-system"
        newest: dict[str, _Read[ConceptMap]] = {}
        for one in self._maps.search(name, system):
            url = one.compiled.canonical.url
            if url not in newest or newest[url].rank < one.rank:
                newest[url] = one
        return [one.compiled for one in newest.values()]


def _likely(url: str) -> list[str]:
    found = [url.removesuffix(end) for end in _SUFFIXES if url.endswith(end)]
    if "/ValueSet/" in url:
        found.append(url.replace("/ValueSet/", "/CodeSystem/"))
    return found
