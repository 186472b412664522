"""A second process that reads and maps messages while the first one writes those before them.

Why, and what it costs: docs/decisions/0027-messages-are-read-ahead.md. What it gives back is only
what the first process would have made itself: without it, or when it dies, that does.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import signal
import threading
import warnings
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from gateway.mapping.entry import Mapped

    Prepare = Callable[[bytes], Mapped]
    Await = Callable[[], Mapped | None]

_log: Final = logging.getLogger("gateway.mllp")


class Preparing:
    """Hands messages to the other process and their mappings back, in order. Thread-safe."""

    def __init__(self, open_prepare: Callable[[], Prepare]) -> None:
        """Fork; `open_prepare` is called there. To be made before any thread is started."""
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        arguments = (self._connection, theirs, open_prepare)
        self._process = context.Process(target=_serve, args=arguments, name="reader", daemon=True)
        with warnings.catch_warnings():
            # A door has one thread by now, which waits for the end of its parent and holds no lock.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        theirs.close()
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[SimpleQueue[Mapped | None]] = SimpleQueue()
        self._alive = True
        self._thread: threading.Thread | None = None

    def prepare(self, raw: bytes) -> Await | None:
        """Hand `raw` over and return what waits for its mapping; None when it is not possible.

        The mapping is None when the other process could make none of the message: who asks for it
        again hears why.
        """
        answer: SimpleQueue[Mapped | None] = SimpleQueue()
        with self._lock:
            if not self._alive:
                return None
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="read", daemon=True)
                self._thread.start()
            self._waiting.put(answer)
            try:
                self._connection.send_bytes(raw)
            except OSError:
                self._alive = False
        return answer.get

    def close(self) -> None:
        """Let the other process end."""
        with self._lock:
            self._alive = False
            self._process.terminate()
        self._process.join()

    def _listen(self) -> None:
        try:
            while True:
                # Bytes of our own other half, made of nothing but what the mapping gives.
                mapped: Mapped | None = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - see above
                self._waiting.get().put(mapped)
        except (EOFError, OSError):
            self._give_up()

    def _give_up(self) -> None:
        """Answer whoever waits: each maps its own message."""
        with self._lock:
            if self._alive:
                _log.warning("hl7.reader-died")
            self._alive = False
            while not self._waiting.empty():
                self._waiting.get().put(None)


def _serve(ours: Connection, connection: Connection, open_prepare: Callable[[], Prepare]) -> None:
    """Map what comes until the other side is gone."""
    ours.close()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C reaches the whole group: the other side says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare = open_prepare()
    try:
        while True:
            connection.send_bytes(_prepared(prepare, connection.recv_bytes()))
    except (EOFError, OSError):
        return


def _prepared(prepare: Prepare, raw: bytes) -> bytes:
    mapped: Mapped | None = None
    try:
        mapped = prepare(raw)
    except GatewayError:
        # The refusal is told by the process that answers.
        pass
    except Exception as fault:  # noqa: BLE001 - it will happen there too, and be told there
        _log.debug("hl7.reader-fault", extra={"kind": type(fault).__name__})
    return pickle.dumps(mapped, pickle.HIGHEST_PROTOCOL)
