"""MLLP block framing as a state machine, without I/O.

A block is VT, the message, FS, CR (MLLP Release 1, section 3.1). Real peers leave the CR out, add
LF, NUL or spaces between blocks, and die in the middle of one; none of that may cost the messages
around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

VT: Final = b"\x0b"
FS: Final = b"\x1c"
CR: Final = b"\r"
# What may stand between two blocks without meaning anything.
FILLER: Final = b"\r\n\x00 \t\x1c"
# Kept of what is too long: enough to read MSH and answer.
HEAD_BYTES: Final = 64 * 1024
DEFAULT_LIMIT: Final = 64 * 1024 * 1024
# A VT inside a block starts a new block only when a message header follows it.
_RESTART: Final = b"\x0bMSH"


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole message, without its block characters."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Oversize:
    """A message over the limit: its first bytes (64 KB at most) and its size in bytes."""

    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are no message: outside any block, or a block that was cut short.

    `size` counts what came; `data` is all of a truncated block, and 64 KB at most of the rest.
    """

    data: bytes
    size: int
    truncated: bool


Event = Frame | Oversize | Noise


def frame(message: bytes) -> bytes:
    """Put `message` into a block."""
    return VT + message + FS + CR


class Deframer:
    """Turns the bytes of one connection into messages, however they were cut into chunks.

    Memory is bounded by `limit` bytes plus one chunk. Not thread-safe: one for each connection.
    """

    __slots__ = ("_buffer", "_held", "_inside", "_limit", "_over", "_size")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        """Start outside any block; a message may have `limit` bytes."""
        self._limit = limit
        self._inside = False
        # The start of what may be `_RESTART`, cut by the end of a chunk.
        self._held = b""
        # A bytearray grows in place: a large message costs no quadratic copying.
        self._buffer = bytearray()
        self._size = 0
        self._over = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Take what the peer sent; give what became complete, in order."""
        data, self._held = self._held + chunk, b""
        events: list[Event] = []
        position = 0
        while position < len(data):
            step = self._in_block if self._inside else self._between
            position = step(data, position, events)
        return events

    @property
    def in_block(self) -> bool:
        """Whether a block has begun and not ended."""
        return self._inside

    @property
    def pending(self) -> bytes:
        """What was received and belongs to nothing yet (its head, when over the limit)."""
        return bytes(self._buffer) + self._held

    @property
    def size(self) -> int:
        """How many bytes of it came, and are held unless it is over the limit."""
        return self._size + len(self._held)

    def close(self) -> list[Event]:
        """No more is coming: give what was left, as noise or as an oversized message."""
        if self._inside and self._held:
            self._keep(self._held)
        self._held = b""
        events: list[Event] = []
        self._cut(events)
        self._inside = False
        return events

    def _in_block(self, data: bytes, start: int, events: list[Event]) -> int:
        end = data.find(FS, start)
        restart = data.find(_RESTART, start, end if end >= 0 else len(data))
        if restart >= 0:
            self._keep(data[start:restart])
            self._cut(events)
            return restart + 1
        if end >= 0:
            self._keep(data[start:end])
            events.append(self._complete())
            self._inside = False
            return end + 1
        held = _restart_begun(data, start)
        self._keep(data[start : len(data) - held])
        self._held = data[len(data) - held :]
        return len(data)

    def _between(self, data: bytes, start: int, events: list[Event]) -> int:
        begin = data.find(VT, start)
        self._keep_noise(data[start : begin if begin >= 0 else len(data)])
        if begin < 0:
            return len(data)
        self._cut(events)
        self._inside = True
        return begin + 1

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._over:
            return
        self._buffer += piece
        if self._size > self._limit:
            self._over = True
            # A new object: shrinking in place would keep the memory.
            self._buffer = self._buffer[: min(HEAD_BYTES, self._limit)]

    def _keep_noise(self, piece: bytes) -> None:
        if not self._buffer:
            piece = piece.lstrip(FILLER)
        self._size += len(piece)
        self._buffer += piece[: HEAD_BYTES - len(self._buffer)]

    def _complete(self) -> Frame | Oversize:
        data, size, over = bytes(self._buffer), self._size, self._over
        self._reset()
        return Oversize(data, size) if over else Frame(data)

    def _cut(self, events: list[Event]) -> None:
        """Give what was kept as what it is: not a message."""
        if self._over:
            events.append(self._complete())
        elif self._buffer.strip(FILLER):
            events.append(Noise(bytes(self._buffer), self._size, self._inside))
        self._reset()

    def _reset(self) -> None:
        self._buffer = bytearray()
        self._size = 0
        self._over = False


def _restart_begun(data: bytes, start: int) -> int:
    """How many bytes at the end of `data` may be the beginning of `_RESTART`."""
    for length in range(min(len(_RESTART) - 1, len(data) - start), 0, -1):
        if data.endswith(_RESTART[:length]):
            return length
    return 0
