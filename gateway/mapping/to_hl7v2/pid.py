"""PID, patient identification: a Patient (PAM-FR 2.11 in France)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.writer import segment
from gateway.mapping.hl7v2.pid_identifiers import QUALIFIED
from gateway.mapping.hl7v2.zfd import RELIABILITY
from gateway.mapping.to_hl7v2.datatypes.cwe import coding
from gateway.mapping.to_hl7v2.datatypes.cx import cx, is_ins
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.xad import xad
from gateway.mapping.to_hl7v2.datatypes.xpn import xpn
from gateway.mapping.to_hl7v2.datatypes.xtn import xtn

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field, Repetition
    from gateway.mapping.to_hl7v2.target import Target

BIRTH_PLACE: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
# http://hl7.org/fhir/administrative-gender to table HL70001.
_SEXES: Final = {"female": "F", "male": "M", "other": "O", "unknown": "U"}
# v3-MaritalStatus to table HL70002.
_MARITAL: Final = {
    "A": "N",
    "C": "C",
    "D": "D",
    "I": "I",
    "L": "A",
    "M": "M",
    "S": "S",
    "T": "P",
    "U": "B",
    "W": "W",
}
# PID-32 came with this version.
_RELIABILITY_SINCE: Final = "2.5"


def pid(patient: Resource, target: Target, numbers: list[Repetition] | None = None) -> str:
    """Return the segment; `numbers` is PID-3 where it is not all that the patient has.

    Raises `RequiredMissing` for a patient who has no number.
    """
    numbers = patient_numbers(patient, target) if numbers is None else numbers
    if not numbers:
        message = "The patient has no identifier that may be sent."
        raise RequiredMissing(message, expression="Patient.identifier")
    home, work = _telecom(patient, target)
    fields: dict[int, Field] = {
        1: "1",
        3: numbers,
        5: [xpn(name, french=target.is_french) for name in patient.get("name", ())] or "",
        7: dtm(patient.get("birthDate")),
        8: _SEXES.get(patient.get("gender", ""), ""),
        11: _addresses(patient),
        13: home,
        14: work,
        16: _marital(patient),
        23: _birth_place_text(patient),
        29: dtm(patient.get("deceasedDateTime")),
        30: _death(patient),
        32: [*_statuses(patient)] if target.since(_RELIABILITY_SINCE) else "",
    }
    return segment("PID", fields)


def patient_numbers(patient: Resource, target: Target) -> list[Repetition]:
    """Return PID-3: an INS only of a qualified identity, and only of the one that is in use."""
    sent = [
        one
        for one in patient.get("identifier", ())
        if one.get("value") and (not is_ins(one) or _may_send_ins(one, patient, target))
    ]
    # Receivers that look at the first alone shall see the number of the patient in use.
    ordered = sorted(sent, key=lambda one: one.get("use") == "old")
    return [cx(one, target) for one in ordered]


def is_qualified(patient: Resource) -> bool:
    """Say whether the identity is qualified: only then its INS counts (PAM-FR 2.11, PID-32)."""
    return QUALIFIED in _statuses(patient)


def reliability(patient: Resource) -> list[Element]:
    """Return the parts of the identity reliability extensions (FR Core)."""
    found = (one for one in patient.get("extension", ()) if one.get("url") == RELIABILITY)
    return [part for one in found for part in one.get("extension", ())]


def _may_send_ins(ins: Element, patient: Resource, target: Target) -> bool:
    return is_qualified(patient) and ins.get("use") != "old" and target.since(_RELIABILITY_SINCE)


def _statuses(patient: Resource) -> list[str]:
    parts = (part for part in reliability(patient) if part.get("url") == "identityStatus")
    return [code for part in parts if (code := part.get("valueCoding", {}).get("code"))]


def _telecom(patient: Resource, target: Target) -> tuple[Field, Field]:
    """Return PID-13 and PID-14: what is not for work is for home."""
    points = [(one.get("use"), xtn(one, target)) for one in patient.get("telecom", ())]
    home: list[Repetition] = [value for use, value in points if value and use != "work"]
    work: list[Repetition] = [value for use, value in points if value and use == "work"]
    return home or "", work or ""


def _addresses(patient: Resource) -> Field:
    written: list[Repetition] = [xad(one) for one in patient.get("address", ())]
    place = _birth_place(patient)
    if place and not place.keys() <= {"text"}:
        written.append(xad(place, birth_place=True))
    return written or ""


def _birth_place(patient: Resource) -> Element:
    for extension in patient.get("extension", ()):
        if extension.get("url") == BIRTH_PLACE:
            found: Element = extension.get("valueAddress", {})
            return found
    return {}


def _birth_place_text(patient: Resource) -> str:
    place = _birth_place(patient)
    return str(place.get("text", "")) if place.keys() <= {"text"} else ""


def _marital(patient: Resource) -> Field:
    for one in patient.get("maritalStatus", {}).get("coding", ()):
        if code := _MARITAL.get(one.get("code", "")):
            return coding({"code": code})
    return ""


def _death(patient: Resource) -> str:
    if patient.get("deceasedDateTime") or patient.get("deceasedBoolean"):
        return "Y"
    return "N" if patient.get("deceasedBoolean") is False else ""
