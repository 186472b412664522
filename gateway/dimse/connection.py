"""A TCP connection that reads whole PDUs without waiting for a sender's Nagle algorithm."""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import suppress
from typing import Final

from gateway.access.tls import certificate_names
from gateway.dimse.pdu import HEADER

_BUFFER: Final = 1 << 18
# Who still sends after we have said the last word is listened to so long, in all and in between.
_FAREWELL_SECONDS: Final = 5.0
_SILENCE_SECONDS: Final = 1.0
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
        self._deadline: float | None = None

    def secure(self, context: ssl.SSLContext) -> tuple[str, ...]:
        """Go over to TLS and return the names in the peer's certificate.

        Raises `OSError` (`ssl.SSLError`, `TimeoutError`) when the handshake fails.
        """
        self._socket = context.wrap_socket(
            self._socket, server_side=True, do_handshake_on_connect=False
        )
        self._socket.do_handshake()
        return certificate_names(self._socket)

    def patience(self, seconds: float) -> None:
        """Wait so long for each further piece; `TimeoutError` then."""
        self._deadline = None
        self._socket.settimeout(seconds)

    def hurry(self, seconds: float) -> None:
        """Wait so long for everything until the next `patience`; `TimeoutError` then."""
        self._deadline = time.monotonic() + seconds
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

    def has_more(self) -> bool:
        """Say whether the peer has sent something that was not read yet, without waiting."""
        # What TLS has taken in already, the socket does not show.
        waiting = getattr(self._socket, "pending", int)()
        if self._end > self._start or waiting:
            return True
        readable, _, _ = select.select([self._socket], [], [], 0)
        return bool(readable)

    def shut(self, how: int) -> None:
        """Shut one or both directions down, from any thread."""
        if how == socket.SHUT_WR and isinstance(self._socket, ssl.SSLSocket):
            # An end without a goodbye is an attack to a TLS peer: it will hang up itself.
            return
        with suppress(OSError):
            # That of `SSLSocket` would go on in plain text.
            socket.socket.shutdown(self._socket, how)

    def part(self) -> None:
        """Say that nothing more follows, and let the peer close first, for a while (ARTIM timer).

        What lay unread at our close would be answered by a reset, which overtakes our last words.
        """
        self.shut(socket.SHUT_WR)
        deadline = time.monotonic() + _FAREWELL_SECONDS
        with suppress(OSError):
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(min(left, _SILENCE_SECONDS))
                # Beneath TLS, if there is any: it is not read, only taken in.
                if socket.socket.recv_into(self._socket, self._buffer) == 0:
                    return

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
        if self._deadline is not None:
            self._socket.settimeout(max(0.001, self._deadline - time.monotonic()))
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
