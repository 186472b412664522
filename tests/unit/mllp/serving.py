"""A door on a free port, with a receiver that keeps what came."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.access.decision import Decision, Request
from gateway.hl7v2.acknowledgement import AckError, build_ack
from gateway.hl7v2.framing import Deframer, Frame
from gateway.hl7v2.message import Message
from gateway.mllp.server import Limits, MllpServer, Ports

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 3, 5, 13, 30, 8, tzinfo=UTC)


def message(control_id: str, text: str = "RAS") -> bytes:
    header = f"MSH|^~\\&|RIS|PORT|PASSERELLE|CPTS|20260305||ORU^R01|{control_id}|P|2.5"
    return f"{header}\rOBX|1|TX|||{text}\r".encode()


def answered(raw: bytes, code: str = "AA") -> bytes:
    return build_ack(Message.parse(raw), code, control_id="A", now=NOW)


class Journal:
    """A receiver that keeps what came and accepts it."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.oversized: list[tuple[int, int]] = []
        self.noises: list[bytes] = []
        self.noise_came = threading.Event()

    def receive(self, raw: bytes, _peer: str) -> bytes:
        self.received.append(raw)
        return answered(raw)

    def forbidden(self, raw: bytes, _peer: str, reason: str) -> bytes:
        errors = [AckError("207", reason)]
        return build_ack(Message.parse(raw), "AE", control_id="A", now=NOW, errors=errors)

    def oversize(self, head: bytes, size: int, _peer: str) -> bytes:
        self.oversized.append((len(head), size))
        return answered(head, "AE")

    def noise(self, data: bytes, _peer: str) -> bytes | None:
        self.noises.append(data)
        self.noise_came.set()
        return build_ack(None, "AE", control_id="A", now=NOW, errors=[AckError("100", "noise")])


def ports(
    journal: Journal,
    receive: Callable[[bytes, str], bytes] | None = None,
    decide: Callable[[Request], Decision] = lambda _: Decision(permitted=True, reason=""),
) -> Ports:
    return Ports(
        receive=receive or journal.receive,
        oversize=journal.oversize,
        noise=journal.noise,
        forbidden=journal.forbidden,
        decide=decide,
    )


@contextmanager
def serving(
    given: Ports,
    limits: Limits | None = None,
    host: str = "127.0.0.1",
    tls: Callable[[], ssl.SSLContext] | None = None,
) -> Iterator[tuple[MllpServer, tuple[str, int]]]:
    stop = threading.Event()
    with MllpServer(host, 0, given, limits, tls=tls) as server:
        address = server.bind_address
        thread = threading.Thread(target=server.serve_until, args=(stop,), daemon=True)
        thread.start()
        try:
            yield server, address
        finally:
            stop.set()
            thread.join()


@contextmanager
def calling(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, 5) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield caller


def answers(caller: socket.socket, count: int) -> list[bytes]:
    deframer = Deframer()
    heard: list[bytes] = []
    while len(heard) < count:
        chunk = caller.recv(65_536)
        if not chunk:
            break
        heard += [event.data for event in deframer.feed(chunk) if isinstance(event, Frame)]
    return heard


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()
