"""What the composition root hands to the HTTP door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.wire import Resource
    from gateway.settings import Settings
    from gateway.store.api import Store
    from gateway.store.objects import Objects
    from gateway.store.records import Written


class FhirWrites(Protocol):
    """The write side of the FHIR door: validates, checks references, journals and commits.

    Every method returns after the commit and raises a `GatewayError` when nothing was written.
    """

    def create(
        self, resource_type: str, resource: Resource, if_none_exist: SearchQuery | None
    ) -> Written:
        """Create under a new id; with `if_none_exist`, only when nothing matches."""

    def update(
        self, resource_type: str, resource_id: str, resource: Resource, expected: int | None
    ) -> Written:
        """Replace or create under the caller's id; `expected` is the version of `If-Match`."""

    def delete(self, resource_type: str, resource_id: str, expected: int | None) -> Written:
        """Delete; the versions stay readable."""


def _unheard(method: str, route: str, status: int, seconds: float) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the door needs.

    `doors` tells the state of the other doors by name (`ready` or a sentence saying why not),
    `metrics` gives the Prometheus text and its media type.
    """

    store: Store
    write: FhirWrites
    objects: Objects
    settings: Settings
    version: str
    doors: Callable[[], Mapping[str, str]]
    metrics: Callable[[], tuple[bytes, str]]
    observe: Callable[[str, str, int, float], None] = _unheard
