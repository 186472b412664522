"""ZDS, additional identification (IHE RAD-4 with HL7 v2.3.1): the Study Instance UID."""

from __future__ import annotations

from gateway.hl7v2.writer import segment


def zds(uid: str) -> list[str]:
    """Return the segment of a study; nothing without one."""
    return [segment("ZDS", {1: (uid, "PASSERELLE", "Application", "DICOM")})] if uid else []
