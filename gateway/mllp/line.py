"""One connected socket, plain or TLS: wait for bytes, take them, send some."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from gateway.access.tls import certificate_names

if TYPE_CHECKING:
    from gateway.mllp.alarm import Alarm

_READ_BYTES: Final = 64 * 1024
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# How long a peer may take to hang up after the last answer.
_LINGER_SECONDS: Final = 1.0
# The first byte of a TLS record that begins a handshake.
_HANDSHAKE: Final = b"\x16"


class Line:
    """Never blocks but in `wait`, `write` and `shake_hands`, each for a given time at most."""

    def __init__(self, connected: socket.socket, alarm: Alarm) -> None:
        """Take over `connected`; `alarm` ends every wait."""
        connected.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._socket = connected
        self._alarm = alarm
        self._arriving = select.poll()
        self._arriving.register(connected, select.POLLIN)
        self._arriving.register(alarm.wake, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Wait until the peer speaks or leaves; False after so long, or when the alarm rings."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        ready = self._arriving.poll(max(0.0, seconds) * 1000)
        return any(number == self._socket.fileno() for number, _ in ready)

    def read(self) -> bytes | None:
        """Return what has come, nothing when the peer has left, None when nothing has come yet."""
        try:
            return self._socket.recv(_READ_BYTES)
        except _NOT_NOW:
            return None
        except (ConnectionError, ssl.SSLError):
            # Reset or closed, the peer has left: what it began to say is still to be kept.
            return b""

    def write(self, data: bytes, seconds: float) -> None:
        """Send all of it; raises `TimeoutError` after so long, `OSError` when the peer is gone."""
        end = time.monotonic() + seconds
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except ssl.SSLWantReadError:
                self._await(select.POLLIN, end)
            except _NOT_NOW:
                self._await(select.POLLOUT, end)

    def shake_hands(self, context: ssl.SSLContext, seconds: float) -> None:
        """Go over to TLS; raises `OSError` (`ssl.SSLError`, `TimeoutError`) when it fails."""
        end = time.monotonic() + seconds
        self._await(select.POLLIN, end)
        if self._socket.recv(1, socket.MSG_PEEK) not in (_HANDSHAKE, b""):
            message = "the peer does not speak TLS"
            raise ConnectionError(message)
        self._socket = context.wrap_socket(
            self._socket, server_side=True, do_handshake_on_connect=False
        )
        while True:
            try:
                self._socket.do_handshake()
            except ssl.SSLWantReadError:
                self._await(select.POLLIN, end)
            except ssl.SSLWantWriteError:
                self._await(select.POLLOUT, end)
            else:
                return

    def certificate_names(self) -> tuple[str, ...]:
        """Return the common name and the DNS names of the peer's certificate, if it showed one."""
        return certificate_names(self._socket)

    def hang_up(self) -> None:
        """Close so that the last answer arrives.

        Closing with unread bytes resets the connection, and a reset may overtake what was sent:
        so no more is sent, and what still comes is read and forgotten for a moment.
        """
        with contextlib.suppress(OSError):
            self._say_goodbye()
            self._socket.settimeout(_LINGER_SECONDS)
            end = time.monotonic() + _LINGER_SECONDS
            while time.monotonic() < end and self._socket.recv(_READ_BYTES):
                pass

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _say_goodbye(self) -> None:
        if isinstance(self._socket, ssl.SSLSocket):
            # It waits for the peer's goodbye, which nobody needs: ours is out.
            with contextlib.suppress(*_NOT_NOW, ssl.SSLError):
                self._socket.unwrap()
        self._socket.shutdown(socket.SHUT_WR)

    def _await(self, event: int, end: float) -> None:
        waiting = select.poll()
        waiting.register(self._socket, event)
        if event == select.POLLIN:
            waiting.register(self._alarm.wake, select.POLLIN)
        ready = waiting.poll(max(0.0, end - time.monotonic()) * 1000)
        if not any(number == self._socket.fileno() for number, _ in ready):
            message = "timed out"
            raise TimeoutError(message)
