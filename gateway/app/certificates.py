"""The certificates of the listeners that speak TLS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.access.tls import Certificates, reason_of
from gateway.settings import SettingsError

if TYPE_CHECKING:
    from gateway.settings import Settings

# Prefix of the settings -> name of the door.
_DOORS: Final = {"mllp": "mllp", "dicom": "dimse"}


def certificates_of(settings: Settings, prefix: str) -> Certificates | None:
    """Return the certificates of the `mllp` or `dicom` settings, None when the listener is plain.

    Raises `SettingsError` when they cannot be used.
    """
    certificate, key, authority = (
        str(getattr(settings, f"{prefix}_tls_{name}")) for name in ("cert", "key", "client_ca")
    )
    if not certificate:
        return None
    try:
        return Certificates(
            Path(certificate),
            Path(key),
            Path(authority) if authority else None,
            door=_DOORS[prefix],
        )
    except OSError as fault:
        name = f"GATEWAY_{prefix.upper()}_TLS_..."
        message = f"{name}: the certificates cannot be used: {reason_of(fault)}."
        raise SettingsError(message) from fault
