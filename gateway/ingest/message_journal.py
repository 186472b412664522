"""Where a message is kept: its original, and its line in the journal with the answer it got."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable
from gateway.store.records import Acknowledged

if TYPE_CHECKING:
    from gateway.ingest.answering import Answering
    from gateway.ingest.arrival import Arrival
    from gateway.store.api import Store, Transaction
    from gateway.store.objects import Objects
    from gateway.store.records import JournalEntry

# Larger originals lie in the object store.
INLINE_BYTES: Final = 256 * 1024


class MessageJournal:
    """Keeps originals and writes entries; `answering` hears which answer belongs to which."""

    def __init__(self, store: Store, objects: Objects, answering: Answering | None) -> None:
        """Write into `store`, large originals into `objects`."""
        self._store = store
        self._objects = objects
        self._answering = answering

    def keep(self, arrival: Arrival) -> tuple[bytes | None, str | None]:
        """Make the original durable: its bytes for the entry, or the name of its object."""
        if arrival.replay_of is not None:
            # The entry that it replays has it.
            return None, None
        if len(arrival.raw) <= INLINE_BYTES:
            return arrival.raw, None
        return None, self._objects.put(arrival.raw)

    def record(self, tx: Transaction, entry: JournalEntry, arrival: Arrival) -> None:
        """Write an entry; the answer to a file is the file beside it."""
        if arrival.silent:
            entry = replace(entry, reply=b"")
        if arrival.always and entry.reply and arrival.replay_of is None:
            entry = replace(entry, acknowledged=Acknowledged.SENT)
        number = tx.record(entry)
        if self._answering is not None and not arrival.always and arrival.replay_of is None:
            self._answering.expect(entry.reply, number)

    def write(self, entry: JournalEntry, arrival: Arrival) -> bool:
        """Keep the original and its entry in a commit of their own; False when nobody can."""
        try:
            raw, name = self.keep(arrival)
            with self._store.transaction() as tx:
                self.record(tx, replace(entry, raw=raw, object=name), arrival)
        except Unavailable:
            return False
        return True
