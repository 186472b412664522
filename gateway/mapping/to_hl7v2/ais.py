"""AIS, AIG, AIL and AIP: what is done, with what, where and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.values import NULL
from gateway.hl7v2.writer import segment
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.pl import pl
from gateway.mapping.to_hl7v2.datatypes.xcn import party, xcn

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.sources import Writing
    from gateway.mapping.to_hl7v2.target import Target

# Participants who are whom to call or who typed it: SCH-16 and SCH-20.
CONTACTS: Final = {"CALLBCK": 16, "enterer": 20}
_RESOURCE: Final = ":resource"
# The segment action code came with this version; in S12 everything is added.
_ADDED: Final = "A"


def resource_segments(appointment: Resource, writing: Writing) -> list[str]:
    """Return RGS and the segments of what the appointment takes."""
    start = dtm(appointment.get("start"))
    lines = [segment("RGS", {1: "1", 2: _ADDED})]
    services = appointment.get("serviceType") or _services(appointment, writing)
    for number, service in enumerate(services, 1):
        lines.append(segment("AIS", {1: str(number), 2: _ADDED, 3: cwe(service), 4: start}))
    counts = dict.fromkeys(("AIG", "AIL", "AIP"), 0)
    for participant in appointment.get("participant", ()):
        if role(participant) in CONTACTS:
            continue
        found = writing.follow(participant.get("actor"))
        name, fields = _resource(found, participant, writing)
        if name:
            counts[name] += 1
            at = {"AIG": 8, "AIL": 6, "AIP": 6}[name]
            common: dict[int, Field] = {1: str(counts[name]), 2: _ADDED, at: start}
            lines.append(segment(name, fields | common))
    return lines


def role(participant: Element) -> str:
    """Return whether a participant is a contact: CALLBCK or enterer; empty for the others."""
    codes = (
        one.get("code", "")
        for kind in participant.get("type", ())
        for one in kind.get("coding", ())
    )
    return next((code for code in codes if code in CONTACTS), "")


def _services(appointment: Resource, writing: Writing) -> list[Element]:
    """Return what is done as the orders of the appointment say it."""
    orders = writing.follow_all(appointment.get("basedOn", ()))
    return [order["code"] for order in orders if order.get("code")]


def _resource(
    found: Resource, participant: Element, writing: Writing
) -> tuple[str, dict[int, Field]]:
    kind, target = found.get("resourceType"), writing.target
    typed = cwe(next(iter(participant.get("type", ())), None))
    if kind == "Location":
        return "AIL", {3: pl(found, target)}
    if kind == "Device":
        return "AIG", {3: _device(found, target), 4: typed or cwe(found.get("type")) or NULL}
    if kind in ("Practitioner", "PractitionerRole"):
        return "AIP", {3: xcn(party(found, writing).person, target), 4: typed}
    return "", {}


def _device(device: Resource, target: Target) -> Field:
    """Return a device as a CE: its number at the receiver, or whoever numbers it, and its name."""
    one: Element = next((one for one in device.get("identifier", ()) if one.get("value")), {})
    name = next((each["name"] for each in device.get("deviceName", ()) if each.get("name")), "")
    system = str(one.get("system", ""))
    own = system == f"{target.own_system}{_RESOURCE}"
    return (str(one.get("value", "")), str(name), "" if own else "L")
