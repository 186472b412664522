"""The originals of the journal: beside their entry, in the object store, or forgotten by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import NotFound

if TYPE_CHECKING:
    from gateway.app.assembly import Foundation
    from gateway.store.records import JournalEntry


def entry_of(base: Foundation, number: int) -> JournalEntry:
    """Return an entry with its original, if that is small; raises `NotFound`."""
    entry = base.store.journal_entry(number)
    if entry is None:
        message = f"There is no journal entry {number}."
        raise NotFound(message)
    return entry


def original(base: Foundation, entry: JournalEntry) -> bytes:
    """Return what came in, byte for byte; nothing when a rule has had it forgotten.

    Raises `NotFound` when the object store has lost it.
    """
    if entry.raw is not None:
        return entry.raw
    if entry.object is not None:
        return base.objects.read(entry.object)
    if entry.replay_of is not None:
        first = base.store.journal_entry(entry.replay_of)
        return b"" if first is None else original(base, first)
    return b""
