"""XTN, extended telecommunication number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, contact_point

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value

EMAIL_TYPE: Final = (
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type"
)
TRE_R256: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_R256-TypeMessagerie/FHIR/TRE-R256-TypeMessagerie"
)

# Table HL70202 to http://hl7.org/fhir/contact-point-system.
_SYSTEMS: Final = {
    "FX": "fax",
    "BP": "pager",
    "INTERNET": "email",
    "X.400": "email",
    "MD": "other",
    "SAT": "other",
    "TDD": "other",
    "TTY": "other",
}
# Table HL70201 to http://hl7.org/fhir/contact-point-use.
_USES: Final = {"PRN": "home", "ORN": "home", "VHN": "home", "WPN": "work", "PRS": "mobile"}
_EMAIL: Final = 4
_UNFORMATTED: Final = 12


def xtn_contact(value: Value, untyped: str | None = None) -> Element:
    """Return the ContactPoint of an XTN; {} when it has no number or address."""
    equipment = value.text(3).upper()
    email = xtn_email(value)
    if email:
        return _mailbox(email, value)
    number = value.text(_UNFORMATTED) or _composed(value) or value.text(1)
    if not number:
        return {}
    use = "mobile" if equipment == "CP" else _USES.get(value.text(2), untyped)
    return contact_point(_SYSTEMS.get(equipment, "phone"), number, use=use)


def xtn_email(value: Value) -> str:
    """Return the mail address of an XTN, empty when it is a telephone."""
    address = value.text(_EMAIL)
    if "@" in address:
        return address
    first = value.text(1)
    return first if "@" in first else ""


def _mailbox(email: str, value: Value) -> Element:
    point = contact_point("email", email, use=_USES.get(value.text(2)))
    if email.lower().endswith(".mssante.fr"):
        secure = {"url": EMAIL_TYPE, "valueCoding": {"system": TRE_R256, "code": "MSSANTE"}}
        return {"extension": [secure]} | point
    return point


def _composed(value: Value) -> str:
    """Country code, area code, local number and extension (XTN-5 to XTN-8)."""
    country, area, local, extension = (value.text(part) for part in (5, 6, 7, 8))
    if not local:
        return ""
    prefix = f"+{country.lstrip('+')} " if country else ""
    return prefix + " ".join(part for part in (area, local) if part) + _extension(extension)


def _extension(number: str) -> str:
    return f" poste {number}" if number else ""
