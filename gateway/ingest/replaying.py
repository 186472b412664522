"""What a message that is processed again may still say: nothing that others have changed since.

An element belongs to whoever changed it last. One whose last change came after the message was
first received, and is not the message's own (its first processing, or an earlier replay of it),
stays as it is; the others are written anew, by today's mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.store.journal import JournalFilter
from gateway.store.records import JournalState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.fhir.wire import Resource
    from gateway.store.api import Store
    from gateway.store.records import JournalEntry, Stored

# Patients, visits and consents know themselves which of two messages is the later one.
_TIMED: Final = frozenset({"Patient", "Encounter", "Consent"})
# Identifiers are added up.
_SHARED: Final = frozenset({"resourceType", "id", "identifier"})
_STAMPS: Final = frozenset({"versionId", "lastUpdated"})


class Replay:
    """The history of one journal entry, and of what was written after it."""

    def __init__(self, store: Store, number: int) -> None:
        """Look for what the entry and its replays have written."""
        self._store = store
        first = store.journal_entry(number)
        again = store.journal(JournalFilter(replay_of=number), limit=1_000)
        every = [*([first] if first else []), *again]
        done = (JournalState.PROCESSED, JournalState.SUPERSEDED)
        #: Whether it had its effect before.
        self.was_processed = any(entry.state in done for entry in every)
        self._own = {name for entry in every for name in entry.resources}
        self._since = _moment(store, first) if first else None

    def settled(self, found: Stored | None, incoming: Resource) -> Resource:
        """Return `incoming` with the elements of `found` that somebody has changed since."""
        if found is None or self._since is None or incoming["resourceType"] in _TIMED:
            return incoming
        held: Resource = {} if found.deleted else found.resource
        changed = self._changed(found) - _SHARED
        kept = {name: held[name] for name in changed if name in held}
        return {name: part for name, part in incoming.items() if name not in changed} | kept

    def _changed(self, found: Stored) -> set[str]:
        """Return the elements whose last change is somebody else's, and later."""
        decided: set[str] = set()
        theirs: set[str] = set()
        for later, earlier in self._history(found):
            names = _differing(later, earlier) - decided
            decided |= names
            if f"{later.reference}/_history/{later.version}" not in self._own:
                theirs |= names
        return theirs

    def _history(self, found: Stored) -> Iterator[tuple[Stored, Stored | None]]:
        """Yield the committed versions since the message came, the last first, and those before."""
        later = self._store.read(found.type, found.id)
        while later is not None and self._since is not None and later.last_updated > self._since:
            earlier = self._store.vread(later.type, later.id, later.version - 1)
            yield later, earlier
            later = earlier


def _moment(store: Store, entry: JournalEntry) -> datetime:
    """Return when the entry was committed, to the version; else when it was received."""
    for name in entry.resources:
        kind, resource_id, _, version = name.split("/")
        stored = store.vread(kind, resource_id, int(version))
        if stored is not None:
            return stored.last_updated
    return entry.received


def _differing(one: Stored, other: Stored | None) -> set[str]:
    first, second = _content(one), _content(other)
    return {name for name in first | second if first.get(name) != second.get(name)}


def _content(stored: Stored | None) -> Resource:
    if stored is None or stored.deleted:
        return {}
    content = stored.resource
    meta = {name: part for name, part in content["meta"].items() if name not in _STAMPS}
    return {**content, "meta": meta}
