"""PR1, procedure: a Procedure of the visit (v2-to-FHIR, PR1[Procedure])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import SNOMED, Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.codes import coded_field, coded_fields
from gateway.mapping.hl7v2.datatypes.ei import ei_number
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

PR1_SYSTEM: Final = "urn:passerelle:act"
# Who did it, by field: SNOMED CT.
_PERFORMERS: Final = {
    8: coding(SNOMED, "88189002", "Anesthesiologist"),
    11: coding(SNOMED, "304292004", "Surgeon"),
    12: {},
}


def pr1_procedures(encounter: str | None, gathering: Gathering) -> None:
    """Take a Procedure a PR1, known by PR1-19, else by its code and time within the visit.

    The message says that it took place or will: its status is unknown (v2-to-FHIR).
    """
    for pr1 in gathering.message.all("PR1"):
        code = coded_field(pr1, 3, gathering)
        if text := pr1.text(4):
            code = {**code, "text": code.get("text", text)}
        if code:
            _procedure(pr1, code, encounter, gathering)
        else:
            gathering.unmapped("PR1 names no procedure.", f"PR1^{pr1.sequence}^3")


def _procedure(pr1: Segment, code: Element, encounter: str | None, gathering: Gathering) -> None:
    number = ei_number(pr1.value(19), gathering.context, None, f"{gathering.sender_system}:pr1")
    parts: Element = {
        "identifier": [number.identifier] if number else [],
        "status": "unknown",
        "category": coded_field(pr1, 6, gathering),
        "code": code,
        "subject": reference(gathering.subject),
        "encounter": reference(encounter) if encounter else None,
        "performedDateTime": fhir_datetime(pr1.text(5)),
        "performer": _performers(pr1, gathering),
        "reasonCode": coded_fields(pr1, 15, gathering),
    }
    resource: Element = {"resourceType": "Procedure"}
    resource |= {name: part for name, part in parts.items() if part}
    if number:
        gathering.state(resource, [number.key])
    else:
        words = (encounter or "", pr1.text(3, 3), pr1.text(3) or pr1.text(4), pr1.text(5))
        name = "|".join(quote(word.casefold(), safe="") for word in words)
        gathering.of_patient(resource, PR1_SYSTEM, name)


def _performers(pr1: Segment, gathering: Gathering) -> list[Element]:
    return [
        ({"function": concept(function)} if function else {}) | {"actor": person}
        for field, function in _PERFORMERS.items()
        for value in pr1.values(field)
        if (person := xcn_practitioner(value, gathering)) is not None
    ]
