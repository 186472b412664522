"""SCH, schedule activity information: an Appointment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.hl7v2.values import NULL
from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.ais import CONTACTS, role
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.ei import ei, numbered
from gateway.mapping.to_hl7v2.datatypes.xcn import party, xcn
from gateway.mapping.to_hl7v2.numbers import order_numbers

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field, Repetition
    from gateway.mapping.to_hl7v2.sources import Writing

# http://hl7.org/fhir/appointmentstatus to table HL70278.
_STATUSES: Final = {
    "proposed": "Pending",
    "pending": "Pending",
    "waitlist": "Waitlist",
    "booked": "Booked",
    "arrived": "Started",
    "checked-in": "Started",
    "fulfilled": "Complete",
    "cancelled": "Cancelled",
    "entered-in-error": "Deleted",
    "noshow": "Noshow",
}
_ORDERS_SINCE: Final = "2.4"
_SECONDS: Final = 60


def appointment_numbers(appointment: Resource) -> tuple[Element, Element]:
    """Return the placer's number and the filler's; one without a type is the filler's."""
    held = appointment.get("identifier", [])
    placer = numbered([one for one in held if "type" in one], "PLAC")
    filler = numbered(held, "FILL")
    untyped: Element = next((one for one in held if one.get("value") and "type" not in one), {})
    return placer, filler or untyped


def sch(writing: Writing) -> str:
    """Return the segment; what the standard requires and nobody said is null."""
    appointment, target = writing.resource, writing.target
    placer, filler = appointment_numbers(appointment)
    minutes = _minutes(appointment)
    fields: dict[int, Field] = {
        1: ei(placer, target),
        2: ei(filler, target),
        6: cwe(appointment.get("cancelationReason")) or NULL,
        7: cwe(next(iter(appointment.get("reasonCode", ())), None)),
        8: cwe(appointment.get("appointmentType")),
        9: minutes,
        10: "min" if minutes else "",
        11: ("", "", f"M{minutes}" if minutes else "", *_span(appointment)),
        16: _contact(16, writing),
        20: _contact(20, writing),
        25: _STATUSES.get(appointment.get("status", ""), ""),
    }
    if target.since(_ORDERS_SINCE):
        fields |= _orders(writing)
    return segment("SCH", fields)


def _span(appointment: Resource) -> tuple[str, str]:
    return dtm(appointment.get("start")), dtm(appointment.get("end"))


def _minutes(appointment: Resource) -> str:
    if said := appointment.get("minutesDuration"):
        return str(said)
    ends = [appointment.get(end) for end in ("start", "end")]
    if not all(ends):
        return ""
    first, last = (datetime.fromisoformat(str(end)) for end in ends)
    return str(max(1, round((last - first).total_seconds() / _SECONDS)))


def _contact(number: int, writing: Writing) -> Field:
    for one in writing.resource.get("participant", ()):
        if CONTACTS.get(role(one)) == number:
            found = writing.follow(one.get("actor"))
            return xcn(party(found, writing).person, writing.target) or NULL
    return NULL


def _orders(writing: Writing) -> dict[int, Field]:
    """Return SCH-26 and SCH-27, pair by pair."""
    orders = writing.follow_all(writing.resource.get("basedOn", ()))
    pairs = [order_numbers(order).eis(writing.target) for order in orders]
    placers: list[Repetition] = [placer for placer, _ in pairs]
    fillers: list[Repetition] = [filler for _, filler in pairs]
    return {26: placers or "", 27: fillers if any(fillers) else ""}
