"""CE and CWE, coded elements: a CodeableConcept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from gateway.fhir.datatypes import DCM, LOINC, SNOMED, UCUM
from gateway.mapping.hl7v2.datatypes.cwe import CCAM, TRE_A05, YES_NO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.hl7v2.writer import Repetition

# FHIR system to its name in table HL70396 and in the French guides.
_NAMES: Final = {
    LOINC: "LN",
    SNOMED: "SCT",
    DCM: "DCM",
    UCUM: "UCUM",
    "http://www.whocc.no/atc": "ATC",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "http://hl7.org/fhir/sid/icd-9-cm": "I9C",
    "http://www.radlex.org": "RADLEX",
    CCAM: "CCAM",
    TRE_A05: "1.2.250.1.213.1.1.4.12",
    YES_NO: "expandedYes-NoIndicator",
}
_TABLE: Final = "http://terminology.hl7.org/CodeSystem/v2-"
_OWN: Final = "urn:passerelle:code-system:"
_SENDER: Final = "urn:passerelle:sender:"
_OID: Final = "urn:oid:"
_TABLE_DIGITS: Final = 4


def cwe(concept: Mapping[str, Any] | None, *, wide: bool = False) -> Repetition:
    """Return code, text and system, twice when there are two codings; empty when there is none.

    `wide` is a CWE, whose ninth component is the original text; a CE has six.
    """
    if not concept:
        return ""
    codings = [one for one in concept.get("coding", ()) if one.get("code")][:2]
    text = str(concept.get("text", ""))
    if not codings:
        return ("", text, "", "", "", "", "", "", text) if wide and text else ("", text)
    parts: list[str] = []
    for one in codings:
        display = str(one.get("display", "")) or ("" if parts or wide else text)
        parts += [str(one["code"]), display, system_name(str(one.get("system", "")))]
    parts += [""] * (6 - len(parts))
    return (*parts, "", "", text) if wide and text else tuple(parts)


def coding(one: Mapping[str, Any]) -> Repetition:
    """Return a single Coding."""
    return cwe({"coding": [one]})


def system_name(system: str) -> str:
    """Return the name that v2 gives to a code system; `L` for codes of somebody's own."""
    if system in _NAMES:
        return _NAMES[system]
    if system.startswith(_TABLE) and system.removeprefix(_TABLE)[:_TABLE_DIGITS].isdigit():
        return f"HL7{system.removeprefix(_TABLE)[:_TABLE_DIGITS]}"
    if system.startswith(_OID):
        return system.removeprefix(_OID)
    if system.startswith(_OWN):
        return unquote(system.removeprefix(_OWN))
    if system.startswith(_SENDER):
        return unquote(system.rpartition(":")[2]) if system.count(":") > _SENDER_PARTS else "L"
    return system


# `urn:passerelle:sender:<application>:<facility>`; a fifth colon comes before a table's name.
_SENDER_PARTS: Final = 4
