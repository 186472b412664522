"""ORC, common order: control, numbers, who asks and why it was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.hl7v2.writer import segment
from gateway.mapping.hl7v2.orc import CALLBACK, STATUS_REASON
from gateway.mapping.to_hl7v2.datatypes.cwe import cwe
from gateway.mapping.to_hl7v2.datatypes.dtm import dtm
from gateway.mapping.to_hl7v2.datatypes.ei import ei
from gateway.mapping.to_hl7v2.datatypes.xcn import Party, party, xcn
from gateway.mapping.to_hl7v2.datatypes.xon import xon
from gateway.mapping.to_hl7v2.datatypes.xtn import xtn
from gateway.mapping.to_hl7v2.target import Profile
from gateway.mapping.to_hl7v2.tq1 import order_timing

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.writer import Field, Repetition
    from gateway.mapping.to_hl7v2.numbers import Numbers
    from gateway.mapping.to_hl7v2.sources import Writing

# ORC-21, the ordering facility, and ORC-16 as a coded element.
_FACILITY_SINCE: Final = "2.4"
# http://hl7.org/fhir/request-status to table HL70038, where ORC-1 does not say it.
_STATUSES: Final = {"on-hold": "HD", "completed": "CM"}
_ORGANIZATION_TYPE: Final = ("STRUCTURE_IMAGERIE", "", "TLR_TYPE_ORGANISATION")


def orc(order: Resource, control: str, numbers: Numbers, writing: Writing) -> str:
    """Return the segment of an order; `control` is ORC-1 (table HL70119)."""
    target = writing.target
    who = requester(order, writing)
    placer, filler = numbers.eis(target)
    french = target.profile is Profile.TLR
    fields: dict[int, Field] = {
        1: control,
        2: placer,
        3: filler,
        4: ei(order.get("requisition"), target),
        5: _STATUSES.get(order.get("status", ""), ""),
        7: "" if writes_tq1(writing) else order_timing(order),
        9: dtm(order.get("authoredOn")),
        11: _remote(order, writing) if french else "",
        12: xcn(who.person, target),
        14: _callback(order, writing),
        16: cwe(_reason(order)),
        17: _ORGANIZATION_TYPE if french and who.organization else "",
    }
    if target.since(_FACILITY_SINCE):
        fields[21] = xon(who.organization, target)
    return segment("ORC", fields)


def orc_control(control: str) -> str:
    """Return the segment of a message in which it says nothing but what is done (CDA volet)."""
    return segment("ORC", {1: control})


def requester(order: Resource, writing: Writing) -> Party:
    """Return who orders, and for which structure."""
    return party(writing.follow(order.get("requester"), order), writing)


def writes_tq1(writing: Writing) -> bool:
    """Say whether the message has TQ1 for what ORC-7 and OBR-27 said before."""
    return writing.target.order_message == "OMI^O23" and writing.target.profile is not Profile.TLR


def _remote(order: Resource, writing: Writing) -> Field:
    """Return the remote radiologist whom a téléradiologie request is for."""
    people = (party(found, writing).person for found in writing.follow_all(_performers(order)))
    return next((name for person in people if (name := xcn(person, writing.target))), "")


def _performers(order: Resource) -> list[Element]:
    found: list[Element] = order.get("performer", [])
    return found


def _reason(order: Resource) -> Element:
    for extension in order.get("extension", ()):
        if extension.get("url") == STATUS_REASON:
            found: Element = extension.get("valueCodeableConcept", {})
            return found
    return {}


def _callback(order: Resource, writing: Writing) -> Field:
    points = (
        extension.get("valueContactPoint", {})
        for extension in order.get("extension", ())
        if extension.get("url") == CALLBACK
    )
    written: list[Repetition] = [point for one in points if (point := xtn(one, writing.target))]
    return written or ""
