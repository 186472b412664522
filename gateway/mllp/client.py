"""An MLLP client: one persistent connection, and answers that belong to what was sent."""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable
from gateway.hl7v2.framing import Deframer, Frame, frame
from gateway.mllp.answer import Answer, Awaited, NoAcknowledgement, WrongAcknowledgement

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = ["Answer", "Client", "NoAcknowledgement", "Place", "WrongAcknowledgement"]

_READ_BYTES: Final = 64 * 1024
# A peer that does not answer the call is called again after so many seconds, then ever later.
BACK_OFF: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
_CONNECT_SECONDS: Final = 10.0
# An answer that may come (MSH-16 ER, SU) is waited for so long, and not for the whole time-out.
_MAYBE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where to send: `tls` is the context to use, `name` whom the certificate must name."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str = ""

    def __str__(self) -> str:
        """Write it for the operator."""
        return f"{self.host}:{self.port}"


class Client:
    """Sends messages one after the other and waits for each answer.

    After any fault the connection is closed, so that a late acknowledgement is never taken for
    the answer to the next message. Not thread-safe: one for each destination and thread.
    """

    def __init__(  # noqa: PLR0913 - where to send and how
        self,
        host: str,
        port: int,
        timeout: float = 30.0,
        *,
        tls: ssl.SSLContext | None = None,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect at the first message; `timeout` in seconds is what `send` waits by default."""
        self.place: Final = Place(host, port, tls, name)
        self._timeout = timeout
        self._clock = clock
        self._socket: socket.socket | None = None
        self._deframer = Deframer()
        self._heard: deque[bytes] = deque()
        # Nothing has been heard on this connection yet.
        self._fresh = True
        self._failures = 0
        self._not_before = 0.0

    def send(
        self, message: bytes, control_id: str | None = None, timeout: float | None = None
    ) -> Answer:
        """Send one message and give its answer; `control_id` is its MSH-10 when known.

        In the enhanced mode (MSH-15, MSH-16) it waits for the accept acknowledgement and, when
        MSH-16 asks for it, for the application's. `timeout` in seconds is for all of them.
        Raises `Unavailable` when nothing was sent, `NoAcknowledgement` when the message may have
        arrived, `WrongAcknowledgement` when MSA-2 is not the MSH-10 that was sent, and
        `Malformed` when the answer is no acknowledgement.
        """
        awaited = Awaited(message, control_id)
        try:
            return self._exchange(message, awaited, self._timeout if timeout is None else timeout)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hang up; the next message connects again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        """Give the client; it connects at the first message."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    def _exchange(self, message: bytes, awaited: Awaited, timeout: float) -> Answer:
        connected = self._connected(timeout)
        end = self._clock() + timeout
        connected.settimeout(timeout)
        try:
            connected.sendall(frame(message))
            return self._listen(connected, awaited, end)
        except OSError as fault:
            if self._fresh and _is_alert(fault):
                # In TLS 1.3 the server judges our certificate after we believe to be connected.
                text = f"{self.place} refused the TLS handshake: {fault}"
                raise Unavailable(text) from fault
            text = f"no acknowledgement from {self.place}: {fault}"
            raise NoAcknowledgement(text) from fault

    def _listen(self, connected: socket.socket, awaited: Awaited, end: float) -> Answer:
        while awaited.is_open:
            if awaited.may_be_silent:
                end = min(end, self._clock() + _MAYBE_SECONDS)
            try:
                heard = self._next(connected, end)
            except (OSError, NoAcknowledgement):
                if not awaited.may_be_silent and not awaited.is_kept:
                    raise
                # What comes after this must find no connection to come on.
                self.close()
                break
            awaited.take(heard)
        return awaited.answer

    def _next(self, connected: socket.socket, end: float) -> bytes:
        while not self._heard:
            left = end - self._clock()
            if left <= 0:
                message = "timed out"
                raise TimeoutError(message)
            connected.settimeout(left)
            chunk = connected.recv(_READ_BYTES)
            if not chunk:
                message = f"{self.place} hung up without an acknowledgement"
                raise NoAcknowledgement(message)
            events = self._deframer.feed(chunk)
            self._heard += [event.data for event in events if isinstance(event, Frame)]
            self._fresh = False
        return self._heard.popleft()

    def _connected(self, timeout: float) -> socket.socket:
        if self._socket is not None and (self._heard or _speaks(self._socket)):
            # The peer has hung up, or says what nobody asked.
            self.close()
        if self._socket is None:
            self._deframer = Deframer()
            self._heard.clear()
            self._fresh = True
            self._socket = self._called(min(timeout, _CONNECT_SECONDS))
        return self._socket

    def _called(self, timeout: float) -> socket.socket:
        """Call, unless it was in vain a moment ago."""
        pause = self._not_before - self._clock()
        if pause > 0:
            message = f"{self.place} did not answer: not called again for {pause:.0f} s"
            raise Unavailable(message)
        try:
            connected = connect(self.place, timeout)
        except OSError as fault:
            self._not_before = self._clock() + BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
            self._failures += 1
            message = f"cannot reach {self.place}: {fault.strerror or fault}"
            raise Unavailable(message) from fault
        self._failures = 0
        return connected


def connect(place: Place, timeout: float) -> socket.socket:
    """Connect to `place`, with the TLS handshake when it has one; raises `OSError`."""
    plain = socket.create_connection((place.host, place.port), timeout)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if place.tls is None:
            return plain
        return place.tls.wrap_socket(plain, server_hostname=place.name or place.host)
    except BaseException:
        plain.close()
        raise


def _speaks(connected: socket.socket) -> bool:
    """Say whether there is anything to hear; it is lost by asking."""
    connected.settimeout(0)
    try:
        connected.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    return True


def _is_alert(fault: OSError) -> bool:
    return isinstance(fault, ssl.SSLError) and "ALERT" in (fault.reason or "")
