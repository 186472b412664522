"""XPN, extended person name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, human_name

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value

BIRTH_GIVEN_NAMES: Final = (
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name"
)
# Table HL70200 to http://hl7.org/fhir/name-use.
NAME_USES: Final = {
    "L": "official",
    "R": "official",
    "D": "usual",
    "M": "maiden",
    "N": "nickname",
    "MSK": "anonymous",
    "S": "anonymous",
    "BAD": "old",
    "NAV": "temp",
    "TEMP": "temp",
}
_TYPE: Final = 7


def xpn_name(value: Value, *, french: bool, untyped: str | None = None) -> Element:
    """Return the HumanName of an XPN; `untyped` is the use of a name without type.

    In France XPN-3 of the official name is the list of all given names of the birth certificate
    (PAM-FR 2.11, PID-5), elsewhere it is the further given names.
    """
    kind = value.text(_TYPE)
    use = NAME_USES.get(kind) if kind else untyped
    given, further = value.text(2), value.text(3)
    listed = use == "official" and bool(further) and (french or further.startswith(given + " "))
    name = human_name(
        value.text(1) or None,
        tuple(part for part in (given, "" if listed else further) if part),
        use=use,
        prefix=value.text(5) or None,
        suffix=value.text(4) or None,
    )
    if listed:
        name["extension"] = [{"url": BIRTH_GIVEN_NAMES, "valueString": further}]
    return name
