"""What a peer answers to a message, and which answers a sender waits for.

Original and enhanced acknowledgement mode: HL7 v2.5.1 chapter 2, 2.9.2 and 2.9.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.errors import Conflict, Malformed, Unavailable
from gateway.hl7v2.message import Message

_ACCEPT: Final = ("CA", "CE", "CR")
_APPLICATION: Final = ("AA", "AE", "AR")
# Table HL70357: the reason lies with the receiver, not with the message.
_INTERNAL: Final = "207"


class NoAcknowledgement(Unavailable):
    """The message was sent and nothing came back: it may have arrived."""


class WrongAcknowledgement(Conflict):
    """What came back acknowledges another message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, without block characters.

    `code` is MSA-1, empty when the message asked for no answer; `raw` the last acknowledgement;
    `accept` the commit acknowledgement (CA, CE, CR) when there was one; `text` the sentence of
    MSA-3 or ERR-8 (it may quote the patient). `complete` is False when the application
    acknowledgement that was asked for did not come after CA: the receiver has the message.
    """

    code: str
    raw: bytes = b""
    accept: bytes = b""
    text: str = ""
    complete: bool = True

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.code in ("AA", "CA", "")

    @property
    def may_be_sent_again(self) -> bool:
        """Whether the same message may be taken later (AR, or CE for an internal error)."""
        return self.code == "AR" or (self.code == "CE" and _error(self.raw) == _INTERNAL)


class Awaited:
    """The answers that one message asked for and that have not come yet."""

    def __init__(self, message: bytes, control_id: str | None = None) -> None:
        """Read MSH-10, MSH-15 and MSH-16 of `message`.

        What cannot be read was sent like this on purpose: any refusal is its answer.
        """
        self._control_id, accept, application = _asked(message)
        if control_id is not None:
            self._control_id = control_id
        self._original = not accept and not application
        self._accept = _Wait(accept)
        self._application = _Wait("AL" if self._original else application)
        self._answer = Answer("")

    @property
    def answer(self) -> Answer:
        """What has come so far."""
        if not self.is_kept:
            return self._answer
        held = self._answer
        return Answer(held.code, held.raw, held.accept, held.text, complete=False)

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._accept.is_open or self._application.is_open

    @property
    def may_be_silent(self) -> bool:
        """Whether silence is an answer too (MSH-15, MSH-16: only on error, only on success)."""
        return not (self._accept.is_sure or self._application.is_sure)

    @property
    def is_kept(self) -> bool:
        """Whether the receiver has committed the message and its application has not spoken."""
        return self._answer.code == "CA" and self._application.is_sure

    def take(self, raw: bytes) -> None:
        """Take one acknowledgement; raises `WrongAcknowledgement` or `Malformed`."""
        code, text = self._verified(Message.parse(raw))
        self._accept.is_open = False
        if code in _ACCEPT:
            self._answer = Answer(code, raw, raw, text)
            if code != "CA":
                self._application.is_open = False
            elif self._original:
                # The peer speaks the enhanced mode to everybody: its application may follow.
                self._application = _Wait("ER")
        else:
            self._answer = Answer(code, raw, self._answer.accept, text)
            self._application.is_open = False

    def _verified(self, answer: Message) -> tuple[str, str]:
        msa = answer.first("MSA")
        if msa is None:
            message = "the answer has no MSA segment"
            raise Malformed(message, location="MSA^1")
        if self._control_id is not None and msa.text(2) != self._control_id:
            message = f"sent {self._control_id!r}, and {msa.text(2)!r} was acknowledged"
            raise WrongAcknowledgement(message, location="MSA^1^2")
        if msa.text(1) not in _ACCEPT + _APPLICATION:
            message = f"{msa.text(1)!r} is no acknowledgement code"
            raise Malformed(message, location="MSA^1^1")
        err = answer.first("ERR")
        return msa.text(1), (err.text(8) if err else "") or msa.text(3)


class _Wait:
    """One answer: sure to come, or maybe, or not at all (table HL70155)."""

    __slots__ = ("_condition", "is_open")

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self.is_open = condition in ("AL", "ER", "SU")

    @property
    def is_sure(self) -> bool:
        return self.is_open and self._condition == "AL"


def _asked(message: bytes) -> tuple[str | None, str, str]:
    """Return MSH-10, MSH-15 and MSH-16; no more than the header is read."""
    try:
        header = Message.parse(message[: message.find(b"\r") + 1] or message).msh()
    except Malformed:
        return None, "", ""
    return header.text(10), header.text(15), header.text(16)


def _error(raw: bytes) -> str:
    err = Message.parse(raw).first("ERR")
    return err.text(3) if err else ""
