"""CE, CNE and CWE, coded elements, as Coding and CodeableConcept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import DCM, LOINC, SNOMED, UCUM, Element, coding, concept

if TYPE_CHECKING:
    from gateway.hl7v2.message import Value

YES_NO: Final = "http://terminology.hl7.org/CodeSystem/v2-0532"
CCAM: Final = "https://smt.esante.gouv.fr/terminologie-ccam"
TRE_A05: Final = "https://mos.esante.gouv.fr/NOS/TRE_A05-TypeDocComplementaire/FHIR/TRE-A05-TypeDocComplementaire"

# Table HL70396 and what French senders write there, upper case.
CODE_SYSTEMS: Final = {
    "LN": LOINC,
    "LOINC": LOINC,
    "2.16.840.1.113883.6.1": LOINC,
    "SCT": SNOMED,
    "SNM": SNOMED,
    "SNOMED": SNOMED,
    "SNOMED CT": SNOMED,
    "SNOMED-CT": SNOMED,
    "2.16.840.1.113883.6.96": SNOMED,
    "DCM": DCM,
    "1.2.840.10008.2.16.4": DCM,
    "UCUM": UCUM,
    "2.16.840.1.113883.6.8": UCUM,
    "ATC": "http://www.whocc.no/atc",
    "2.16.840.1.113883.6.73": "http://www.whocc.no/atc",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "CIM10": "http://hl7.org/fhir/sid/icd-10",
    "CIM-10": "http://hl7.org/fhir/sid/icd-10",
    "2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9M": "http://hl7.org/fhir/sid/icd-9-cm",
    "RADLEX": "http://www.radlex.org",
    "CCAM": CCAM,
    "1.2.250.1.215.300.1": CCAM,
    "TRE_A05": TRE_A05,
    "1.2.250.1.213.1.1.4.12": TRE_A05,
    "EXPANDEDYES-NOINDICATOR": YES_NO,
}
_TABLE: Final = re.compile(r"HL7([0-9]{4})")
_LOINC: Final = re.compile(r"[0-9]{1,5}-[0-9]")
_OID: Final = re.compile(r"[0-2](?:\.[0-9]+){3,}")


def code_system(name: str, code: str, local: str) -> str | None:
    """Return the FHIR system of a coding system's name in v2.

    `L` and `99...` are codes of the sender's own: their system is `local`.
    """
    if not name:
        return LOINC if _LOINC.fullmatch(code) else None
    upper = name.upper()
    known = CODE_SYSTEMS.get(upper)
    if known:
        return known
    table = _TABLE.fullmatch(upper)
    if table:
        return f"http://terminology.hl7.org/CodeSystem/v2-{table[1]}"
    return _other_system(name, local)


def _other_system(name: str, local: str) -> str:
    if name == "L" or name.startswith("99"):
        return f"{local}:{quote(name, safe='')}" if local else "urn:passerelle:code-system:L"
    if _OID.fullmatch(name):
        return f"urn:oid:{name}"
    if "://" in name:
        # As the gateway itself writes the systems that v2 has no name for.
        return name
    return f"urn:passerelle:code-system:{quote(name, safe='')}"


def cwe_concept(value: Value, local: str = "") -> Element:
    """Return the CodeableConcept of a CWE: code, alternate code, original text; {} when empty."""
    if not value:
        return {}
    codings = [cwe_coding(value, local, at) for at in (1, 4)]
    text = value.text(9) or (value.text(2) if not any(codings) else "")
    return concept(*codings, text=text or None)


def cwe_coding(value: Value, local: str = "", at: int = 1) -> Element:
    """Return the Coding that begins at component `at` (1, or 4 the alternate); {} without code."""
    code = value.text(at)
    if not code.strip():
        return {}
    return coding(code_system(value.text(at + 2), code, local), code, value.text(at + 1) or None)
