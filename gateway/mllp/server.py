"""The MLLP door: accepts connections and gives each a thread.

One thread a connection with blocking sockets: the core is synchronous, so a message reaches the
store without a hop, and messages of one connection keep their order by nature.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from gateway.access.decision import Request
from gateway.mllp.alarm import Alarm
from gateway.mllp.connection import Connection, Ports, Surroundings
from gateway.mllp.limits import Limits, Memory, Places

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Self

__all__ = ["Limits", "MllpServer", "Ports"]

_log: Final = logging.getLogger("gateway.mllp")
# A thousand senders may come back at once after a restart.
_BACKLOG: Final = 1024
# How soon `serve_until` sees that it shall stop.
_LOOK_UP_SECONDS: Final = 0.2


class MllpServer:
    """Listens on one address: `bind`, then `serve_until`, then `drain`."""

    def __init__(
        self,
        host: str,
        port: int,
        ports: Ports,
        limits: Limits | None = None,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """Serve `ports` on `host` and `port` (0: any free one), within `limits`.

        `tls` gives the context of each new connection.
        """
        self._host = host
        self._port = port
        self._ports = ports
        self._limits = limits or Limits()
        self._tls = tls
        self._memory = Memory(self._limits.memory_bytes)
        self._places = Places(self._limits)
        self._listener: socket.socket | None = None
        self._threads: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._alarm: Alarm | None = None

    def bind(self) -> tuple[str, int]:
        """Listen; give the address in use. Raises `OSError` when it is taken or not ours."""
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        listener.settimeout(_LOOK_UP_SECONDS)
        self._listener = listener
        self._alarm = Alarm()
        host, port = self.bind_address
        _log.info("mllp.listening", extra={"host": host, "port": port})
        return host, port

    def serve_until(self, stop: threading.Event) -> None:
        """Accept connections until `stop` is set; `bind` comes first."""
        if self._listener is None:
            self.bind()
        while (listener := self._listener) is not None and not stop.is_set():
            self._accept(listener)

    def drain(self, seconds: float) -> bool:
        """Stop accepting, let every message in hand be answered, close; within `seconds`.

        Gives whether all connections ended in time; those that did not are cut.
        """
        if self._listener is None or self._alarm is None:
            return True
        self._alarm.ring()
        # Without it the kernel goes on accepting while another thread waits in `accept`.
        _shut_down(self._listener)
        self._listener.close()
        self._listener = None
        end = time.monotonic() + seconds
        for thread in self._alive():
            thread.join(max(0.0, end - time.monotonic()))
        late = self._alive()
        for peer_socket in late.values():
            _shut_down(peer_socket)
        _log.info("mllp.drained", extra={"cut": len(late)})
        self._alarm.close()
        return not late

    @property
    def bind_address(self) -> tuple[str, int]:
        """Host and port that it listens on; raises `RuntimeError` when it does not."""
        if self._listener is None:
            message = "the door does not listen"
            raise RuntimeError(message)
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def connections(self) -> int:
        """How many peers are connected."""
        return len(self._alive())

    def __enter__(self) -> Self:
        """Listen."""
        self.bind()
        return self

    def __exit__(self, *_: object) -> None:
        """Close without waiting for messages in hand."""
        self.drain(0.0)

    def _draining(self) -> bool:
        return self._alarm is None or self._alarm.is_set()

    def _alive(self) -> dict[threading.Thread, socket.socket]:
        with self._lock:
            return dict(self._threads)

    def _accept(self, listener: socket.socket) -> None:
        try:
            peer_socket, address = listener.accept()
        except TimeoutError:
            return
        except OSError as fault:
            if self._draining():
                return
            # Out of descriptors, or the peer left before it was accepted: the door stays open.
            _log.warning("mllp.accept-failed", extra={"fault": type(fault).__name__})
            time.sleep(_LOOK_UP_SECONDS)
            return
        self._admit(peer_socket, address[0], _peer_name(address))

    def _admit(self, peer_socket: socket.socket, address: str, peer: str) -> None:
        reason = self._refused(peer) or self._places.take(address)
        if reason:
            _log.warning("mllp.refused", extra={"peer": peer, "reason": reason})
            peer_socket.close()
            return
        thread = threading.Thread(
            target=self._serve,
            args=(peer_socket, address, peer, self._alarm),
            name=f"mllp-{peer}",
            daemon=True,
        )
        with self._lock:
            self._threads[thread] = peer_socket
        try:
            thread.start()
        except RuntimeError:
            _log.exception("mllp.refused", extra={"peer": peer, "reason": "no thread to be had"})
            self._forget(thread, address)
            peer_socket.close()

    def _refused(self, peer: str) -> str:
        if self._draining():
            return "draining"
        decision = self._ports.decide(Request("mllp", "connect", peer=peer))
        return "" if decision.permitted else decision.reason

    def _serve(self, peer_socket: socket.socket, address: str, peer: str, alarm: Alarm) -> None:
        around = Surroundings(self._ports, self._limits, self._memory, alarm, self._tls)
        try:
            Connection(peer_socket, peer, around).serve()
        finally:
            self._forget(threading.current_thread(), address)

    def _forget(self, thread: threading.Thread, address: str) -> None:
        with self._lock:
            self._threads.pop(thread, None)
        self._places.leave(address)


def _peer_name(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _shut_down(open_socket: socket.socket) -> None:
    # It may have ended in the meantime; some systems refuse it for a listener.
    with contextlib.suppress(OSError):
        open_socket.shutdown(socket.SHUT_RDWR)
