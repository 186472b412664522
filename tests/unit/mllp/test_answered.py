"""The journal hears whether each answer has left."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import replace

from gateway.hl7v2.framing import frame
from gateway.mllp.client import Client
from tests.unit.mllp.serving import Journal, answered, calling, message, ports, serving, until


def test_an_answer_that_was_sent_is_told_so() -> None:
    told: list[tuple[bytes, bool]] = []
    given = replace(ports(Journal()), answered=lambda answer, sent: told.append((answer, sent)))
    with serving(given) as (_, address), Client(*address) as client:
        client.send(message("1"))
        until(lambda: bool(told))
    assert told == [(answered(message("1")), True)]


def test_an_answer_whose_sender_has_gone_is_told_so() -> None:
    told: list[tuple[bytes, bool]] = []
    came, gone = threading.Event(), threading.Event()

    def receive(raw: bytes, _peer: str) -> bytes:
        came.set()
        gone.wait(10)
        # More than the system takes over without asking the peer.
        return answered(raw) + b"NTE|1||" + b"x" * 20_000_000 + b"\r"

    given = replace(
        ports(Journal(), receive), answered=lambda answer, sent: told.append((answer[:3], sent))
    )
    with serving(given) as (_, address), calling(address) as caller:
        caller.sendall(frame(message("1")))
        assert came.wait(10)
        # A reset instead of a goodbye.
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        caller.close()
        gone.set()
        until(lambda: bool(told))
    assert told == [(b"MSH", False)]
