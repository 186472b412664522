"""SIU, schedule information: an Appointment, the Slot that it takes, and whose Schedule that is.

S12 booked, S13 another time (the same Appointment), S14 changed, S15 and S16 cancelled, S17
entered in error, S26 the patient did not come (HL7 v2.5.1 chapter 10, 10.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.fhir.datatypes import Element, reference
from gateway.mapping.hl7v2.appointment import (
    Resources,
    appointment_resources,
    appointment_slot,
)
from gateway.mapping.hl7v2.appointment_time import (
    appointment_seconds,
    appointment_span,
    minutes,
)
from gateway.mapping.hl7v2.groups import Observed
from gateway.mapping.hl7v2.nte import nte_annotations
from gateway.mapping.hl7v2.obx import obx_observation
from gateway.mapping.hl7v2.obx_kind import Kind, obx_kind
from gateway.mapping.hl7v2.pid import pid_patient
from gateway.mapping.hl7v2.reason import dg1_reasons
from gateway.mapping.hl7v2.sch import (
    sch_appointment,
    sch_contacts,
    sch_numbers,
    sch_orders,
    sch_status,
)

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.appointment_time import Span
    from gateway.mapping.hl7v2.datatypes.ei import Number
    from gateway.mapping.hl7v2.gathering import Gathering
    from gateway.mapping.hl7v2.numbers import OrderNumbers

# TQ1-9 and TQ-6 to the priority of RFC 5545 (3.8.1.9), as Appointment.priority wants it.
_PRIORITIES: Final = {"S": 1, "A": 2, "R": 5}
# In R4 these need no time (app-3).
_TIMELESS: Final = frozenset(
    {"proposed", "cancelled", "waitlist", "entered-in-error", "noshow", "fulfilled"}
)
_RESULTS: Final = frozenset({Kind.RESULT, Kind.TEXT})


def siu_message(gathering: Gathering) -> None:
    """Take the appointment; raises `RequiredMissing` without SCH, or when it has no number."""
    pid_patient(gathering)
    sch = gathering.message.first("SCH")
    if sch is None:
        message = "The appointment has no SCH segment."
        raise RequiredMissing(message, location="SCH")
    numbers = sch_numbers(sch, gathering)
    if not numbers:
        message = "The appointment has neither a filler nor a placer number."
        raise RequiredMissing(message, location="SCH^1^2")
    if len(gathering.message.all("PID")) > 1:
        text = "Further patients of the appointment are kept in the journal, not mapped."
        gathering.unmapped(text, "PID^2")
    _appointment(sch, numbers, gathering)


def _appointment(sch: Segment, numbers: list[Number], gathering: Gathering) -> None:
    span = appointment_span(gathering.message, sch)
    status = _timed(sch_status(sch, gathering), span, gathering)
    resources = appointment_resources(span, status, gathering)
    orders = [_order(one, span, resources, gathering) for one in sch_orders(sch, gathering)]
    parts: Element = {
        "identifier": [one.identifier for one in reversed(numbers)],
        "status": status,
        **sch_appointment(sch, status, gathering),
        "serviceType": resources.services,
        "priority": _priority(sch, gathering),
        "start": span.start,
        "end": span.end,
        "minutesDuration": minutes(span, appointment_seconds(sch, resources.segments)),
        "comment": "\n".join(_notes(gathering)),
        "basedOn": [reference(url) for url in orders],
        "supportingInformation": _observations(numbers[0], gathering),
        "participant": [
            {"actor": reference(gathering.subject), "required": "required", "status": "accepted"},
            *resources.participants,
            *sch_contacts(sch, gathering),
        ],
    }
    parts["reasonCode"] = [*(one for one in parts["reasonCode"] if one), *dg1_reasons(gathering)]
    slot = appointment_slot(sch, numbers[0], span, status, resources, gathering)
    parts["slot"] = [reference(slot)] if slot else []
    appointment: Element = {"resourceType": "Appointment"}
    appointment |= {name: part for name, part in parts.items() if part}
    gathering.state(appointment, [one.key for one in numbers])


def _timed(status: str, span: Span, gathering: Gathering) -> str:
    """Leave an appointment without a time open: R4 does not let it be booked (app-3)."""
    if status in _TIMELESS or span.start:
        return status
    gathering.warn("The appointment has no time: it is taken as proposed.", "SCH^1^11", "required")
    return "proposed"


def _order(numbers: OrderNumbers, span: Span, resources: Resources, gathering: Gathering) -> str:
    """Mention an order that the appointment is for, as far as the appointment knows it."""
    numbers.link(gathering)
    parts: Element = {
        "identifier": numbers.identifiers,
        "status": "active",
        "intent": "order",
        "code": next(iter(resources.services), None),
        "subject": reference(gathering.subject),
        "occurrencePeriod": span.period,
    }
    order: Element = {"resourceType": "ServiceRequest"}
    order |= {name: part for name, part in parts.items() if part}
    return gathering.mention(order, numbers.keys)


def _priority(sch: Segment, gathering: Gathering) -> int | None:
    tq1 = gathering.message.first("TQ1")
    code = (tq1.text(9) if tq1 else "") or sch.text(11, 6)
    return _PRIORITIES.get(code.upper())


def _notes(gathering: Gathering) -> list[str]:
    """Return the notes on the appointment and on everything it needs, a line each."""
    notes = gathering.message.all("NTE")
    return [one["text"] for one in nte_annotations(notes)]


def _observations(number: Number, gathering: Gathering) -> list[Element]:
    """Take what is known of the patient beforehand: height, weight, pregnancy."""
    owner = gathering.name_of(number.key)
    urls = []
    for obx in gathering.message.all("OBX"):
        kind = obx_kind(obx)
        if kind in _RESULTS:
            urls.append(obx_observation(Observed(obx, kind), gathering, owner=owner, more={}))
        else:
            gathering.unmapped(
                "A document of an appointment is kept in the journal, not mapped.",
                f"OBX^{obx.sequence}",
            )
    return [reference(url) for url in urls]
