"""A receiving system of the house: takes messages over MLLP and answers as it is told to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

import hl7

from gateway.hl7v2.framing import Deframer, Frame, frame
from tests.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    # Returns what to answer; None hangs up without a word.
    Behaviour = Callable[["Arrived"], bytes | None]


class Arrived(NamedTuple):
    """A message as python-hl7 reads it."""

    raw: bytes
    kind: str
    control_id: str
    # ORC-1 and ORC-2, empty when the message has no ORC.
    control: str
    number: str

    def answer(self, code: str, *, about: str | None = None, error: str = "") -> bytes:
        acknowledged = self.control_id if about is None else about
        err = f"ERR|||{error}^^HL70357|E\r" if error else ""
        return (
            f"MSH|^~\\&|RIS|CENTRE|PASSERELLE||20260305143000||ACK|A{self.control_id}|P|2.5.1\r"
            f"MSA|{code}|{acknowledged}\r{err}"
        ).encode()


def accept(arrived: Arrived) -> bytes:
    return arrived.answer("AA")


class Receiver:
    """Listens until it is closed; `behave` decides on the answer to each message."""

    def __init__(self, behave: Behaviour = accept, port: int = 0) -> None:
        self.port = port or free_port()
        self.behave = behave
        self.arrived: list[Arrived] = []
        self.connections = 0
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=16)
        self._listener.settimeout(0.1)
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def controls(self) -> list[str]:
        return [one.control for one in self.arrived]

    def wait(self, number: int, seconds: float = 30) -> list[Arrived]:
        """Wait until so many have arrived, and return them."""
        end = time.monotonic() + seconds
        while len(self.arrived) < number:
            assert time.monotonic() < end, [one[1:] for one in self.arrived]
            time.sleep(0.02)
        return self.arrived[:number]

    def _listen(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                peer, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, peer: socket.socket) -> None:
        deframer = Deframer()
        peer.settimeout(0.1)
        with peer:
            while not self._stop.is_set():
                try:
                    chunk = peer.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not chunk or not all(self._take(peer, each) for each in deframer.feed(chunk)):
                    return

    def _take(self, peer: socket.socket, event: object) -> bool:
        """Answer one message; False hangs up."""
        assert isinstance(event, Frame)
        arrived = read(event.data)
        self.arrived.append(arrived)
        answer = self.behave(arrived)
        if answer is None:
            return False
        with contextlib.suppress(OSError):
            peer.sendall(frame(answer))
        return True


def read(raw: bytes) -> Arrived:
    message = hl7.parse(raw.decode("utf-8"))
    orc = next((segment for segment in message if str(segment[0]) == "ORC"), None)
    return Arrived(
        raw,
        str(message.segment("MSH")[9]),
        str(message.segment("MSH")[10]),
        str(orc[1]) if orc else "",
        str(orc[2]).partition("^")[0] if orc and len(orc) > 2 else "",
    )
