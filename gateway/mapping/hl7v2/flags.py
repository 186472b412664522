"""The flags of a French CDA transmission: OBX of the table MetaDMPMSS (CI-SIS volet 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept
from gateway.mapping.hl7v2.obx_kind import Kind

if TYPE_CHECKING:
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

VISIBILITY: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/"
    "TRE-A07-StatutVisibiliteDocument"
)
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

TO_PHYSICIANS: Final = "DESTMSSANTEPS"
TO_PATIENT: Final = "DESTMSSANTEPAT"
HIDDEN_FROM_PATIENT: Final = "INVISIBLE_PATIENT"
# OBX-3.1 to the code of TRE_A07.
_VISIBILITY: Final = {
    "MASQUE_PS": "MASQUE_PS",
    HIDDEN_FROM_PATIENT: HIDDEN_FROM_PATIENT,
    "INVISIBLE_REP_LEGAUX": "INVISIBLE_REPRESENTANTS_LEGAUX",
}
_READ: Final = frozenset({*_VISIBILITY, TO_PHYSICIANS, TO_PATIENT})
# Table HL70272 (TXA-18) and HL70177 (ORC-28) to v3-Confidentiality.
_LEVELS: Final = {"V": "V", "R": "R", "U": "N", "N": "N"}
_LEVEL_NAMES: Final = {"N": "normal", "R": "restricted", "V": "very restricted"}


def document_flags(group: OrderGroup, gathering: Gathering) -> dict[str, bool]:
    """Return the flags that are set, by the name of OBX-3.1; the rest is reported."""
    flags = {
        each.obx.text(3): each.obx.text(5) == "Y"
        for each in group.observed
        if each.kind is Kind.FLAG
    }
    if others := [name for name in flags if name not in _READ]:
        names = ", ".join(others)
        gathering.unmapped(f"The flags {names} are kept in the journal, not mapped.", "OBX")
    return flags


def security_labels(level: str, flags: dict[str, bool]) -> list[Element]:
    """Return the labels of a document: confidentiality N, R or V, and who may not see it."""
    code = _LEVELS.get(level)
    labels = [concept(coding(CONFIDENTIALITY, code, _LEVEL_NAMES[code]))] if code else []
    hidden = (code for name, code in _VISIBILITY.items() if flags.get(name))
    return [*labels, *(concept(coding(VISIBILITY, code)) for code in hidden)]
