"""Where a message out takes its resources: what is committed, and the objects behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.delivery.documents import Objects, content_of
from gateway.fhir.search.query import parse_search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store


class StoredSources:
    """Reads for `gateway.mapping.to_hl7v2`."""

    def __init__(self, store: Store, objects: Objects) -> None:
        """Read from `store` and `objects`."""
        self._store = store
        self._objects = objects

    def read(self, reference: str) -> Resource | None:
        """Return the current version."""
        kind, _, name = reference.partition("/")
        return self._read(kind, name)

    def referring(self, resource_type: str, param: str, target: str) -> list[Resource]:
        """Return what refers to `target`, by the search of R4."""
        query = parse_search(resource_type, [(param, target)])
        return [found.resource for found in self._store.search(query).matches]

    def content(self, attachment: Mapping[str, Any]) -> bytes | None:
        """Return the bytes; raises `Unavailable` when storage is down."""
        return content_of(dict(attachment), self._read, self._objects)

    def _read(self, kind: str, name: str) -> Resource | None:
        found = self._store.read(kind, name)
        return None if found is None or found.deleted else found.resource
