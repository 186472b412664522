"""A lossless, lazy reader of HL7 v2 messages in ER7 ("pipes").

Every byte can be written back (`Message.raw`); unknown segments and their order are kept; nothing
is split before it is asked for, so that a 30 KB document in OBX-5 costs next to nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final

from gateway.errors import Malformed
from gateway.hl7v2.charset import decode
from gateway.hl7v2.delimiters import read_delimiters
from gateway.hl7v2.values import Segment, Value

if TYPE_CHECKING:
    from gateway.hl7v2.delimiters import Delimiters

__all__ = ["Message", "Segment", "Value"]

_HEADER: Final = b"MSH"
_NAME_LENGTH: Final = 3
_CHARSET: Final = 18
# What may stand before MSH by accident.
_BLANK: Final = b"\xef\xbb\xbf \t\r\n\x00\x0b"
_BREAK: Final = re.compile(r"(\r\n|\r|\n)")
_EVENT: Final = re.compile(r"[A-Z][0-9A-Z][0-9]")


class Message:
    """One message as received. Immutable; made by `Message.parse`.

    `raw` is what came, `charset` the Python codec that it was read with, `warnings` what was not
    as the standard or the sender says, in sentences without patient data.
    """

    def __init__(self, raw: bytes, text: str, charset: str, warnings: tuple[str, ...]) -> None:
        """Take decoded text that begins with MSH; raises `Malformed` when MSH cannot be read."""
        self.raw: Final = raw
        self.charset: Final = charset
        self.delimiters: Final[Delimiters] = read_delimiters(text)
        self._lines, broken = _lines(text, self.delimiters.field)
        self.warnings: Final = (*warnings, *broken)

    @classmethod
    def parse(cls, raw: bytes, charset: str | None = None) -> Message:
        """Read `raw`, with the Python codec `charset` whatever MSH-18 says when it is given.

        Raises `Malformed`, with the ERL of the fault, when there is no readable MSH.
        """
        body, warnings = _from_header(raw)
        if charset is not None:
            return cls(raw, body.decode(charset, "replace"), charset, warnings)
        read = decode(body, _declared_charset(body))
        return cls(raw, read.text, read.codec, (*warnings, *read.warnings))

    def __repr__(self) -> str:
        """Name the control id only: the rest is patient data and must not reach a log."""
        return f"<Message {self.code}^{self.event} {self.control_id}>"

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All segments in the order they came, unknown ones too."""
        seen: Counter[str] = Counter()
        segments = []
        for index, line in enumerate(self._lines):
            name = line[:_NAME_LENGTH]
            seen[name] += 1
            segments.append(
                Segment(
                    line,
                    index=index,
                    sequence=seen[name],
                    delimiters=self.delimiters,
                    codec=self.charset,
                )
            )
        return tuple(segments)

    def first(self, name: str) -> Segment | None:
        """Give the first segment of that name."""
        return next(iter(self._by_name.get(name, ())), None)

    def all(self, name: str) -> tuple[Segment, ...]:
        """Give every segment of that name."""
        return tuple(self._by_name.get(name, ()))

    @cached_property
    def _by_name(self) -> dict[str, list[Segment]]:
        found: dict[str, list[Segment]] = {}
        for segment in self.segments:
            found.setdefault(segment.name, []).append(segment)
        return found

    def msh(self) -> Segment:
        """Give the message header."""
        return self.segments[0]

    @cached_property
    def code(self) -> str:
        """The message code, MSH-9.1: `ORU`."""
        return self.msh().text(9)

    @cached_property
    def event(self) -> str:
        """The trigger event, MSH-9.2: `R01`.

        Senders put the code twice and the event third (`ADT^ADT^A28`, more than half of the
        archived French PAM messages), or leave it to EVN-1: then it is taken from there.
        """
        typed = self.msh().text(9, 2)
        if _EVENT.fullmatch(typed):
            return typed
        evn = self.first("EVN")
        elsewhere = (self.msh().text(9, 3), evn.text(1) if evn else "")
        return next((text for text in elsewhere if _EVENT.fullmatch(text)), typed)

    @property
    def structure(self) -> str:
        """The message structure, MSH-9.3, as typed: `ORU_R01`."""
        return self.msh().text(9, 3)

    @cached_property
    def control_id(self) -> str:
        """The message control id, MSH-10."""
        return self.msh().text(10)

    @property
    def version(self) -> str:
        """The version of the standard, MSH-12.1: `2.5`."""
        return self.msh().text(12)

    @cached_property
    def sender(self) -> str:
        """The sending application and facility, `MSH-3.1|MSH-4.1`."""
        header = self.msh()
        return f"{header.text(3)}|{header.text(4)}"


def _from_header(raw: bytes) -> tuple[bytes, tuple[str, ...]]:
    if raw.startswith(_HEADER):
        return raw, ()
    body = raw.lstrip(_BLANK)
    if not body.startswith(_HEADER):
        message = "The message does not begin with MSH."
        raise Malformed(message, location="MSH^1")
    return body, ("there were bytes before MSH",)


def _declared_charset(body: bytes) -> str:
    """Give MSH-18, before the character set is known: names are ASCII in every one of them."""
    ends = [end for end in (body.find(b"\r"), body.find(b"\n")) if end >= 0]
    fields = body[: min(ends, default=len(body))].split(body[3:4] or b"|", _CHARSET)
    if len(fields) < _CHARSET:
        return ""
    # The first repetition is the character set of the message.
    return fields[_CHARSET - 1].split(body[5:6] or b"~", 1)[0].decode("ascii", "replace")


def _lines(text: str, separator: str) -> tuple[list[str], tuple[str, ...]]:
    """Split at CR, and at LF and CRLF for the senders that know no better.

    A line that does not begin like a segment is the rest of the one before it: a report whose
    author pressed return must not lose its conclusion.
    """
    if "\n" not in text:
        lines = text.rstrip("\r").split("\r")
        if all(_is_segment(line, separator) for line in lines):
            return lines, ()
    return _tolerant_lines(text, separator)


def _tolerant_lines(text: str, separator: str) -> tuple[list[str], tuple[str, ...]]:
    parts = _BREAK.split(text)
    lines = [parts[0]]
    warnings: tuple[str, ...] = ()
    # Blank lines between segments mean nothing; inside a text they are part of it.
    held = ""
    for ending, line in zip(parts[1::2], parts[2::2], strict=True):
        held += ending
        if _is_segment(line, separator):
            lines.append(line)
            held = ""
        elif line:
            lines[-1] += held + line
            held = ""
            warnings = ("a line that begins like no segment was read as part of the one before",)
    return lines, warnings


def _is_segment(line: str, separator: str) -> bool:
    name = line[:_NAME_LENGTH]
    return (
        line[_NAME_LENGTH : _NAME_LENGTH + 1] in (separator, "")
        and len(name) == _NAME_LENGTH
        and name.isalnum()
        and name.isupper()
        and name.isascii()
    )
