"""What the composition root hands to the HTTP door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gateway.fhir.profiles import validate_base

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.errors import Issue
    from gateway.fhir.patch import Patch
    from gateway.fhir.profiles import Validation
    from gateway.fhir.search.query import SearchQuery
    from gateway.fhir.terminology.terminology import Terminology
    from gateway.fhir.transaction import Entry
    from gateway.fhir.wire import Resource
    from gateway.settings import Settings
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.profiles import ByType
    from gateway.store.records import Written


class FhirWrites(Protocol):
    """The write side of the FHIR door: validates, checks references and commits.

    Every method returns after the commit and raises a `GatewayError` when nothing was written.
    `expected` is the version of `If-Match`, `only_new` is `If-None-Match: *`, `provenance` the
    resource in `X-Provenance`.
    """

    def create(
        self,
        resource_type: str,
        resource: Resource,
        if_none_exist: SearchQuery | None = None,
        provenance: Resource | None = None,
    ) -> Written:
        """Create under a new id; with `if_none_exist`, only when nothing matches."""

    def update(  # noqa: PLR0913 - the conditions of an update
        self,
        resource_type: str,
        resource_id: str,
        resource: Resource,
        expected: int | None = None,
        *,
        only_new: bool = False,
        provenance: Resource | None = None,
    ) -> Written:
        """Replace or create under the caller's id."""

    def update_matching(
        self,
        condition: SearchQuery,
        resource: Resource,
        expected: int | None = None,
        *,
        only_new: bool = False,
        provenance: Resource | None = None,
    ) -> Written:
        """Replace the only match, or create when nothing matches."""

    def patch(
        self,
        resource_type: str,
        target: str | SearchQuery,
        patch: Patch,
        expected: int | None = None,
        *,
        provenance: Resource | None = None,
    ) -> Written:
        """Patch what has that id, or the only match."""

    def delete(self, resource_type: str, resource_id: str, expected: int | None = None) -> Written:
        """Delete; the versions stay readable."""

    def delete_matching(
        self, condition: SearchQuery, expected: int | None = None
    ) -> tuple[Written, ...]:
        """Delete everything that matches, up to a bound, or nothing."""

    def transaction(
        self,
        entries: Sequence[Entry],
        ask: Callable[[str, str], SearchQuery],
        provenance: Resource | None = None,
    ) -> list[tuple[Written, ...]]:
        """Do all the writes in one commit; returns for each entry what was written."""

    def decided(self, decide: Callable[[Transaction], Sequence[Resource]]) -> list[Written]:
        """Write what `decide` returns, in one commit with what it has read."""


def _unheard(method: str, route: str, status: int, seconds: float) -> None:
    """Count nothing."""


def _unmarked(_resource: Resource, _profile: str) -> tuple[Issue, ...]:
    """Tell nothing where no profiles are installed."""
    return ()


def _unprofiled() -> ByType:
    return ()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the door needs.

    `doors` tells the state of the other doors by name (`ready` or a sentence saying why not),
    `metrics` gives the Prometheus text and its media type; `terminology` answers :in, :below and
    their like, and the terminology operations; `validate` judges a resource against R4 and
    profiles, `must_support` tells what of a profile is not there; `profiles` lists by resource type
    those that are installed; `clock` gives this instant, with a time zone.
    """

    store: Store
    write: FhirWrites
    objects: Objects
    settings: Settings
    version: str
    doors: Callable[[], Mapping[str, str]]
    metrics: Callable[[], tuple[bytes, str]]
    observe: Callable[[str, str, int, float], None] = _unheard
    terminology: Terminology | None = None
    validate: Validation = validate_base
    must_support: Callable[[Resource, str], tuple[Issue, ...]] = _unmarked
    profiles: Callable[[], ByType] = _unprofiled
    clock: Callable[[], datetime] = _now
