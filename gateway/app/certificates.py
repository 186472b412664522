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
    client_ca = Path(authority) if authority else None
    try:
        for file in filter(None, (certificate, key, authority)):
            # TLS itself does not say which one it misses.
            Path(file).open("rb").close()
        return Certificates(Path(certificate), Path(key), client_ca, door=_DOORS[prefix])
    except OSError as fault:
        name = f"GATEWAY_{prefix.upper()}_TLS_..."
        which = f"{fault.filename}: " if fault.filename else ""
        message = f"{name}: the certificates cannot be used: {which}{reason_of(fault)}."
        raise SettingsError(message) from fault
