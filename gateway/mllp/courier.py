"""Carries messages to one receiving system over a connection that stays open."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.access.tls import client_context, reason_of
from gateway.delivery.failures import Unknown, Unreachable
from gateway.delivery.ports import Answer
from gateway.errors import Malformed, Unavailable
from gateway.mllp.client import Client, NoAcknowledgement, WrongAcknowledgement

if TYPE_CHECKING:
    import ssl

    from gateway.settings import Destination

_log: Final = logging.getLogger("gateway.mllp")


class MllpCourier:
    """One client for one destination; one message at a time."""

    def __init__(self, destination: Destination, folder: Path) -> None:
        """Connect at the first message; relative names of certificates lie in `folder`."""
        self._destination = destination
        self._folder = folder
        self._client: Client | None = None
        self._lock = threading.Lock()

    @property
    def peer(self) -> str:
        """Host and port."""
        return f"{self._destination.host}:{self._destination.port}"

    def send(self, message: bytes, control_id: str) -> Answer:
        """Send one message; raises `Unreachable` or `Unknown`."""
        with self._lock:
            client = self._opened()
            try:
                answer = client.send(message, control_id, self._destination.timeout)
            except NoAcknowledgement as fault:
                raise Unknown(_sentence(fault.text)) from fault
            except WrongAcknowledgement as fault:
                _log.warning("mllp.wrong-acknowledgement", extra={"peer": self.peer})
                text = f"{self.peer} acknowledged another message: it may have arrived."
                raise Unknown(text) from fault
            except Malformed as fault:
                text = f"{self.peer} answered with what is no acknowledgement: it may have arrived."
                raise Unknown(text) from fault
            except Unavailable as fault:
                raise Unreachable(_sentence(fault.text)) from fault
        return Answer(answer.code, answer.raw, temporary=answer.may_be_sent_again)

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()

    def _opened(self) -> Client:
        if self._client is None:
            one = self._destination
            tls = self._context() if one.tls else None
            self._client = Client(one.host, one.port, one.timeout, tls=tls, name=one.server_name)
        return self._client

    def _context(self) -> ssl.SSLContext:
        one = self._destination
        try:
            return client_context(*map(self._file, (one.ca, one.certificate, one.key)))
        except OSError as fault:
            text = f"The certificates for {self.peer} cannot be used: {reason_of(fault)}."
            raise Unreachable(text) from fault

    def _file(self, name: str) -> Path | None:
        return self._folder / Path(name) if name else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
