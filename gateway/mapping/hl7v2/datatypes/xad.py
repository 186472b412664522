"""XAD, extended address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Value

INSEE_CODE: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code"
COMMUNE: Final = "https://mos.esante.gouv.fr/NOS/TRE_R13-CommuneOM/FHIR/TRE-R13-CommuneOM"
BIRTH_PLACE: Final = "BDL"

# Table HL70190 to http://hl7.org/fhir/address-use.
_USES: Final = {"H": "home", "B": "work", "O": "work", "C": "temp", "BA": "old", "BI": "billing"}
_POSTAL: Final = frozenset({"M", "SH"})
_INSEE: Final = re.compile(r"[0-9][0-9AB][0-9]{3}")
_TYPE: Final = 7
_COUNTY: Final = 9


def xad_kind(value: Value) -> str:
    """Return the address type, XAD-7."""
    return value.text(_TYPE)


def xad_address(value: Value) -> Element:
    """Return the Address of an XAD; {} when there is no place in it.

    XAD-9 is in France the INSEE code of the commune (PAM-FR 2.11, PID-11).
    """
    kind = xad_kind(value)
    lines = (_street(value), value.text(2))
    county = value.text(_COUNTY)
    insee = _INSEE.fullmatch(county) is not None
    place = {
        "extension": [_insee_extension(county)] if insee else [],
        "line": [line for line in lines if line],
        "city": value.text(3),
        "district": "" if insee else county,
        "state": value.text(4),
        "postalCode": value.text(5),
        "country": value.text(6),
    }
    kept: Element = {name: part for name, part in place.items() if part}
    if not kept:
        return {}
    if kind in _USES:
        kept = {"use": _USES[kind]} | kept
    return {"type": "postal"} | kept if kind in _POSTAL else kept


def _street(value: Value) -> str:
    """Return XAD-1: one line, or the street and number of an SAD."""
    first, name, house = (value.text(1, part) for part in (1, 2, 3))
    return first or " ".join(part for part in (house, name) if part)


def _insee_extension(code: str) -> Element:
    return {"url": INSEE_CODE, "valueCoding": {"system": COMMUNE, "code": code}}
