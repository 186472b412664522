"""SCH, schedule activity information: an Appointment (v2-to-FHIR, SCH[Appointment])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.mapping.hl7v2.codes import coded_field, state_of
from gateway.mapping.hl7v2.datatypes.ei import Number, ei_number
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.numbers import OrderNumbers

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

# Table HL70278 to http://hl7.org/fhir/appointmentstatus, upper case. Discontinued and Overbook
# have no row in the guide; arrived is what many write instead of started.
_FILLER_STATUS: Final = {
    "PENDING": "pending",
    "WAITLIST": "waitlist",
    "BOOKED": "booked",
    "OVERBOOK": "booked",
    "STARTED": "checked-in",
    "ARRIVED": "arrived",
    "COMPLETE": "fulfilled",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
    "DISCONTINUED": "cancelled",
    "DELETED": "entered-in-error",
    "NOSHOW": "noshow",
    # Not the patient's: it says that the time is taken, and the slot says so.
    "BLOCKED": "booked",
}
# The event says what happened; for the first three SCH-25 may know better.
_EVENTS: Final = {"S12": "booked", "S13": "booked", "S14": "booked"}
_ENDED: Final = {
    "S15": "cancelled",
    "S16": "cancelled",
    "S17": "entered-in-error",
    "S26": "noshow",
}
V2_0276: Final = "http://terminology.hl7.org/CodeSystem/v2-0276"
V2_0277: Final = "http://terminology.hl7.org/CodeSystem/v2-0277"
_REASONS: Final = frozenset({"ROUTINE", "WALKIN", "CHECKUP", "FOLLOWUP", "EMERGENCY"})
_TYPES: Final = frozenset({"NORMAL", "TENTATIVE", "COMPLETE"})
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
# SCH-12, SCH-16 and SCH-20: whom to call, and who typed it.
_CONTACTS: Final = (
    (12, coding(_PARTICIPATION, "CALLBCK", "callback contact"), "Placer contact"),
    (16, coding(_PARTICIPATION, "CALLBCK", "callback contact"), "Filler contact"),
    (
        20,
        coding(
            "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
            "enterer",
            "Enterer",
        ),
        "",
    ),
)


def sch_numbers(sch: Segment, gathering: Gathering) -> list[Number]:
    """Return the numbers of the appointment: the filler's, SCH-2, then the placer's, SCH-1."""
    found = (
        ei_number(sch.value(2), gathering.context, "FILL", filler_system(gathering)),
        ei_number(sch.value(1), gathering.context, "PLAC", f"{filler_system(gathering)}:placer"),
    )
    return [one for one in found if one]


def filler_system(gathering: Gathering) -> str:
    """Return the system of the appointments that this sender numbers without an authority."""
    return f"{gathering.sender_system}:appointment"


def sch_status(sch: Segment, gathering: Gathering) -> str:
    """Return the status: that of an event that ends it, else SCH-25, else the event's."""
    event = gathering.message.event
    if event in _ENDED:
        return _ENDED[event]
    return state_of(sch, 25, _FILLER_STATUS, gathering) or _EVENTS.get(event, "booked")


def participant_status(segment: Segment, field: int, appointment: str) -> str:
    """Return whether a resource has accepted: by its own filler status, else as the whole."""
    own = _FILLER_STATUS.get(segment.text(field).upper(), "")
    state = own or appointment
    if state in ("pending", "waitlist", "proposed"):
        return "needs-action"
    declined = own in ("cancelled", "entered-in-error")
    return "declined" if declined else "accepted"


def sch_appointment(sch: Segment, status: str, gathering: Gathering) -> Element:
    """Return the elements of an Appointment that SCH gives, times and participants excepted."""
    why = coded_field(sch, 6, gathering) if status == "cancelled" else {}
    return {
        "cancelationReason": why,
        "appointmentType": _table(sch, 8, V2_0277, _TYPES, gathering),
        "reasonCode": [_table(sch, 7, V2_0276, _REASONS, gathering)],
    }


def sch_contacts(sch: Segment, gathering: Gathering) -> list[Element]:
    """Return the contacts as participants."""
    found = []
    for field, code, text in _CONTACTS:
        for value in sch.values(field):
            if person := _person(value, gathering):
                kind = concept(code, text=text or None)
                found.append({"type": [kind], "actor": person, "status": "accepted"})
    return found


def sch_orders(sch: Segment, gathering: Gathering) -> list[OrderNumbers]:
    """Return the orders that the appointment is for: SCH-26 and SCH-27, pair by pair."""
    placers, fillers = sch.values(26), sch.values(27)
    found = []
    for place in range(max(len(placers), len(fillers))):
        placer, filler = (
            ei_number(values[place], gathering.context, kind) if place < len(values) else None
            for values, kind in ((placers, "PLAC"), (fillers, "FILL"))
        )
        if placer or filler:
            found.append(OrderNumbers(placer, filler))
    return found


def is_blocked(sch: Segment) -> bool:
    """Say whether the time is blocked rather than given to a patient."""
    return sch.text(25).upper() == "BLOCKED"


def is_overbooked(sch: Segment) -> bool:
    """Say whether the time was given twice."""
    return sch.text(25).upper() == "OVERBOOK"


def _table(
    sch: Segment, field: int, system: str, codes: frozenset[str], gathering: Gathering
) -> Element:
    """Return a concept of a table whose name senders leave out."""
    code = sch.text(field)
    if code.upper() in codes and not sch.text(field, 3):
        return concept(coding(system, code, sch.text(field, 2) or None))
    return coded_field(sch, field, gathering)


def _person(value: Value, gathering: Gathering) -> Element | None:
    person = xcn_practitioner(value, gathering)
    if person and "reference" in person:
        return reference(person["reference"], display=person.get("display"))
    return person
