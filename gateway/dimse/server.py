"""The DICOM door: accepts associations, a thread each, and lets them finish on stop."""

from __future__ import annotations

import logging
import socket
import threading
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.access.callers import Callers
from gateway.access.decision import Request
from gateway.dimse.association import Association, Terms
from gateway.dimse.pdu import LOCAL_LIMIT_EXCEEDED, NO_REASON_GIVEN, Rejection
from gateway.dimse.places import Places
from gateway.ingest.spool import prepare

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.dimse.exchange import Service
    from gateway.dimse.storage import Receive

_log = logging.getLogger("gateway.dimse")
_BACKLOG: Final = 128
_STOP_POLL_SECONDS: Final = 0.1
# So many more are told why they are rejected; beyond that nobody is answered.
_REJECTING: Final = 64
_REJECTING_EACH: Final = 32


class DimseServer:
    """Listens on one address and serves C-ECHO, C-STORE and the services that it is given.

    `callers` says who may associate; with `check_called` the called title must be `ae_title`.
    `max_associations` is the limit of all, `max_per_address` that of one address. `tls` gives the
    context of each connection. With `shared` several processes listen on the port. Files on their
    way in lie in `spool`; each object is handed to `receive`, which returns the DIMSE status.
    `services` are what else is served, by SOP class and command field.
    """

    def __init__(  # noqa: PLR0913 - the door's settings, by name
        self,
        host: str,
        port: int,
        *,
        ae_title: str,
        spool: Path,
        receive: Receive,
        callers: Callers | None = None,
        max_associations: int = 64,
        max_per_address: int = 64,
        check_called: bool = False,
        idle_seconds: float = 300.0,
        stall_seconds: float = 60.0,
        tls: Callable[[], ssl.SSLContext] | None = None,
        shared: bool = False,
        services: Mapping[str, Mapping[int, Service]] = MappingProxyType({}),
    ) -> None:
        """Keep the settings; `bind` opens the port."""
        self._address = (host, port)
        self._shared = shared
        self._callers = callers or Callers()
        self._places = Places(max_associations, max_per_address)
        self._rejecting = Places(_REJECTING, _REJECTING_EACH)
        self._stopping = threading.Event()
        self._terms = Terms(
            called=ae_title if check_called else "",
            callers=self._callers,
            titles=Places(max_associations, max_associations),
            spool=spool,
            receive=receive,
            stopping=self._stopping,
            services=services,
            idle_seconds=idle_seconds,
            stall_seconds=stall_seconds,
            tls=tls,
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
        listener = socket.create_server(
            self._address, family=family, backlog=_BACKLOG, reuse_port=self._shared
        )
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
        place = self._place_of(address)
        if place is None:
            _log.warning("dimse.unheard", extra={"peer": address})
            accepted.close()
            return
        places, rejection = place
        association = Association(accepted, address, self._terms, rejection)
        thread = threading.Thread(
            target=self._serve,
            args=(association, places, address),
            name=f"dimse-{address}",
            daemon=True,
        )
        with self._lock:
            self._serving[association] = thread
        thread.start()

    def _place_of(self, address: str) -> tuple[Places, Rejection | None] | None:
        """Take a place to be served, or to be rejected; None when there is neither."""
        permitted = self._callers.decide(Request("dimse", "connect", peer=address)).permitted
        if permitted and self._places.take(address):
            return self._places, None
        if not self._rejecting.take(address):
            return None
        return self._rejecting, LOCAL_LIMIT_EXCEEDED if permitted else NO_REASON_GIVEN

    def _serve(self, association: Association, places: Places, address: str) -> None:
        try:
            association.serve()
        finally:
            places.leave(address)
            with self._lock:
                self._serving.pop(association, None)
