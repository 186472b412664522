"""AL1, allergy: an AllergyIntolerance (v2-to-FHIR, AL1[AllergyIntolerance])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

ALLERGY_SYSTEM: Final = "urn:passerelle:allergy"
_CLINICAL: Final = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
# Table HL70127: every one of these is an allergy; the category is absent where FHIR has none.
_CATEGORIES: Final = {
    "DA": "medication",
    "FA": "food",
    "MA": "",
    "EA": "environment",
    "AA": "biologic",
    "PA": "environment",
    "LA": "environment",
}
# Table HL70128 to reaction severity; the words are those that senders write.
_SEVERITIES: Final = {
    "SV": "severe",
    "SEVERE": "severe",
    "MO": "moderate",
    "MODERATE": "moderate",
    "MI": "mild",
    "MILD": "mild",
}
_CRITICALITIES: Final = {"severe": "high", "mild": "low"}


def al1_allergies(gathering: Gathering) -> None:
    """Take an AllergyIntolerance an AL1, known by what the patient is allergic to."""
    for al1 in gathering.message.all("AL1"):
        code = coded_field(al1, 3, gathering)
        if not code:
            gathering.unmapped("AL1 names no substance.", f"AL1^{al1.sequence}^3")
            continue
        _allergy(al1, code, gathering)


def _allergy(al1: Segment, code: Element, gathering: Gathering) -> None:
    kind = al1.text(2).upper()
    category = _CATEGORIES.get(kind)
    severity = _SEVERITIES.get(al1.text(4).upper())
    parts: Element = {
        "clinicalStatus": concept(coding(_CLINICAL, "active")),
        "type": None if category is None else "allergy",
        "category": [category] if category else [],
        "criticality": _CRITICALITIES.get(severity or ""),
        "code": code,
        "patient": reference(gathering.subject),
        "onsetDateTime": fhir_datetime(al1.text(6)),
        "reaction": _reactions(al1, severity),
    }
    resource: Element = {"resourceType": "AllergyIntolerance"}
    resource |= {name: part for name, part in parts.items() if part}
    name = quote(f"{al1.text(3, 3)}|{al1.text(3) or al1.text(3, 2)}".casefold(), safe="|")
    gathering.of_patient(resource, ALLERGY_SYSTEM, name)


def _reactions(al1: Segment, severity: str | None) -> list[Element]:
    manifestations = [concept(text=text) for one in al1.values(5) if (text := one.text())]
    if not manifestations:
        return []
    reaction: Element = {"manifestation": manifestations}
    return [reaction | ({"severity": severity} if severity else {})]
