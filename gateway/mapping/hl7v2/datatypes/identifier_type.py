"""Identifier types: table HL70203 and its French extension, as a CodeableConcept."""

from __future__ import annotations

from typing import Final

from gateway.fhir.datatypes import V2_0203, Element, coding, concept

FR_0203: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"

# A table, read across.
# fmt: off
_FRENCH: Final = frozenset([
    "INS-NIR", "INS-NIA", "INS-NIR-TEST", "INS-NIR-DEMO", "INS-C", "NDP", "IDNPS", "RPPS",
    "ADELI", "IDNST", "FINEG", "FINEJ", "SIREN", "SIRET", "RPPSRG",
])
# fmt: on
# A table, read across.
# fmt: off
_HL7: Final = frozenset([
    "ACSN", "AN", "ANON", "BC", "BR", "DI", "DL", "DN", "DR", "EI", "EN", "FI", "FILL", "GI",
    "JHN", "LN", "MA", "MB", "MC", "MD", "MI", "MR", "MRT", "MS", "NCT", "NE", "NH", "NI",
    "NII", "NPI", "PC", "PE", "PEN", "PGN", "PI", "PLAC", "PN", "PNT", "PPN", "PRC", "PRN",
    "PT", "RI", "RR", "RRI", "SB", "SL", "SN", "SR", "SS", "TAX", "U", "UPIN", "USID", "VN",
    "XX",
])
# fmt: on


def identifier_type(code: str, display: str | None = None) -> Element:
    """Return the type of an identifier; a code of no known table stays as text."""
    if code in _FRENCH:
        return concept(coding(FR_0203, code, display))
    if code in _HL7:
        return concept(coding(V2_0203, code, display))
    return concept(text=code)
