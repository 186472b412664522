"""Standard codes that operators gave for the senders' own: one ConceptMap a sender.

An ordinary ConceptMap (https://hl7.org/fhir/R4/conceptmap.html), found by its canonical URL,
whoever wrote it: `gateway codes map`, or a FHIR client.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gateway.fhir.search.query import parse_search
from gateway.store.generation import Generation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store

    Table = dict[tuple[str, str], dict[str, Any]]

_URL: Final = "urn:passerelle:concept-map:"
_ACTIVE: Final = "active"
# Targets that are no translation.
_NOT_THE_SAME: Final = frozenset({"unmatched", "disjoint"})
# What another process has written is noticed after so long.
_SECONDS: Final = 0.5


def concept_map_url(sender: str) -> str:
    """Return the canonical URL of the codes of a sender (`MSH-3|MSH-4`)."""
    application, _, facility = sender.partition("|")
    return f"{_URL}{quote(application, safe='')}:{quote(facility, safe='')}"


class Translations:
    """What the ConceptMaps of the senders say now. Thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        """Read from `store`, a sender at a time; `clock` is in seconds."""
        self._store = store
        self._clock = clock
        self._generation = Generation(store, "ConceptMap")
        self._lock = Lock()
        self._tables: dict[str, Table] = {}
        self._number = 0
        self._asked_at = float("-inf")

    def translate(self, sender: str, system: str, code: str) -> dict[str, Any] | None:
        """Return the standard Coding of a code, or None; raises `Unavailable`."""
        with self._lock:
            self._notice()
            table = self._tables.get(sender)
            if table is None:
                table = self._tables[sender] = self._read(sender)
        return table.get((system, code))

    def _notice(self) -> None:
        now = self._clock()
        if now - self._asked_at < _SECONDS:
            return
        number = self._generation.now()
        if number != self._number:
            self._tables.clear()
        self._number, self._asked_at = number, now

    def _read(self, sender: str) -> Table:
        if self._number == 0:
            # No ConceptMap was ever written.
            return {}
        pairs = [("url", concept_map_url(sender)), ("status", _ACTIVE)]
        page = self._store.search(parse_search("ConceptMap", pairs))
        found: Table = {}
        # The last written counts, should there be several.
        for stored in sorted(page.matches, key=lambda one: one.seq):
            found |= dict(_codes(stored.resource))
        return found


def _codes(concept_map: Resource) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for group in concept_map.get("group", ()):
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                if target.get("code") and target.get("equivalence") not in _NOT_THE_SAME:
                    named = {"system": group.get("target"), "code": target["code"]}
                    named["display"] = target.get("display")
                    coding = {name: value for name, value in named.items() if value}
                    yield (group.get("source", ""), element.get("code", "")), coding
                    break
