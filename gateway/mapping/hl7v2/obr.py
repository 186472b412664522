"""OBR, observation request: what it says of an order and of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, concept, period
from gateway.hl7v2.datetimes import fhir_datetime, fhir_instant
from gateway.mapping.entry import Recipient
from gateway.mapping.hl7v2.codes import coded_field, coded_fields
from gateway.mapping.hl7v2.context import DOCUMENT_GUIDES
from gateway.mapping.hl7v2.datatypes.ndl import ndl_person
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.faults import FlagsNotAllowed, TableValueNotFound
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
_BY_EVENT: Final = {"T02": "final", "T10": "corrected", "T04": "cancelled"}
_STATUS: Final = 25


def obr_code(obr: Segment | None, gathering: Gathering) -> Element:
    """Return the examination, OBR-4 (OBR-44 when OBR-4 is empty); {} when there is none."""
    if obr is None or obr.text(4, 3) == TLR_FLOW:
        return {}
    return coded_field(obr, 4, gathering) or coded_field(obr, 44, gathering)


def obr_reasons(obr: Segment | None, gathering: Gathering) -> list[Element]:
    """Return why the examination is asked for: OBR-31, and OBR-13 as text."""
    if obr is None:
        return []
    reasons = coded_fields(obr, 31, gathering)
    if clinical := obr.whole(13).strip():
        reasons.append(concept(text=clinical))
    return reasons


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
    """Return final, corrected or cancelled, by ORC-1, else by OBX-11, else by the event.

    Raises `FlagsNotAllowed` when they do not agree and the site is strict.
    """
    control = _BY_CONTROL.get(orc_control(group.orc))
    observed = group.observed[0].obx.text(11) if group.observed else ""
    result = _BY_OBX.get(observed)
    event = _BY_EVENT.get(gathering.message.event)
    if len({state for state in (control, result, event) if state}) > 1:
        _disagree(gathering)
    return control or result or event or "final"


def _disagree(gathering: Gathering) -> None:
    text = "ORC-1, OBX-11 and the event do not agree on the document."
    if gathering.context.strict_flags:
        raise FlagsNotAllowed(text, location="ORC^1^1")
    gathering.warn(text, "ORC^1^1", "conflict")


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


def obr_copies(obr: Segment | None, gathering: Gathering) -> list[Recipient]:
    """Take those who shall have a copy, OBR-28, as recipients, and return them."""
    found = []
    for xcn in obr.values(28) if obr else ():
        person = xcn_practitioner(xcn, gathering)
        if person and "reference" in person:
            found.append(Recipient(person["reference"], None, "practitioner"))
        elif person:
            gathering.unmapped("A recipient in OBR-28 has no number: not mapped.", "OBR^1^28")
    return gathering.copy_to(found)


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
