"""One MLLP connection: bytes in, messages to their ports, acknowledgements out, in order."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.access.decision import Decision, Request, decide
from gateway.errors import Malformed
from gateway.hl7v2.framing import DEFAULT_LIMIT, Deframer, Frame, Noise, Oversize, frame
from gateway.hl7v2.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.hl7v2.framing import Event
    from gateway.mllp.alarm import Alarm

_log: Final = logging.getLogger("gateway.mllp")
_READ_BYTES: Final = 64 * 1024
# How long a peer may take to accept an acknowledgement, and to hang up after the last one.
_SEND_SECONDS: Final = 30.0
_LINGER_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where messages go: each takes what came and the peer, and never raises.

    `receive` gives the acknowledgement, without block characters, after the commit; empty when
    the sender wants none. `oversize` takes the head and the size of a message over the limit.
    `noise` takes bytes that are no message, or one cut short, and may give an answer.
    `forbidden` takes a message that its sender may not send, and the reason.
    """

    receive: Callable[[bytes, str], bytes]
    oversize: Callable[[bytes, int, str], bytes]
    noise: Callable[[bytes, str], bytes | None]
    forbidden: Callable[[bytes, str, str], bytes]
    decide: Callable[[Request], Decision] = decide


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer, and all of them together, may ask for."""

    message_bytes: int = DEFAULT_LIMIT
    connections: int = 256
    idle_seconds: float = 3600.0
    # After so long without a byte, what stands outside a block is taken for noise and answered.
    noise_seconds: float = 1.0


class Connection:
    """Serves one peer until it leaves, is idle for too long, or the door drains.

    When the door drains, the message in hand is finished and answered; what was not begun stays
    unanswered, and its sender will send it again.
    """

    def __init__(
        self, peer_socket: socket.socket, peer: str, ports: Ports, limits: Limits, alarm: Alarm
    ) -> None:
        """Take over `peer_socket`; `serve` closes it."""
        self._socket = peer_socket
        self._peer = peer
        self._ports = ports
        self._limits = limits
        self._alarm = alarm
        self._deframer = Deframer(limits.message_bytes)

    def serve(self) -> None:
        """Serve to the end; every end is a log event, none is an exception."""
        reason = "failed"
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket.settimeout(_SEND_SECONDS)
            _log.info("mllp.connected", extra={"peer": self._peer})
            reason = self._converse()
        except OSError as fault:
            # The peer vanished: what was committed is committed, it will ask again.
            reason = f"lost ({type(fault).__name__})"
        except Exception as fault:  # noqa: BLE001 - the thread's last line: the fault becomes an event, and the sender, unanswered, sends again
            # The type only: the text of an exception may quote the message.
            _log.error("mllp.failed", extra={"peer": self._peer, "fault": type(fault).__name__})
        finally:
            self._socket.close()
            _log.info("mllp.closed", extra={"peer": self._peer, "reason": reason})

    def _converse(self) -> str:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._alarm.wake, selectors.EVENT_READ)
            while not self._alarm.is_set():
                ready = selector.select(self._patience())
                if self._alarm.is_set():
                    break
                if not ready and not self._noise_waits():
                    self._answer_all(self._deframer.close())
                    self._hang_up()
                    return "idle"
                if not self._hear(arrived=bool(ready)):
                    return "left"
        self._hang_up()
        return "drained"

    def _hear(self, *, arrived: bool) -> bool:
        """Take what has come, or what was left hanging; False when the peer has left."""
        chunk = self._read() if arrived else b""
        self._answer_all(self._deframer.feed(chunk) if chunk else self._deframer.close())
        return bool(chunk) or not arrived

    def _read(self) -> bytes:
        try:
            return self._socket.recv(_READ_BYTES)
        except ConnectionError:
            # Reset or closed, the peer has left: what it began to say is still to be kept.
            return b""

    def _patience(self) -> float:
        return self._limits.noise_seconds if self._noise_waits() else self._limits.idle_seconds

    def _noise_waits(self) -> bool:
        return not self._deframer.in_block and bool(self._deframer.pending)

    def _answer_all(self, events: list[Event]) -> None:
        for event in events:
            if self._alarm.is_set():
                return
            self._answer(event)

    def _answer(self, event: Event) -> None:
        begun = time.monotonic()
        extra: dict[str, object] = {"peer": self._peer}
        answer: bytes | None
        match event:
            case Frame(data):
                name, size = "mllp.message", len(data)
                answer = self._answer_message(data, extra)
            case Oversize(head, size):
                name = "mllp.oversize"
                answer = self._ports.oversize(head, size, self._peer)
            case Noise(data, size):
                name = "mllp.noise"
                answer = self._ports.noise(data, self._peer)
        if answer:
            self._socket.sendall(frame(answer))
        milliseconds = round((time.monotonic() - begun) * 1000, 1)
        level = logging.DEBUG if name == "mllp.message" else logging.INFO
        _log.log(level, name, extra=extra | {"bytes": size, "milliseconds": milliseconds})

    def _answer_message(self, data: bytes, extra: dict[str, object]) -> bytes:
        """Ask whether this sender may send this message, and pass it on or refuse it."""
        try:
            header = Message.parse(data[: data.find(b"\r") + 1] or data)
        except Malformed:
            # Nobody to ask about: the port says what is wrong with it.
            return self._ports.receive(data, self._peer)
        extra["control_id"] = header.control_id
        action = f"{header.code}^{header.event}"
        request = Request("mllp", action, caller=header.sender, peer=self._peer)
        decision = self._ports.decide(request)
        if decision.permitted:
            return self._ports.receive(data, self._peer)
        _log.warning("mllp.forbidden", extra=extra | {"reason": decision.reason})
        return self._ports.forbidden(data, self._peer, decision.reason)

    def _hang_up(self) -> None:
        """Close so that the last acknowledgement arrives.

        Closing with unread bytes resets the connection, and a reset may overtake what was sent:
        so no more is sent, and what still comes is read and forgotten for a moment.
        """
        end = time.monotonic() + _LINGER_SECONDS
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(_READ_BYTES):
                    break
