"""One message as it came, before anybody has read it, and its line in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.errors import Issue
from gateway.store.records import JournalEntry

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.hl7v2.message import Message
    from gateway.store.records import JournalState


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came, from whom and when; `peer` of a replay is the operator.

    `always` answers as in the original mode, whatever MSH-15 and MSH-16 ask for; `reason` is what
    the operator says of a replay. `silent` is noise, which gets no answer.
    """

    raw: bytes
    peer: str
    at: datetime
    digest: bytes
    replay_of: int | None = None
    always: bool = False
    reason: str = ""
    silent: bool = False

    def until(self, moment: datetime) -> int:
        """Return the microseconds from the reception to `moment`."""
        return (moment - self.at) // timedelta(microseconds=1)

    def asked(self) -> tuple[Issue, ...]:
        """Return who has asked for a replay, and why."""
        if self.replay_of is None:
            return ()
        why = self.reason or "no reason given"
        text = f"Entry {self.replay_of} replayed by {self.peer}: {why}"
        return (Issue(text, code="informational", severity="information"),)


def entry_of(
    message: Message | None, arrival: Arrival, state: JournalState, answer: str, now: datetime
) -> JournalEntry:
    """Return the line of a message in the journal, without its original."""
    return JournalEntry(
        received=arrival.at,
        door="mllp",
        peer=arrival.peer,
        kind=f"{message.code}^{message.event}" if message else "",
        state=state,
        digest=arrival.digest,
        size=len(arrival.raw),
        sender=message.sender if message else "",
        control_id=message.control_id if message else "",
        answer=answer,
        took=arrival.until(now),
        replay_of=arrival.replay_of,
        issues=arrival.asked(),
    )
