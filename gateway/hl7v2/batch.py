"""Files of messages: batches (FHS, BHS, BTS, FTS) and messages one behind the other.

HL7 v2.5.1 chapter 2, 2.10.3. Read without I/O; lines may end with CR, LF or CRLF, and blocks of
MLLP are taken apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.hl7v2.framing import FS, VT

_BOM: Final = b"\xef\xbb\xbf"
# A message begins at a header of its own, or in a block of its own.
_START: Final = re.compile(rb"(?:^|(?<=[\r\n\x0b\x1c]))MSH(?=[^A-Za-z0-9\r\n])")
_ENVELOPE: Final = re.compile(rb"(?:^|(?<=[\r\n]))(FHS|BHS|BTS|FTS)(?=[^\w .,;:-]|$)([^\r\n]*)")
_HEADER: Final = re.compile(rb"(?<=\r)(?=MSH)")
# With the end of file of DOS.
_BLANK: Final = b"\r\n\x00 \t\x1a" + VT + FS


@dataclass(frozen=True, slots=True)
class Batch:
    """The messages of a file in their order, and what does not fit with its envelope."""

    messages: tuple[bytes, ...]
    warnings: tuple[str, ...] = ()


def read_batch(content: bytes) -> Batch:
    """Take a file apart; without any MSH it holds no message."""
    content = _one_line_end(content.removeprefix(_BOM))
    starts = [found.start() for found in _START.finditer(content)]
    ends = [*starts[1:], len(content)]
    messages = tuple(_message(content[start:end]) for start, end in zip(starts, ends, strict=False))
    return Batch(messages, _warnings(content, starts))


def split_messages(messages: bytes) -> tuple[bytes, ...]:
    """Take apart well-formed messages that stand one behind the other."""
    return tuple(one for one in _HEADER.split(messages) if one)


def _one_line_end(content: bytes) -> bytes:
    """Make CR of CRLF, and of LF when nothing else ends the lines."""
    content = content.replace(b"\r\n", b"\r")
    return content if b"\r" in content else content.replace(b"\n", b"\r")


def _message(piece: bytes) -> bytes:
    """Return one message, ended by CR, without what the envelope put behind it."""
    envelope = _ENVELOPE.search(piece)
    body = piece[: envelope.start()] if envelope else piece
    return body.strip(_BLANK) + b"\r"


def _warnings(content: bytes, starts: list[int]) -> tuple[str, ...]:
    found: list[str] = []
    counted = 0
    for envelope in _ENVELOPE.finditer(content):
        if envelope[1] != b"BTS":
            continue
        before = sum(start < envelope.start() for start in starts)
        said = envelope[2][1:].split(envelope[2][:1] or b"|")[0].decode("ascii", "replace")
        if said.isdigit() and int(said) != before - counted:
            found.append(f"BTS-1 says {said} messages, and the batch holds {before - counted}.")
        counted = before
    return tuple(found)
