"""ZFD, French identity: how the identity was checked (PAM-FR 2.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.dtm import date
from gateway.mapping.to_hl7v2.pid import reliability

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource


def zfd(patient: Resource) -> list[str]:
    """Return the segment, when the identity says how it was checked."""
    parts = {part.get("url"): part for part in reliability(patient)}
    method, mode = (
        parts.get(name, {}).get("valueCoding", {}).get("code", "")
        for name in ("methodCollection", "validationMode")
    )
    called = date(parts.get("dateCollection", {}).get("valueDate"))
    if not (method or mode or called):
        return []
    return [segment("ZFD", {5: method, 6: called, 7: mode})]
