"""XTN, extended telecommunication number: a ContactPoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.writer import Repetition
    from gateway.mapping.to_hl7v2.target import Target

_SECURE: Final = ".mssante.fr"
# http://hl7.org/fhir/contact-point-use to table HL70201.
_USES: Final = {"home": "PRN", "work": "WPN", "mobile": "PRN", "temp": "VHN"}
# http://hl7.org/fhir/contact-point-system to table HL70202.
_EQUIPMENT: Final = {"phone": "PH", "fax": "FX", "pager": "BP", "sms": "CP"}
# Since this version a number may be written as it is dialled, in XTN-12.
_UNFORMATTED: Final = "2.5"


def xtn(point: Mapping[str, Any], target: Target) -> Repetition:
    """Return a telephone or a mailbox; empty when it is neither.

    MSSanté addresses are of type X.400, others of type Internet (CI-SIS CDA volet, PRT-15).
    """
    system, value = point.get("system"), str(point.get("value", ""))
    if system == "email" and value:
        return ("", "NET", "X.400" if value.lower().endswith(_SECURE) else "Internet", value)
    if not value or system not in _EQUIPMENT:
        return ""
    use = str(point.get("use", ""))
    equipment = "CP" if use == "mobile" else _EQUIPMENT[system]
    if not target.since(_UNFORMATTED):
        return (value, _USES.get(use, ""), equipment)
    return ("", _USES.get(use, ""), equipment, *[""] * 8, value)


def mailbox(address: str) -> Repetition:
    """Return a mail address."""
    return ("", "NET", "X.400" if address.lower().endswith(_SECURE) else "Internet", address)
