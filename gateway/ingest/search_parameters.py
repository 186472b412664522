"""SearchParameter resources become what this process searches by.

https://hl7.org/fhir/R4/searchparameter.html. Every process of the gateway has a table of its own
(`gateway.fhir.search.parameters`): whoever runs one calls `refresh` every now and then.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError
from gateway.fhir.search.expressions import rows_of
from gateway.fhir.search.parameters import install
from gateway.fhir.search.query import parse_search
from gateway.fhir.terminology.canonical import version_order
from gateway.fhir.terminology.elements import text
from gateway.store.generation import Generation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.search.parameters import Row
    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

_TYPE: Final = "SearchParameter"
_ACTIVE: Final = (("status", "active"), ("_count", "200"))


class SearchParameters:
    """The active SearchParameters of the store; drafts, retired and deleted ones do not count.

    `unserved` says, by canonical URL, why one of them cannot be searched by.
    """

    def __init__(self, store: Store) -> None:
        """Read from `store`; nothing is installed before the first `refresh`."""
        self._store = store
        self._generation = Generation(store, _TYPE)
        # Where no SearchParameter was ever written there is nothing to read.
        self._installed_at = 0
        # Before the first refresh a process writes nothing.
        self._in_use = False
        self.unserved: dict[str, str] = {}
        self.served = 0

    def refresh(self) -> bool:
        """Install what is in the store now; False when it was installed already.

        Raises `Unavailable` when the store does not answer.
        """
        now = self._generation.now()
        in_use, self._in_use = self._in_use, True
        if now == self._installed_at:
            return False
        definitions = newest(self._active())
        rows, self.unserved = table(definitions)
        self.served = len(definitions) - len(self.unserved)
        if in_use:
            self._store.redefine(partial(install, rows))
        else:
            install(rows)
        self._installed_at = now
        return True

    def _active(self) -> list[Resource]:
        found: list[Resource] = []
        cursor: tuple[tuple[str, str], ...] = ()
        while True:
            page = self._store.search(parse_search(_TYPE, (*_ACTIVE, *cursor)))
            found += [stored.resource for stored in page.matches]
            if page.next is None:
                return found
            cursor = (("_cursor", page.next),)


def newest(definitions: Iterable[Resource]) -> list[Resource]:
    """Return the newest version of each canonical URL, in the order of the URLs."""
    found: dict[str, Resource] = {}
    for one in sorted(definitions, key=lambda one: version_order(text(one, "version"))):
        found[text(one, "url")] = one
    return [found[url] for url in sorted(found)]


def table(definitions: list[Resource]) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """Return ({type: [row]}, {url: why it is not searchable}).

    Where two definitions mean different things by one code of one type, the first URL in order
    counts, so that every process decides alike.
    """
    rows: dict[str, list[Row]] = {}
    unserved: dict[str, str] = {}
    taken: dict[tuple[str, str], tuple[str, Row]] = {}
    for definition in definitions:
        url = text(definition, "url")
        try:
            found = rows_of(definition, definitions)
        except GatewayError as refusal:
            unserved[url] = refusal.text
            continue
        for base, row in ((base, row) for base, some in found.items() for row in some):
            first, known = taken.setdefault((base, row[0]), (url, row))
            if first == url:
                rows.setdefault(base, []).append(row)
            elif known[1:3] != row[1:3]:
                unserved[url] = f"{first} says otherwise what {row[0]} of {base} is."
    return rows, unserved
