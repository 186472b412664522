"""INS, the national health identity: its authorities, and who may carry it.

PAM-FR 2.11: an INS is integrated only when PID-32 says VALI; of a NIR and a NIA the NIR counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Value

_ROOT: Final = "1.2.250.1.213.1.4."
# Best first: the NIR comes before the NIA when a patient has both.
INS_TYPES: Final = {
    f"{_ROOT}8": "INS-NIR",
    f"{_ROOT}10": "INS-NIR-TEST",
    f"{_ROOT}11": "INS-NIR-DEMO",
    f"{_ROOT}9": "INS-NIA",
}
# The identity before 2019 (INS-C): obsolete, never a key.
OBSOLETE: Final = frozenset({f"{_ROOT}2", f"{_ROOT}6", f"{_ROOT}7"})
_NAMES: Final = {"ASIP-SANTE-INS-NIR": f"{_ROOT}8", "ASIP-SANTE-INS-NIA": f"{_ROOT}9"}
_TYPES: Final = frozenset({"INS", "INS-NIR", "INS-NIA"})
_SHAPE: Final = re.compile(r"([0-9]{6}[0-9AB][0-9]{6})([0-9]{2})")
_MODULUS: Final = 97


def ins_oid(cx: Value) -> str:
    """Return the OID of the INS authority in CX-4, empty when the CX is no INS."""
    oid = cx.text(4, 2)
    if oid in INS_TYPES:
        return oid
    # Without OID the name decides; the type alone would also match a billing NIR typed wrong.
    return _NAMES.get(cx.text(4).upper(), "") if not oid and cx.text(5) in _TYPES else ""


def claims_ins(cx: Value) -> bool:
    """Say whether the CX is typed INS, whatever its authority."""
    return cx.text(5) in _TYPES


def ins_identifier(oid: str, value: str, use: str) -> Element:
    """Return the Identifier of an INS (FR Core, fr-core-patient-ins)."""
    return {
        "use": use,
        "type": identifier_type(INS_TYPES[oid]),
        "system": f"urn:oid:{oid}",
        "value": value,
    }


def has_valid_key(value: str) -> bool:
    """Say whether the two last digits are 97 minus the first thirteen modulo 97."""
    match = _SHAPE.fullmatch(value)
    if match is None:
        return False
    # Corsica: 2A counts as 19 and 2B as 18.
    digits = match[1].replace("2A", "19", 1).replace("2B", "18", 1)
    return digits.isdigit() and _MODULUS - int(digits) % _MODULUS == int(match[2])
