"""The DICOM door: accepts associations, a thread each, and lets them finish on stop."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from gateway.dimse.association import Association, Terms
from gateway.dimse.negotiation import Policy
from gateway.dimse.spool import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gateway.dimse.storage import Receive

_log = logging.getLogger("gateway.dimse")
_BACKLOG: Final = 128
_STOP_POLL_SECONDS: Final = 0.1
# So many more are told that they are one too many; beyond that nobody is answered.
_REJECTING: Final = 64


class DimseServer:
    """Listens on one address and serves C-ECHO and C-STORE.

    `peers` are the calling AE titles that may associate, none meaning any; with `check_called` the
    called title must be `ae_title`. Files on their way in lie in `spool`; each object is handed to
    `receive`, which returns the DIMSE status.
    """

    def __init__(  # noqa: PLR0913 - the door's settings, by name
        self,
        host: str,
        port: int,
        *,
        ae_title: str,
        peers: Iterable[str],
        spool: Path,
        receive: Receive,
        max_associations: int = 64,
        check_called: bool = False,
        idle_seconds: float = 300.0,
        stall_seconds: float = 60.0,
    ) -> None:
        """Keep the settings; `bind` opens the port."""
        self._address = (host, port)
        self._limit = max_associations
        self._stopping = threading.Event()
        self._terms = Terms(
            policy=Policy(frozenset(peers), ae_title if check_called else ""),
            spool=spool,
            receive=receive,
            stopping=self._stopping,
            idle_seconds=idle_seconds,
            stall_seconds=stall_seconds,
        )
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._serving: dict[Association, threading.Thread] = {}

    @property
    def port(self) -> int:
        """The port that is listened on: the real one when 0 was asked for."""
        if self._listener is None:
            return self._address[1]
        number: int = self._listener.getsockname()[1]
        return number

    def bind(self) -> None:
        """Open the port; raises `OSError` when it is taken."""
        prepare(self._terms.spool)
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listener = socket.create_server(self._address, family=family, backlog=_BACKLOG)
        listener.settimeout(_STOP_POLL_SECONDS)
        self._listener = listener

    def serve_until(self, stop: threading.Event) -> None:
        """Accept associations until `stop` is set."""
        listener = self._listener
        if listener is None:
            message = "bind() comes before serve_until()."
            raise RuntimeError(message)
        while not stop.is_set():
            try:
                accepted, address = listener.accept()
            except TimeoutError:
                continue
            except OSError as fault:
                # Out of descriptors, or the peer has gone already: neither ends the door.
                _log.warning("dimse.accept", extra={"kind": type(fault).__name__})
                stop.wait(_STOP_POLL_SECONDS)
                continue
            self._start(accepted, address[0])
        listener.close()

    def drain(self, timeout: float = 10.0) -> None:
        """Let objects that are on their way be answered, then end every association."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        while self._open() and time.monotonic() < deadline:
            for association in self._open():
                if not association.in_message:
                    association.hang_up()
            time.sleep(0.02)
        for association, thread in list(self._serving.items()):
            association.hang_up(socket.SHUT_RDWR)
            thread.join(1.0)

    def _open(self) -> list[Association]:
        with self._lock:
            return list(self._serving)

    def _start(self, accepted: socket.socket, address: str) -> None:
        with self._lock:
            count = len(self._serving)
        if count >= self._limit + _REJECTING:
            accepted.close()
            return
        association = Association(accepted, address, self._terms, overload=count >= self._limit)
        thread = threading.Thread(
            target=self._serve, args=(association,), name=f"dimse-{address}", daemon=True
        )
        with self._lock:
            self._serving[association] = thread
        thread.start()

    def _serve(self, association: Association) -> None:
        try:
            association.serve()
        finally:
            with self._lock:
                self._serving.pop(association, None)
