"""Sends messages over persistent MLLP connections and counts what is acknowledged."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_START, _END = b"\x0b", b"\x1c\r"


class Line:
    """One persistent connection."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, message: bytes) -> None:
        """Send one message and wait for its AA; raises `RuntimeError` for any other answer."""
        self._socket.sendall(_START + message + _END)
        answer = b""
        while not answer.endswith(_END):
            chunk = self._socket.recv(65536)
            if not chunk:
                fault = "the door hung up"
                raise RuntimeError(fault)
            answer += chunk
        if b"MSA|AA|" not in answer:
            raise RuntimeError(answer.decode("utf-8", "replace"))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def rate(
    port: int,
    make: Callable[[int], bytes],
    numbers: Iterator[int],
    *,
    connections: int,
    seconds: float,
) -> float:
    """Return acknowledged messages a second; each is `make(next number)`."""
    lines = [Line(port) for _ in range(connections)]
    counts = [0] * connections
    faults: list[BaseException] = []
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def work(place: int) -> None:
        try:
            while time.perf_counter() < end:
                with lock:
                    number = next(numbers)
                lines[place].send(make(number))
                counts[place] += 1
        except (OSError, RuntimeError) as fault:
            faults.append(fault)

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    for line in lines:
        line.close()
    if faults:
        raise faults[0]
    return sum(counts) / taken
