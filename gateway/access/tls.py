"""TLS for MLLP and DICOM, as BCP 195 asks: version 1.2 or later, forward secrecy, AEAD."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

# RFC 9325, 4.2: for TLS 1.2; those of 1.3 are all of this kind.
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
# New certificates are looked for at a connection, but no more often.
_LOOK_SECONDS: Final = 1.0


def server_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Return the listener's context; with `client_ca` only clients certified by it may connect.

    Raises `OSError` (`ssl.SSLError`) when a file cannot be read or key and certificate differ.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(certificate, key)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(
    ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Return a client's context: the server is verified by `ca`, else by the system's list.

    Raises `OSError` (`ssl.SSLError`) when a file cannot be read or key and certificate differ.
    """
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    _harden(context)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


class Certificates:
    """The context of a listener, made anew when its files change.

    What cannot be loaded is logged, and the connection gets the certificates of before.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        client_ca: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        door: str = "mllp",
    ) -> None:
        """Load the files; raises `OSError` (`ssl.SSLError`) when they cannot be used.

        `door` is whose certificates they are, for the log.
        """
        self._door = door
        self._log = logging.getLogger(f"gateway.{door}")
        self._files = (certificate, key, client_ca)
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = self._states()
        self._looked = clock()
        self._context = server_context(*self._files)

    def context(self) -> ssl.SSLContext:
        """Return the context for a new connection."""
        with self._lock:
            if self._clock() - self._looked >= _LOOK_SECONDS:
                self._looked = self._clock()
                self._look()
            return self._context

    def _look(self) -> None:
        seen = self._states()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._context = server_context(*self._files)
        except OSError as fault:
            # Key and certificate are often replaced one after the other: the next look helps.
            self._log.error(f"{self._door}.certificates-kept", extra={"why": reason_of(fault)})
        else:
            self._log.info(f"{self._door}.certificates-loaded")

    def _states(self) -> tuple[tuple[int, int, int] | None, ...]:
        return tuple(_state(file) for file in self._files)


def reason_of(fault: OSError) -> str:
    """Say why a handshake failed or a file could not be used, in a few words."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"certificate: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        return (fault.reason or "unknown").replace("_", " ").lower()
    return fault.strerror or str(fault)


def certificate_names(connected: socket.socket) -> tuple[str, ...]:
    """Return the common name and the DNS names of the peer's certificate, if it showed one."""
    shown = connected.getpeercert() if isinstance(connected, ssl.SSLSocket) else None
    if not shown:
        return ()
    # The library types what it gives so loosely that nothing can be known of it.
    subject: tuple[tuple[tuple[str, str], ...], ...] = shown.get("subject", ())  # type: ignore[assignment]  # see above
    others: tuple[tuple[str, str], ...] = shown.get("subjectAltName", ())  # type: ignore[assignment]  # see above
    common = (value for part in subject for key, value in part if key == "commonName")
    return (*common, *(value for key, value in others if key == "DNS"))


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION


def _state(file: Path | None) -> tuple[int, int, int] | None:
    if file is None:
        return None
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
