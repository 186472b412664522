"""FHIR datatypes as elements of the DICOM JSON model: names, codes, issuers, moments."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from gateway.dicom import attributes as tag
from gateway.dicom.json_model import Model, element, key
from gateway.fhir.datatypes import DCM, LOINC, SNOMED, UCUM, oid_system, primitives

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element

# DA and TM have no zone: they are the time of the clock on the wall of the modality.
_PARIS: Final = ZoneInfo("Europe/Paris")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_FRACTION: Final = re.compile(r"\.[0-9]+")
_OID: Final = "urn:oid:"
_NAMESPACE: Final = "urn:passerelle:namespace:"
_SH: Final = 16
_LO: Final = 64
_SCHEMES: Final = {
    DCM: "DCM",
    SNOMED: "SCT",
    LOINC: "LN",
    UCUM: "UCUM",
    "https://smt.esante.gouv.fr/terminologie-ccam": "CCAM",
    "http://hl7.org/fhir/sid/icd-10": "I10",
}
_INS_NAMES: Final = {
    oid_system("1.2.250.1.213.1.4.8"): "ASIP-SANTE-INS-NIR",
    oid_system("1.2.250.1.213.1.4.9"): "ASIP-SANTE-INS-NIA",
    oid_system("1.2.250.1.213.1.4.10"): "ASIP-SANTE-INS-NIR-TEST",
    oid_system("1.2.250.1.213.1.4.11"): "ASIP-SANTE-INS-NIR-DEMO",
}


def said(*parts: tuple[int, str, Any]) -> Model:
    """Return a dataset of (tag, VR, value); without value an attribute is empty."""
    return {key(number): _element(vr, value) for number, vr, value in parts}


def _element(vr: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of an attribute
    if isinstance(value, list):
        return element(vr, [one for one in value if one])
    return element(vr, [value] if value else [])


def number_of(value: str | None) -> str:
    """Return a number as SH; one that is longer than its 16 characters is none."""
    found = (value or "").strip()
    return found if len(found) <= _SH else ""


def words(text: str | None) -> str:
    """Return a text as LO: one line of 64 characters at most."""
    return " ".join((text or "").split())[:_LO]


def person_name(names: list[Element] | None) -> dict[str, str] | None:
    """Return the official name, else the first one, as PN; further given names stand in the middle.

    PS3.5 6.2.1.
    """
    held = [one for one in names or () if one.get("use") != "old"]
    name = next((one for one in held if one.get("use") == "official"), next(iter(held), None))
    if name is None:
        return None
    given = primitives(name, "given")
    parts = [
        str(name.get("family", "")) or ("" if given else str(name.get("text", ""))),
        given[0] if given else "",
        " ".join(given[1:]),
        " ".join(primitives(name, "prefix")),
        " ".join(primitives(name, "suffix")),
    ]
    joined = "^".join(_component(one) for one in parts).rstrip("^")
    return {"Alphabetic": joined} if joined else None


def _component(text: str) -> str:
    return " ".join(re.sub(r"[\^=\\]", " ", text).split())[:_LO]


def day(text: str | None) -> str:
    """Return the date of a FHIR date or dateTime as DA, empty unless it names a day."""
    moment = _local(text)
    if moment is not None:
        return f"{moment:%Y%m%d}"
    found = _DATE.fullmatch((text or "")[:10])
    return "".join(found.groups()) if found else ""


def clock(text: str | None) -> str:
    """Return the time of a FHIR dateTime as TM, empty when it has none."""
    moment = _local(text)
    return f"{moment:%H%M%S}" if moment is not None else ""


def _local(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text or ""))
        return moment.astimezone(_PARIS) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        # At either end of the years there is no such moment in Paris.
        return None


def code_items(concept: Element | None) -> list[Model]:
    """Return the codings of a concept as items of a code sequence (PS3.3 table 8.8-1)."""
    found = []
    for one in (concept or {}).get("coding", ()):
        code, system = str(one.get("code", "")), str(one.get("system", ""))
        meaning = words(one.get("display") or (concept or {}).get("text") or code)
        if code and len(code) <= _SH and system:
            uid = system.removeprefix(_OID) if system.startswith(_OID) else ""
            found.append(
                said(
                    (tag.CODE_VALUE, "SH", code),
                    (tag.CODING_SCHEME_DESIGNATOR, "SH", _SCHEMES.get(system, "99LOCAL")),
                    (tag.CODE_MEANING, "LO", meaning),
                    *([(tag.CODING_SCHEME_UID, "UI", uid)] if uid else []),
                )
            )
    return found


def designator(system: str | None) -> list[Model]:
    """Return who gave an order number as an item of an issuer sequence (PS3.3 table 10-17)."""
    if not system:
        return []
    if system.startswith(_NAMESPACE):
        return [said((tag.LOCAL_NAMESPACE_ENTITY_ID, "UT", _issuer_name(system)))]
    value, kind = _universal(system)
    return [
        said((tag.UNIVERSAL_ENTITY_ID, "UT", value), (tag.UNIVERSAL_ENTITY_ID_TYPE, "CS", kind))
    ]


def _universal(system: str) -> tuple[str, str]:
    if system.startswith(_OID):
        return system.removeprefix(_OID), "ISO"
    return system, "URI"


def patient_issuer(system: str | None) -> Model:
    """Return issuer and qualifiers of a patient's number (PS3.3 table 10-18)."""
    name = _INS_NAMES.get(system or "") or _issuer_name(system or "")
    return said(
        (tag.ISSUER_OF_PATIENT_ID, "LO", words(name)),
        (tag.ISSUER_OF_PATIENT_ID_QUALIFIERS, "SQ", designator(system)),
    )


def _issuer_name(system: str) -> str:
    return unquote(system.removeprefix(_NAMESPACE)).removeprefix(_OID)
