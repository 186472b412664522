"""A TCP connection that reads whole PDUs without waiting for a sender's Nagle algorithm."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

from gateway.dimse.pdu import HEADER

_BUFFER: Final = 1 << 18
# Linux: acknowledge at once; the kernel forgets it after a while, so it is said again and again.
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class Closed(Exception):
    """The peer has gone, or was told to."""


class Connection:
    """Reads ahead into one buffer; a PDU is a view of it until the next one is read.

    A sender with Nagle's algorithm holds the end of each message back until the one before is
    acknowledged; a delayed acknowledgement makes that 40 ms an object.
    """

    def __init__(self, peer: socket.socket) -> None:
        """Take over an accepted socket."""
        self._socket = peer
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_BUFFER)
        self._start = 0
        self._end = 0

    def patience(self, seconds: float) -> None:
        """Wait so long for each further piece; `TimeoutError` then."""
        self._socket.settimeout(seconds)

    def read_header(self) -> tuple[int, int]:
        """Return type and length of the next PDU; raises `Closed`, `TimeoutError`."""
        self._need(HEADER.size)
        kind, length = HEADER.unpack_from(self._buffer, self._start)
        self._start += HEADER.size
        return kind, length

    def read_body(self, length: int) -> memoryview:
        """Return the next bytes; valid until the next read. Raises `Closed`, `TimeoutError`."""
        self._need(length)
        body = memoryview(self._buffer)[self._start : self._start + length]
        self._start += length
        return body

    def send(self, content: bytes) -> None:
        """Send everything; raises `Closed`, `TimeoutError`."""
        try:
            self._socket.sendall(content)
        except TimeoutError:
            raise
        except OSError as fault:
            raise Closed from fault

    def shut(self, how: int) -> None:
        """Shut one or both directions down, from any thread."""
        with suppress(OSError):
            self._socket.shutdown(how)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _need(self, length: int) -> None:
        if self._end - self._start >= length:
            return
        self._make_room(length)
        view = memoryview(self._buffer)
        while self._end - self._start < length:
            self._receive(view)

    def _make_room(self, length: int) -> None:
        """Move what has been read ahead to the front; grow when a PDU is larger than usual."""
        held = bytes(memoryview(self._buffer)[self._start : self._end])
        if length > len(self._buffer):
            # Views of the old buffer stay valid: it is replaced, not resized.
            self._buffer = bytearray(length)
        self._buffer[: len(held)] = held
        self._start, self._end = 0, len(held)

    def _receive(self, view: memoryview) -> None:
        try:
            count = self._socket.recv_into(view[self._end :])
            if _QUICKACK is not None:
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        except TimeoutError:
            raise
        except OSError as fault:
            raise Closed from fault
        if count == 0:
            raise Closed
        self._end += count
