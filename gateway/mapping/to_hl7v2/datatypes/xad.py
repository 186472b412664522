"""XAD, extended address: an Address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import primitives
from gateway.mapping.hl7v2.datatypes.xad import BIRTH_PLACE, INSEE_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.writer import Repetition

# http://hl7.org/fhir/address-use to table HL70190.
_KINDS: Final = {"home": "H", "work": "O", "temp": "C", "old": "BA", "billing": "BI"}


def xad(address: Mapping[str, Any], *, birth_place: bool = False) -> Repetition:
    """Return the parts of an address; in France XAD-9 is the INSEE code (PAM-FR 2.11, PID-11)."""
    lines = primitives(address, "line")
    known = lines or any(address.get(part) for part in ("city", "postalCode", "country"))
    text = "" if known else str(address.get("text", ""))
    kind = BIRTH_PLACE if birth_place else _KINDS.get(str(address.get("use", "")), "")
    postal = "M" if address.get("type") == "postal" else ""
    return (
        lines[0] if lines else text,
        ", ".join(lines[1:]),
        str(address.get("city", "")),
        str(address.get("state", "")),
        str(address.get("postalCode", "")),
        str(address.get("country", "")),
        kind or postal,
        "",
        _insee(address) or str(address.get("district", "")),
    )


def _insee(address: Mapping[str, Any]) -> str:
    for extension in address.get("extension", ()):
        if extension.get("url") == INSEE_CODE:
            return str(extension.get("valueCoding", {}).get("code", ""))
    return ""
