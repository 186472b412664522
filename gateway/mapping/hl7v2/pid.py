"""PID, patient identification: a Patient (FR Core, fr-core-patient and fr-core-patient-ins)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import coding, concept
from gateway.hl7v2.datetimes import fhir_date, fhir_datetime
from gateway.mapping.entry import Merge, MergeKind, Write
from gateway.mapping.hl7v2.datatypes.xad import BIRTH_PLACE, INSEE_CODE, xad_address, xad_kind
from gateway.mapping.hl7v2.datatypes.xpn import BIRTH_GIVEN_NAMES, xpn_name
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact
from gateway.mapping.hl7v2.evn import evn_recorded
from gateway.mapping.hl7v2.pid_identifiers import is_qualified, pid_identifiers, withdraws_ins
from gateway.mapping.hl7v2.rol import (
    rol_ends_treatment,
    rol_general_practitioners,
    rol_unmapped,
)
from gateway.mapping.hl7v2.zfd import RELIABILITY, pid_reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.pid_identifiers import PatientIdentifiers

PATIENT_INS: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-ins"
_BIRTH_PLACE: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
# Table HL70001: FR Core does not allow "other".
_GENDERS: Final = {"F": "female", "M": "male"}
_MARITAL: Final = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
# Table HL70002 to v3-MaritalStatus; what is not here is not known there.
_MARITAL_STATUS: Final = {
    "A": "L",
    "B": "U",
    "C": "C",
    "D": "D",
    "E": "L",
    "G": "T",
    "I": "I",
    "M": "M",
    "N": "A",
    "P": "T",
    "R": "T",
    "S": "S",
    "W": "W",
}
_YES_NO: Final = {"Y": True, "N": False}
# What a null (`""`) in a field deletes.
_NULLABLE: Final = {
    5: "name",
    7: "birthDate",
    8: "gender",
    11: "address",
    13: "telecom",
    16: "maritalStatus",
    23: f"extension#{_BIRTH_PLACE}",
    29: "deceasedDateTime",
    30: "deceasedBoolean",
    32: f"extension#{RELIABILITY}",
}


def pid_patient(gathering: Gathering, write: Write = Write.MENTION) -> str:
    """Take the Patient of the message and return its full url.

    Raises `RequiredMissing` without a PID, or when it holds no usable identifier.
    """
    pid = gathering.message.first("PID")
    if pid is None:
        message = "The message has no PID segment."
        raise RequiredMissing(message, location="PID")
    if write is Write.MENTION:
        rol_unmapped(gathering, visit=False)
        return person(pid, gathering, write)
    return stated_person(pid, gathering)


def stated_person(
    pid: Segment,
    gathering: Gathering,
    former: PatientIdentifiers | None = None,
    contacts: Sequence[Element] = (),
) -> str:
    """Take the Patient of a PID on which the message is an authority, with what it deletes."""
    url = person(pid, gathering, Write.ASSERT, former, contacts)
    cleared = [name for field, name in _NULLABLE.items() if pid.value(field).is_null]
    if rol_ends_treatment(gathering):
        cleared.append("generalPractitioner")
    gathering.as_of(url, evn_recorded(gathering.message), cleared)
    if withdraws_ins(pid):
        gathering.merge(Merge(MergeKind.WITHDRAW, url, location="PID^1^3"))
    return url


def person(
    pid: Segment,
    gathering: Gathering,
    write: Write,
    former: PatientIdentifiers | None = None,
    contacts: Sequence[Element] = (),
) -> str:
    """Take the Patient of a PID; `former` are its numbers until now, `contacts` those of NK1."""
    identified = pid_identifiers(pid, gathering, former)
    parts: Element = {
        "extension": [*_birth_place(pid), *pid_reliability(pid, gathering)],
        "identifier": identified.identifiers,
        "name": _names(pid, french=gathering.french),
        "telecom": _telecom(pid),
        "gender": _gender(pid),
        "birthDate": _birth_date(pid, gathering),
        **_death(pid),
        "address": _addresses(pid),
        "maritalStatus": _marital_status(pid),
        "contact": list(contacts),
        "generalPractitioner": rol_general_practitioners(gathering),
    }
    patient: Element = {"resourceType": "Patient"}
    patient |= {name: part for name, part in parts.items() if part or part is False}
    if is_qualified(pid) and _is_complete(patient):
        patient["meta"] = {"profile": [PATIENT_INS]}
    return gathering.add(patient, identified.keys, write)


def _names(pid: Segment, *, french: bool) -> list[Element]:
    """Return PID-5: a first name without type is the legal one (HL7 v2.5.1, 3.4.2.5)."""
    names = [
        xpn_name(value, french=french, untyped=None if place else "official")
        for place, value in enumerate(pid.values(5))
    ]
    return [name for name in names if "family" in name or "given" in name]


def _telecom(pid: Segment) -> list[Element]:
    fields = ((13, "home"), (14, "work"), (40, None))
    points = (xtn_contact(value, use) for field, use in fields for value in pid.values(field))
    return [point for point in points if point]


def _gender(pid: Segment) -> str | None:
    sex = pid.text(8).upper()
    return _GENDERS.get(sex, "unknown") if sex else None


def _birth_date(pid: Segment, gathering: Gathering) -> str | None:
    text = pid.text(7)
    date = fhir_date(text)
    if text and date is None:
        gathering.warn("PID-7 is not a date.", "PID^1^7", "value")
    return date


def _death(pid: Segment) -> Element:
    when = fhir_datetime(pid.text(29))
    if when:
        return {"deceasedDateTime": when}
    known = _YES_NO.get(pid.text(30).upper())
    return {} if known is None else {"deceasedBoolean": known}


def _addresses(pid: Segment) -> list[Element]:
    values = (value for value in pid.values(11) if xad_kind(value) != BIRTH_PLACE)
    return [address for value in values if (address := xad_address(value))]


def _birth_place(pid: Segment) -> list[Element]:
    """Return the place of birth: PID-11 of type BDL, with the INSEE code; else PID-23."""
    for value in pid.values(11):
        if xad_kind(value) == BIRTH_PLACE and (address := xad_address(value)):
            return [{"url": _BIRTH_PLACE, "valueAddress": address}]
    text = pid.text(23)
    return [{"url": _BIRTH_PLACE, "valueAddress": {"text": text}}] if text else []


def _marital_status(pid: Segment) -> Element | None:
    code = _MARITAL_STATUS.get(pid.text(16))
    return concept(coding(_MARITAL, code)) if code else None


def _is_complete(patient: Element) -> bool:
    """Say whether the mandatory elements of fr-core-patient-ins are all there."""
    official = [name for name in patient.get("name", ()) if name.get("use") == "official"]
    return (
        any(one["use"] == "official" for one in patient.get("identifier", ()))
        and {"gender", "birthDate", "extension"} <= patient.keys()
        and len(official) == 1
        and _is_birth_name(official[0])
        and any(_has_insee_code(extension) for extension in patient["extension"])
    )


def _is_birth_name(name: Element) -> bool:
    urls = {extension["url"] for extension in name.get("extension", ())}
    return "family" in name and len(name.get("given", ())) == 1 and BIRTH_GIVEN_NAMES in urls


def _has_insee_code(extension: Element) -> bool:
    place = extension.get("valueAddress", {})
    return any(part["url"] == INSEE_CODE for part in place.get("extension", ()))
