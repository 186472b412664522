"""OBR, observation request: what it says of an order and of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, concept, period
from gateway.hl7v2.datetimes import fhir_datetime, fhir_instant
from gateway.mapping.entry import Recipient
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.datatypes.cwe import cwe_concept
from gateway.mapping.hl7v2.datatypes.ndl import ndl_person
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.faults import TableValueNotFound
from gateway.mapping.hl7v2.orc import orc_control

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.groups import OrderGroup

# Téléradiologie puts the flow, not the examination, into OBR-4.
TLR_FLOW: Final = "TLR_OBR_PROCEDURE"

# Table HL70123 to http://hl7.org/fhir/diagnostic-report-status.
_STATUSES: Final = {
    "O": "registered",
    "I": "registered",
    "S": "registered",
    "N": "registered",
    "A": "partial",
    "R": "partial",
    "P": "preliminary",
    "M": "preliminary",
    "F": "final",
    "C": "corrected",
    "X": "cancelled",
}
# The CDA volet: ORC-1 and OBX-11 say whether a document is new, replaced or withdrawn.
_BY_CONTROL: Final = {"NW": "final", "RO": "corrected", "CA": "cancelled"}
_BY_OBX: Final = {"F": "final", "C": "corrected", "D": "cancelled"}
_STATUS: Final = 25


def obr_code(obr: Segment | None, gathering: Gathering) -> Element:
    """Return the examination, OBR-4 (OBR-44 when OBR-4 is empty); {} when there is none."""
    if obr is None or obr.text(4, 3) == TLR_FLOW:
        return {}
    local = gathering.sender_system
    return cwe_concept(obr.value(4), local) or cwe_concept(obr.value(44), local)


def obr_reasons(obr: Segment | None, gathering: Gathering) -> list[Element]:
    """Return why the examination is asked for: OBR-31, and OBR-13 as text."""
    if obr is None:
        return []
    reasons = [cwe_concept(value, gathering.sender_system) for value in obr.values(31)]
    if clinical := obr.whole(13).strip():
        reasons.append(concept(text=clinical))
    return [reason for reason in reasons if reason]


def report_status(group: OrderGroup, gathering: Gathering) -> str:
    """Return the status of the report; by ORC-1 and OBX-11 in the French CDA volet.

    Raises `RequiredMissing` without OBR-25 and `TableValueNotFound` when its code says no state.
    """
    if gathering.guide in DOCUMENT_GUIDES:
        return document_status(group, gathering)
    obr = group.obr
    number = obr.sequence if obr else 1
    location = f"OBR^{number}^{_STATUS}"
    code = obr.text(_STATUS).upper() if obr else ""
    if not code:
        message = "OBR-25 is empty: the state of the report is not known."
        raise RequiredMissing(message, location=location)
    if code not in _STATUSES:
        message = "OBR-25 is not a state of a report in table HL70123."
        raise TableValueNotFound(message, location=location)
    return _STATUSES[code]


def document_status(group: OrderGroup, gathering: Gathering) -> str:
    """Return final, corrected or cancelled, by ORC-1, else by OBX-11 of the document."""
    control = _BY_CONTROL.get(orc_control(group.orc))
    observed = group.observed[0].obx.text(11) if group.observed else ""
    result = _BY_OBX.get(observed)
    if control and result and control != result:
        gathering.warn("ORC-1 and OBX-11 do not agree on the document.", "ORC^1^1", "conflict")
    return control or result or "final"


def obr_diagnostic_report(group: OrderGroup, gathering: Gathering) -> Element:
    """Return the elements of a DiagnosticReport that OBR gives."""
    obr = group.obr
    if obr is None:
        return {}
    parts = {
        "code": obr_code(obr, gathering),
        **_effective(obr),
        "issued": fhir_instant(obr.text(22)),
        "resultsInterpreter": _interpreters(obr, gathering),
    }
    return {name: part for name, part in parts.items() if part}


def obr_copies(obr: Segment | None, gathering: Gathering) -> None:
    """Take those who shall have a copy, OBR-28, as recipients."""
    for xcn in obr.values(28) if obr else ():
        person = xcn_practitioner(xcn, gathering)
        if person and "reference" in person:
            gathering.copy_to(Recipient(person["reference"], None, "practitioner"))
        elif person:
            gathering.unmapped("A recipient in OBR-28 has no number: not mapped.", "OBR^1^28")


def _effective(obr: Segment) -> Element:
    start, end = fhir_datetime(obr.text(7)), fhir_datetime(obr.text(8))
    if start and end and end != start:
        return {"effectivePeriod": period(start, end)}
    return {"effectiveDateTime": start} if start else {}


def _interpreters(obr: Segment, gathering: Gathering) -> list[Element]:
    """Return OBR-32, and the assistants of OBR-33."""
    values = (*obr.values(32), *obr.values(33))
    people = (xcn_practitioner(ndl_person(value, gathering.message), gathering) for value in values)
    return [person for person in people if person]
