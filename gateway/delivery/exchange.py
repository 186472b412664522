"""One message and what came back: which failure an answer is, and the line of the journal."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.delivery.failures import CourierFailure, Failure, Refused, Unreachable
from gateway.errors import Malformed
from gateway.hl7v2.message import Message
from gateway.store.records import DOOR_OUT, Acknowledged, JournalEntry, JournalState

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.delivery.ports import Answer
    from gateway.settings import Destination
    from gateway.store.records import Delivery

_ACCEPTED: Final = frozenset({"", "AA", "CA"})
_REJECTED: Final = frozenset({"AR", "CR"})
# What sending the same again cannot mend: type, event, processing id, version (table HL70357).
_LASTING: Final = frozenset({"200", "201", "202", "203"})
_MICROS: Final = 1_000_000
# MSH-10 had 20 characters until version 2.7.
_CONTROL_BYTES: Final = 11


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is being sent, as it was kept."""

    delivery: Delivery
    destination: Destination
    message: bytes
    sha256: str

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return control_id(self.delivery)

    @property
    def kind(self) -> str:
        """MSH-9.1 and MSH-9.2."""
        read = Message.parse(self.message)
        return f"{read.code}^{read.event}"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt that reached the receiver, or may have; `answer` is None when none came."""

    claimed: Claimed
    peer: str
    began: datetime
    ended: datetime
    answer: Answer | None
    fault: CourierFailure | None

    def entry(self) -> JournalEntry | None:
        """Return the line of the journal; the message itself is the object that it names.

        None when it failed as the attempt before it did: a night of the same silence is one line.
        """
        if self.fault is not None and self.fault.failure == self.claimed.delivery.failure:
            return None
        delivery, destination = self.claimed.delivery, self.claimed.destination
        return JournalEntry(
            received=self.began,
            door=DOOR_OUT,
            peer=f"{destination.name} {self.peer}",
            kind=self.claimed.kind,
            state=self._state(),
            digest=hashlib.sha256(self.claimed.message).digest(),
            size=len(self.claimed.message),
            sender=f"{destination.sending_application}|{destination.sending_facility}",
            control_id=self.claimed.control_id,
            answer=self.answer.code if self.answer else "",
            took=int((self.ended - self.began).total_seconds() * _MICROS),
            # The other axis: whether the receiver has said anything to it.
            acknowledged=Acknowledged.SENT if self.answer else Acknowledged.LOST,
            answered=self.ended if self.answer else None,
            resources=(f"{delivery.focus}/_history/{delivery.focus_version}",),
            reply=self.answer.raw if self.answer else b"",
            object=self.claimed.sha256,
        )

    def _state(self) -> JournalState:
        if self.fault is None:
            return JournalState.PROCESSED
        refused = self.fault.failure is Failure.REFUSED
        return JournalState.REFUSED if refused else JournalState.FAILED


def control_id(delivery: Delivery) -> str:
    """Return MSH-10: the same at each attempt, so that the receiver knows a copy."""
    digest = hashlib.sha256(delivery.id.encode()).digest()[:_CONTROL_BYTES]
    return f"P{b32encode(digest).decode().rstrip('=')}"


def fault_of(answer: Answer) -> CourierFailure | None:
    """Return which failure an answer is; None when the message was taken.

    AE is refused for its content and looked at by a person; AR could not be taken now and is sent
    again, unless it says that this message never can be (HL7 v2.5.1 chapter 2, 2.9.2).
    """
    if answer.code in _ACCEPTED:
        return None
    code, text = _told(answer)
    later = answer.code in _REJECTED or answer.temporary
    return Unreachable(text) if later and code not in _LASTING else Refused(text)


def _told(answer: Answer) -> tuple[str, str]:
    """Return the error code and a sentence of codes alone: words may quote the patient."""
    try:
        err = Message.parse(answer.raw).first("ERR")
    except Malformed:
        err = None
    code = err.text(3) if err else ""
    place = "^".join(part for part in (err.text(2, n) for n in (1, 2, 3)) if part) if err else ""
    details = "".join((f", error {code}" if code else "", f" at {place}" if place else ""))
    return code, f"The receiver answered {answer.code}{details}."
