"""DG1, diagnosis: a Condition of the visit (v2-to-FHIR, DG1[Condition])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

CONDITION_SYSTEM: Final = "urn:passerelle:condition"
_CATEGORY: Final = coding(
    "http://terminology.hl7.org/CodeSystem/condition-category",
    "encounter-diagnosis",
    "Encounter Diagnosis",
)
_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0052"
_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
# Table HL70052: working, final.
_CERTAINTIES: Final = {"W": "provisional", "F": "confirmed"}
_DELETED: Final = "D"


def dg1_conditions(encounter: str | None, gathering: Gathering) -> None:
    """Take a Condition a DG1, known by DG1-20, else by its code within the visit."""
    for dg1 in gathering.message.all("DG1"):
        code = coded_field(dg1, 3, gathering)
        if text := dg1.text(4):
            code = {**code, "text": code.get("text", text)}
        if code:
            _condition(dg1, code, encounter, gathering)
        else:
            gathering.unmapped("DG1 names no diagnosis.", f"DG1^{dg1.sequence}^3")


def _condition(dg1: Segment, code: Element, encounter: str | None, gathering: Gathering) -> None:
    kind = dg1.text(6)
    number = ei_number(dg1.value(20), gathering.context, None, f"{gathering.sender_system}:dg1")
    typed = concept(coding(_TYPE, kind, dg1.text(6, 2) or None)) if kind else {}
    parts: Element = {
        "identifier": [number.identifier] if number else [],
        "verificationStatus": _verification(dg1),
        "category": [concept(_CATEGORY), *([typed] if typed else [])],
        "code": code,
        "subject": reference(gathering.subject),
        "encounter": reference(encounter) if encounter else None,
        "onsetDateTime": fhir_datetime(dg1.text(5)),
        "recordedDate": fhir_datetime(dg1.text(19)),
        "asserter": xcn_practitioner(dg1.value(16), gathering),
    }
    resource: Element = {"resourceType": "Condition"}
    resource |= {name: part for name, part in parts.items() if part}
    if number:
        gathering.state(resource, [number.key])
    else:
        words = (encounter or "", kind, dg1.text(3, 3), dg1.text(3) or dg1.text(4))
        name = "|".join(quote(word.casefold(), safe="") for word in words)
        gathering.of_patient(resource, CONDITION_SYSTEM, name)


def _verification(dg1: Segment) -> Element | None:
    if dg1.text(21).upper() == _DELETED:
        return concept(coding(_VERIFICATION, "entered-in-error"))
    certainty = _CERTAINTIES.get(dg1.text(6).upper())
    return concept(coding(_VERIFICATION, certainty)) if certainty else None
