"""A small MLLP client with one persistent connection, for the command line, the demo and tests."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING, Final

from gateway.errors import Conflict, Malformed, Unavailable
from gateway.hl7v2.framing import Deframer, Frame, frame
from gateway.hl7v2.message import Message

if TYPE_CHECKING:
    from typing import Self

_READ_BYTES: Final = 64 * 1024


class NoAcknowledgement(Unavailable):
    """The message was sent and nothing came back: it may have arrived."""


class WrongAcknowledgement(Conflict):
    """What came back acknowledges another message."""


class MllpClient:
    """Sends messages one after the other and waits for each acknowledgement.

    After any fault the connection is closed, so that a late acknowledgement is never taken for
    the answer to the next message. Not thread-safe.
    """

    def __init__(self, host: str, port: int, timeout: float = 30.0) -> None:
        """Connect at the first message; `timeout` is in seconds, for connecting and answering."""
        self._address = (host, port)
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._deframer = Deframer()

    def send(self, raw: bytes) -> bytes:
        """Send one message and give its acknowledgement, without block characters.

        Raises `Unavailable` when nobody answers the call, `NoAcknowledgement` when the message
        may have arrived, `WrongAcknowledgement` when MSA-2 is not the MSH-10 that was sent, and
        `Malformed` when the answer is no message.
        """
        try:
            acknowledgement = self._exchange(raw)
            _verify(raw, acknowledgement)
        except BaseException:
            self.close()
            raise
        return acknowledgement

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

    def _exchange(self, raw: bytes) -> bytes:
        connected = self._connected()
        try:
            connected.sendall(frame(raw))
            return self._read(connected)
        except OSError as fault:
            message = f"no acknowledgement from {self._name()}: {fault}"
            raise NoAcknowledgement(message) from fault

    def _read(self, connected: socket.socket) -> bytes:
        while chunk := connected.recv(_READ_BYTES):
            for event in self._deframer.feed(chunk):
                if isinstance(event, Frame):
                    return event.data
        message = f"{self._name()} hung up without an acknowledgement"
        raise NoAcknowledgement(message)

    def _connected(self) -> socket.socket:
        # Readable while nothing is awaited: the peer has hung up, or says what nobody asked.
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()
        if self._socket is None:
            self._deframer = Deframer()
            self._socket = self._connect()
        return self._socket

    def _connect(self) -> socket.socket:
        try:
            connected = socket.create_connection(self._address, self._timeout)
        except OSError as fault:
            message = f"cannot reach {self._name()}: {fault}"
            raise Unavailable(message) from fault
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _name(self) -> str:
        host, port = self._address
        return f"{host}:{port}"


def _verify(raw: bytes, acknowledgement: bytes) -> None:
    answer = Message.parse(acknowledgement)
    msa = answer.first("MSA")
    if msa is None:
        message = "the answer has no MSA segment"
        raise Malformed(message, location="MSA^1")
    try:
        sent = Message.parse(raw).control_id
    except Malformed:
        # What was sent on purpose cannot be read: any refusal is its answer.
        return
    if msa.text(2) != sent:
        message = f"sent {sent!r}, and {msa.text(2)!r} was acknowledged"
        raise WrongAcknowledgement(message, location="MSA^1^2")
