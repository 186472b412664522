"""One MLLP connection: bytes in, messages to their ports, acknowledgements out, in order."""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.access.decision import Decision, Request, decide
from gateway.access.tls import reason_of
from gateway.errors import Malformed
from gateway.hl7v2.batch import split_messages
from gateway.hl7v2.framing import Deframer, Frame, Noise, Oversize, frame
from gateway.hl7v2.message import Message
from gateway.mllp.line import Line

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from gateway.hl7v2.framing import Event
    from gateway.mllp.alarm import Alarm
    from gateway.mllp.limits import Limits, Memory

_log: Final = logging.getLogger("gateway.mllp")
# Many receivers take what arrives at a time for one message: CA and AA must not arrive together.
_BETWEEN_SECONDS: Final = 0.01
# What TLS begins with: a record of type handshake, of any version.
_TLS: Final = b"\x16\x03"


def _nobody_counts(_answer: bytes, _sent: bool) -> None:  # noqa: FBT001 - a port is called by position
    """Let an answer go without a word."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where messages go: each takes what came and the peer, and never raises.

    `receive` gives the acknowledgements, one behind the other without block characters, after the
    commit; empty when the sender wants none. `oversize` takes the head and the size of a message
    over the limit. `noise` takes bytes that are no message, or one cut short, and may give an
    answer. `forbidden` takes a message that its sender may not send, and the reason. `answered`
    hears of each answer whether it has left.
    """

    receive: Callable[[bytes, str], bytes]
    oversize: Callable[[bytes, int, str], bytes]
    noise: Callable[[bytes, str], bytes | None]
    forbidden: Callable[[bytes, str, str], bytes]
    decide: Callable[[Request], Decision] = decide
    answered: Callable[[bytes, bool], None] = _nobody_counts


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all connections of a door share; `tls` gives the context of each new one."""

    ports: Ports
    limits: Limits
    memory: Memory
    alarm: Alarm
    tls: Callable[[], ssl.SSLContext] | None = None


class Connection:
    """Serves one peer until it leaves, asks for too much, or the door drains.

    When the door drains, the message in hand is finished and answered; what was not begun stays
    unanswered, and its sender will send it again.
    """

    def __init__(self, connected: socket.socket, peer: str, around: Surroundings) -> None:
        """Take over `connected`; `serve` closes it."""
        self._socket = connected
        self._line = Line(connected, around.alarm)
        self._peer = peer
        self._around = around
        self._ports = around.ports
        self._limits = around.limits
        self._deframer = Deframer(around.limits.message_bytes)
        self._names: tuple[str, ...] = ()
        self._held = 0
        self._begun = self._heard = time.monotonic()

    def serve(self) -> None:
        """Serve to the end; every end is a log event, none is an exception."""
        reason = "failed"
        try:
            reason = self._meet() or self._converse()
            if reason != "left":
                self._line.hang_up()
        except OSError as fault:
            # The peer vanished: what was committed is committed, it will ask again.
            reason = f"lost ({type(fault).__name__})"
        except Exception as fault:  # noqa: BLE001 - the thread's last line: the fault becomes an event, and the sender, unanswered, sends again
            # The type only: the text of an exception may quote the message.
            _log.error("mllp.failed", extra={"peer": self._peer, "fault": type(fault).__name__})
        finally:
            self._around.memory.change(self._held, 0)
            self._line.close()
            _log.info("mllp.closed", extra={"peer": self._peer, "reason": reason})

    def _meet(self) -> str:
        """Set the socket up, with TLS when the door has it; say why when that failed."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._around.tls is not None:
            try:
                self._line.shake_hands(self._around.tls(), self._limits.handshake_seconds)
            except OSError as fault:
                why = reason_of(fault)
                _log.warning("mllp.handshake-refused", extra={"peer": self._peer, "reason": why})
                return "no TLS"
            self._names = self._line.certificate_names()
        _log.info("mllp.connected", extra={"peer": self._peer, "certificate": self._names})
        return ""

    def _converse(self) -> str:
        alarm = self._around.alarm
        chunk: bytes | None = self._first()
        while not alarm.is_set():
            if chunk == b"":
                self._answer_all(self._deframer.close())
                return "left"
            reason = self._hear(chunk) if chunk is not None else self._overdue()
            reason = reason or self._slow()
            if reason:
                self._answer_all(self._deframer.close())
                return reason
            self._line.wait(self._deadline() - time.monotonic())
            chunk = self._line.read()
        return "drained"

    def _first(self) -> bytes | None:
        """Return the first bytes; a TLS client would wait for ever for an answer to its hello."""
        self._line.wait(self._limits.idle_seconds)
        chunk = self._line.read()
        if chunk and chunk.startswith(_TLS):
            _log.warning("mllp.tls-on-plain-port", extra={"peer": self._peer})
            self._ports.noise(chunk, self._peer)
            return b""
        return chunk

    def _hear(self, chunk: bytes) -> str:
        """Take what has come; say why when it is too much."""
        inside = self._deframer.in_block
        events = self._deframer.feed(chunk)
        self._answer_all(events)
        self._heard = time.monotonic()
        if events or not inside:
            self._begun = self._heard
        size = self._deframer.size
        before, self._held = self._held, min(size, self._limits.message_bytes)
        return "" if self._around.memory.change(before, self._held) else "memory"

    def _overdue(self) -> str:
        """Nothing has come: say why the peer is left, or take for noise what stands there."""
        if self._noise_waits() and time.monotonic() >= self._deadline():
            self._answer_all(self._deframer.close())
        return "idle" if time.monotonic() >= self._heard + self._limits.idle_seconds else ""

    def _slow(self) -> str:
        if not self._deframer.in_block:
            return ""
        deadline = self._limits.block_deadline(self._begun, self._deframer.size)
        return "slow" if time.monotonic() >= deadline else ""

    def _deadline(self) -> float:
        if self._noise_waits():
            return self._heard + self._limits.noise_seconds
        idle = self._heard + self._limits.idle_seconds
        if not self._deframer.in_block:
            return idle
        return min(idle, self._limits.block_deadline(self._begun, self._deframer.size))

    def _noise_waits(self) -> bool:
        return not self._deframer.in_block and self._deframer.size > 0

    def _answer_all(self, events: list[Event]) -> None:
        for event in events:
            if self._around.alarm.is_set():
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
            self._say(answer)
        milliseconds = round((time.monotonic() - begun) * 1000, 1)
        level = logging.DEBUG if name == "mllp.message" else logging.INFO
        _log.log(level, name, extra=extra | {"bytes": size, "milliseconds": milliseconds})

    def _say(self, answer: bytes) -> None:
        try:
            for number, block in enumerate(split_messages(answer)):
                if number:
                    time.sleep(_BETWEEN_SECONDS)
                self._line.write(frame(block), self._limits.answer_seconds)
        except OSError:
            self._ports.answered(answer, False)  # noqa: FBT003 - as above
            raise
        self._ports.answered(answer, True)  # noqa: FBT003 - as above

    def _answer_message(self, data: bytes, extra: dict[str, object]) -> bytes:
        """Ask whether this sender may send this message, and pass it on or refuse it."""
        try:
            header = Message.parse(data[: data.find(b"\r") + 1] or data)
        except Malformed:
            # Nobody to ask about: the port says what is wrong with it.
            return self._ports.receive(data, self._peer)
        extra["control_id"] = header.control_id
        action = f"{header.code}^{header.event}"
        request = Request(
            "mllp", action, caller=header.sender, peer=self._peer, certificate=self._names
        )
        decision = self._ports.decide(request)
        if decision.permitted:
            return self._ports.receive(data, self._peer)
        _log.warning("mllp.forbidden", extra=extra | {"reason": decision.reason})
        return self._ports.forbidden(data, self._peer, decision.reason)
