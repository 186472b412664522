"""What a writer says to the journal: entries, what became of their answers, senders' own codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gateway.store import rows
from gateway.store.content import with_visible_nul
from gateway.store.records import Acknowledged, AnswerNote
from gateway.store.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.records import JournalEntry


class SameMessage(NamedTuple):
    """A journal entry under a control id that has come again."""

    id: int
    digest: bytes
    reply: bytes
    state: str


class JournalWriter(Writer):
    """The journal's side of a transaction."""

    def reserve(self) -> int:
        """Return the number of a journal entry that is recorded later in this transaction."""
        return self._next("journal")

    def record(self, entry: JournalEntry) -> int:
        """Add a line to the journal, under its reserved number if it has one; return the number."""
        number = entry.id or self._next("journal")
        values = rows.journal_values(replace(entry, id=number))
        self._unwritten.note("insert_journal", number, values)
        self._unwritten.messages.add((entry.sender, entry.control_id))
        if entry.acknowledged is Acknowledged.SENT:
            self.answered([AnswerNote(number, entry.acknowledged, self._micros, self._micros)])
        return number

    def answered(self, notes: Iterable[AnswerNote]) -> None:
        """Say what became of the answers to journal entries."""
        for note in notes:
            values: dict[str, object] = {
                "entry": note.number,
                "state": note.state.value,
                "committed": note.committed,
                "answered": note.answered,
            }
            self._unwritten.note("insert_answer", note.number, values)

    def note_code(self, sender: str, field: str, system: str, code: str, display: str) -> None:
        """Count a code of a sender's own that has no standard one."""
        values: dict[str, object] = {
            "sender": sender,
            "system": system,
            "code": code,
            "field": field,
            "display": display,
            "count": 1,
            "first_seen": self._micros,
            "last_seen": self._micros,
        }
        kept = with_visible_nul(values)
        # As they are written: PostgreSQL takes no row twice in one statement.
        key = tuple(kept[name] for name in ("sender", "system", "code", "field"))
        self._unwritten.count("insert_local_code", key, kept)

    def same_message(self, sender: str, control_id: str) -> list[SameMessage]:
        """Return earlier messages with that control id, newest first."""
        if any((sender, control_id) in one.messages for one in self._kept()):
            self._tell()
        found = self._all("journal_same", sender=sender, control_id=control_id)
        return [SameMessage(row[0], bytes(row[1]), bytes(row[2]), row[3]) for row in found]
