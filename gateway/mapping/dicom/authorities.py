"""Who has given a number: issuers and code systems of DICOM as FHIR systems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import items, text
from gateway.fhir.datatypes import DCM, LOINC, SNOMED, UCUM, namespace_system, oid_system

if TYPE_CHECKING:
    from gateway.dicom.json_model import Model

_INS_ROOT: Final = "1.2.250.1.213.1.4."
# Names of the national identity (Référentiel INS; the names as French PACS send them).
_NAMED: Final = {
    "ASIP-SANTE-INS-NIR": oid_system(f"{_INS_ROOT}8"),
    "ASIP-SANTE-INS-NIA": oid_system(f"{_INS_ROOT}9"),
    "ASIP-SANTE-INS-NIR-TEST": oid_system(f"{_INS_ROOT}10"),
    "ASIP-SANTE-INS-NIR-DEMO": oid_system(f"{_INS_ROOT}11"),
}
INS_TYPES: Final = {
    oid_system(f"{_INS_ROOT}8"): "INS-NIR",
    oid_system(f"{_INS_ROOT}9"): "INS-NIA",
    oid_system(f"{_INS_ROOT}10"): "INS-NIR-TEST",
    oid_system(f"{_INS_ROOT}11"): "INS-NIR-DEMO",
}
_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
# PS3.16 table 8-1 and what French senders write.
_CODE_SYSTEMS: Final = {
    "DCM": DCM,
    "SCT": SNOMED,
    "LN": LOINC,
    "UCUM": UCUM,
    "SRT": "http://snomed.info/srt",
    "SNM3": "http://snomed.info/srt",
    "99SDM": "http://snomed.info/srt",
    "RADLEX": "http://www.radlex.org",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "CCAM": "https://smt.esante.gouv.fr/terminologie-ccam",
}
_CODE_SYSTEM_UIDS: Final = {
    "1.2.840.10008.2.16.4": DCM,
    "2.16.840.1.113883.6.96": SNOMED,
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.8": UCUM,
    "1.2.250.1.215.300.1": _CODE_SYSTEMS["CCAM"],
}


def patient_issuer(patient: Model) -> str:
    """Return the system of a Patient ID by its issuer and qualifiers, empty when none is named.

    (0010,0021) and (0010,0024), PS3.3 table 10-18. The qualifiers are the stronger of the two.
    """
    qualifiers = items(patient, tag.ISSUER_OF_PATIENT_ID_QUALIFIERS)
    universal = _universal(qualifiers[0]) if qualifiers else ""
    return universal or _named(text(patient, tag.ISSUER_OF_PATIENT_ID))


def order_issuer(holder: Model, sequence: int) -> str:
    """Return the system of an accession or order number by its issuer sequence, or empty.

    PS3.3 table 10-17 (HL7v2 Hierarchic Designator macro).
    """
    issuers = items(holder, sequence)
    if not issuers:
        return ""
    return _universal(issuers[0]) or _named(text(issuers[0], tag.LOCAL_NAMESPACE_ENTITY_ID))


def _universal(designator: Model) -> str:
    value = text(designator, tag.UNIVERSAL_ENTITY_ID)
    kind = text(designator, tag.UNIVERSAL_ENTITY_ID_TYPE)
    if _OID.fullmatch(value) and kind in ("ISO", ""):
        return oid_system(value)
    if kind == "URI" or value.startswith(("urn:", "http://", "https://")):
        return value
    return namespace_system(value) if value else ""


def _named(name: str) -> str:
    if not name:
        return ""
    if _OID.fullmatch(name):
        return oid_system(name)
    return _NAMED.get(name.upper()) or namespace_system(name)


def code_system(designator: str, uid: str) -> str | None:
    """Return the FHIR system of a coding scheme, None for a private one without UID.

    (0008,0102) and (0008,010C), PS3.16 section 8.
    """
    known = _CODE_SYSTEM_UIDS.get(uid) or _CODE_SYSTEMS.get(designator.upper())
    if known:
        return known
    return oid_system(uid) if _OID.fullmatch(uid) else None
