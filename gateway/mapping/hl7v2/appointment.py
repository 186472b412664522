"""AIS, AIG, AIL and AIP: what, with what, where and by whom, and the slot that all of it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import Element, reference
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.appointment_time import PLACES, resource_span
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.datatypes.pl import pl_location
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.sch import is_blocked, is_overbooked, participant_status

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.appointment_time import Span
    from gateway.mapping.hl7v2.datatypes.ei import Number
    from gateway.mapping.hl7v2.gathering import Gathering

# The gateway's own: one schedule a room, device or person, one slot an appointment.
SCHEDULE_SYSTEM: Final = "urn:passerelle:schedule"
SLOT_SYSTEM: Final = "urn:passerelle:slot"
# Segment action code "delete", table HL70206.
_DELETED: Final = "D"
# Whose schedule an appointment takes, best first.
_BOOKED_BY: Final = ("AIL", "AIG", "AIP")
_STATUS_FIELDS: Final = {"AIS": 10, "AIG": 14, "AIL": 12, "AIP": 12}
_TYPE_FIELDS: Final = {"AIG": 4, "AIP": 4}
# http://hl7.org/fhir/slotstatus by the status of the appointment.
_SLOTS: Final = {
    "proposed": "busy-tentative",
    "pending": "busy-tentative",
    "waitlist": "free",
    "cancelled": "free",
    "noshow": "busy",
    "entered-in-error": "entered-in-error",
}


@dataclass(slots=True)
class Resources:
    """What the resource segments said; `actors` by segment name, the first of each."""

    segments: list[Segment]
    services: list[Element] = field(default_factory=list)
    participants: list[Element] = field(default_factory=list)
    actors: dict[str, Element] = field(default_factory=dict)


def appointment_resources(span: Span, status: str, gathering: Gathering) -> Resources:
    """Read the resource segments; one that is taken away (action D) is left out."""
    segments = [
        one for one in gathering.message.segments if one.name in PLACES and one.text(2) != _DELETED
    ]
    found = Resources(segments)
    for segment in segments:
        if segment.name == "AIS":
            found.services.append(coded_field(segment, 3, gathering))
        elif (actor := _actor(segment, gathering)) is not None:
            found.participants.append(_participant(segment, actor, span, status, gathering))
            found.actors.setdefault(segment.name, actor)
    found.services = [one for one in found.services if one]
    return found


def appointment_slot(  # noqa: PLR0913, PLR0917 - what a slot is made of
    sch: Segment,
    number: Number,
    span: Span,
    status: str,
    resources: Resources,
    gathering: Gathering,
) -> str | None:
    """Take the Slot of the appointment, in the Schedule of its room, device or person.

    R4 wants a schedule and a time for a slot; None when the message names neither. The slot goes
    by the number of the appointment, so that another time or another room moves it.
    """
    actor = next((resources.actors[name] for name in _BOOKED_BY if name in resources.actors), None)
    if actor is None or "reference" not in actor or not span.start:
        return None
    schedule = _schedule(sch, actor, gathering)
    key = Key(SLOT_SYSTEM, gathering.name_of(number.key))
    parts: Element = {
        "identifier": [{"system": key.system, "value": key.value}],
        "serviceType": resources.services,
        "schedule": reference(schedule),
        "status": "busy-unavailable" if is_blocked(sch) else _SLOTS.get(status, "busy"),
        "start": span.start,
        "end": span.end,
        "overbooked": is_overbooked(sch),
    }
    slot: Element = {"resourceType": "Slot"}
    return gathering.state(slot | {name: part for name, part in parts.items() if part}, [key])


def _schedule(sch: Segment, actor: Element, gathering: Gathering) -> str:
    """Mention the schedule of the actor; SCH-5 is the number that the sender gives it."""
    key = Key(SCHEDULE_SYSTEM, actor["reference"].removeprefix("urn:uuid:"))
    identifiers: list[Element] = [{"system": key.system, "value": key.value}]
    if named := sch.text(5):
        identifiers.append({"system": f"{gathering.sender_system}:schedule", "value": named})
    schedule: Element = {
        "resourceType": "Schedule",
        "identifier": identifiers,
        "active": True,
        "actor": [actor],
    }
    return gathering.mention(schedule, [key])


def _actor(segment: Segment, gathering: Gathering) -> Element | None:
    if segment.name == "AIL":
        return pl_location(segment.value(3), gathering)
    if segment.name == "AIP":
        return xcn_practitioner(segment.value(3), gathering)
    return _device(segment, gathering)


def _device(aig: Segment, gathering: Gathering) -> Element | None:
    """Mention the device of an AIG: AIG-3 is a CWE, whose code is its number at the sender."""
    code, name = aig.text(3), aig.text(3, 2)
    if not code:
        return {"display": name} if name else None
    system = f"{gathering.sender_system}:resource"
    parts: Element = {
        "identifier": [{"system": system, "value": code}],
        "deviceName": [{"name": name, "type": "user-friendly-name"}] if name else [],
        "type": coded_field(aig, _TYPE_FIELDS["AIG"], gathering),
    }
    device: Element = {"resourceType": "Device"}
    device |= {element: part for element, part in parts.items() if part}
    return reference(gathering.mention(device, [Key(system, code)]), display=name or None)


def _participant(
    segment: Segment, actor: Element, span: Span, status: str, gathering: Gathering
) -> Element:
    kind = coded_field(segment, _TYPE_FIELDS.get(segment.name, 0), gathering)
    parts: Element = {
        "type": [kind] if kind else [],
        "actor": actor,
        "status": participant_status(segment, _STATUS_FIELDS[segment.name], status),
        "period": resource_span(segment, span.start).period,
    }
    return {name: part for name, part in parts.items() if part}
