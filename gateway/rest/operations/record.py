"""The record of a patient or an encounter, a page at a time.

Its compartment type by type, each in the stable order of the store, then whatever those resources
refer to, one level far. A page holds no more than was asked for, and what it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.fhir.definitions import resource_types
from gateway.fhir.search.compartments import compartment_parameters
from gateway.fhir.search.index import index_rows
from gateway.fhir.search.parameters import Kind, parameter
from gateway.fhir.search.query import parse_search
from gateway.store.search.contents import PAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gateway.store.api import Store
    from gateway.store.records import Stored

# What tells when care took place, the first that a type has.
_CARE_DATES: Final = (
    "date",
    "period",
    "occurrence",
    "effective",
    "onset-date",
    "authoredon",
    "authored",
    "recorded-date",
    "whenhandedover",
    "started",
    "created",
    "sent",
)


@dataclass(frozen=True, slots=True)
class Window:
    """What of a record is wanted: types (empty means all), changed since, care between two dates.

    `since` is an instant with a time zone; `start` and `end` are dates as they were given.
    """

    types: frozenset[str] = frozenset()
    since: datetime | None = None
    start: str | None = None
    end: str | None = None

    def takes(self, stored: Stored) -> bool:
        """Whether a resource that others refer to is wanted."""
        wanted = not self.types or stored.type in self.types
        return wanted and (self.since is None or stored.last_updated > self.since)

    def conditions(self, resource_type: str) -> list[tuple[str, str]]:
        """Return the search parameters that stand for it."""
        found = []
        if self.since is not None:
            found.append(("_lastUpdated", f"gt{self.since.isoformat()}"))
        code = _care_date(resource_type)
        if code and self.start:
            found.append((code, f"ge{self.start}"))
        if code and self.end:
            found.append((code, f"le{self.end}"))
        return found


def _care_date(resource_type: str) -> str:
    for code in _CARE_DATES:
        found = parameter(resource_type, code)
        if found is not None and found.kind is Kind.DATE:
            return code
    return ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a record the next page begins: a type, and the store's own cursor within it."""

    type: str = ""
    cursor: str = ""


class Record:
    """The record of the resource `owner`, a (type, id) that has a compartment."""

    def __init__(
        self, store: Store, owner: tuple[str, str], window: Window, local_bases: tuple[str, ...]
    ) -> None:
        """Read from `store`."""
        self._store = store
        self._owner = owner
        self._window = window
        self._bases = local_bases

    def page(self, place: Place, count: int) -> tuple[list[Stored], Place | None]:
        """Return up to `count` members from `place` on, and where the next page begins.

        A page that holds more octets than one of a search ends with the type.
        """
        found: list[Stored] = []
        for name in self._types(place.type):
            cursor = place.cursor if name == place.type else ""
            if len(found) == count or sum(len(one.content) for one in found) > PAGE_BYTES:
                return found, Place(name)
            matches, following = self._members(name, cursor, count - len(found))
            found += matches
            if following is not None:
                return found, Place(name, following)
        return found, None

    def referred(self, members: Iterable[Stored]) -> list[Stored]:
        """Return what `members` refer to, as far as it is no member itself."""
        members = tuple(members)
        own = {(one.type, one.id) for one in members}
        targets = {
            (kind, identity)
            for one in members
            for _, kind, identity in index_rows(one.resource, self._bases).references
            if kind and "/" not in identity
        }
        read = (self._store.read(*target) for target in sorted(targets - own))
        found = (one for one in read if one is not None and not one.deleted)
        return [one for one in found if self._window.takes(one) and not self._is_member(one)]

    def _types(self, first: str) -> list[str]:
        """Return the types of the compartment from `first` on; its owner comes before all."""
        owner = self._owner[0]
        wanted = self._window.types or resource_types()
        rest = [name for name in wanted - {owner} if compartment_parameters(owner, name)]
        names = [*({owner} & wanted), *sorted(rest)]
        return names[names.index(first) :] if first in names else names

    def _members(self, name: str, cursor: str, count: int) -> tuple[list[Stored], str | None]:
        pairs = [*self._window.conditions(name), ("_count", str(count))]
        if cursor:
            pairs.append(("_cursor", cursor))
        query = parse_search(name, pairs, local_bases=self._bases, compartment=self._owner)
        page = self._store.search(query)
        return list(page.matches), page.next

    def _is_member(self, stored: Stored) -> bool:
        if (stored.type, stored.id) == self._owner:
            return True
        codes = compartment_parameters(self._owner[0], stored.type)
        rows = (parameter(stored.type, code) for code in codes)
        params = {row.id for row in rows if row is not None}
        references = index_rows(stored.resource, self._bases).references
        return any((param, *self._owner) in references for param in params)
