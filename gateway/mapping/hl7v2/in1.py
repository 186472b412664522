"""IN1 and IN2, insurance: a Coverage (v2-to-FHIR, IN1[Coverage]).

The number of the insured (IN1-49, in France the NIR that bills) is the number of the contract's
holder and never an INS of the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_date
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.codes import coded_field
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type
from gateway.mapping.hl7v2.datatypes.xad import xad_address
from gateway.mapping.hl7v2.datatypes.xon import xon_organization

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

COVERAGE_SYSTEM: Final = "urn:passerelle:coverage"
_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
_RELATION: Final = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
# Table HL70063 to subscriber-relationship; the others are "other".
_RELATIONS: Final = {
    "SEL": "self",
    "SPO": "spouse",
    "DOM": "common",
    "CHD": "child",
    "NCH": "child",
    "SCH": "child",
    "FCH": "child",
    "PAR": "parent",
    "MTH": "parent",
    "FTH": "parent",
}


def in1_coverages(gathering: Gathering) -> None:
    """Take a Coverage an IN1; IN2 adds the number of the member."""
    members = {one.index: one for one in gathering.message.all("IN2")}
    for in1 in gathering.message.all("IN1"):
        payor = _payor(in1, gathering)
        if payor is None:
            gathering.unmapped("IN1 names no insurer.", f"IN1^{in1.sequence}^3")
        else:
            _coverage(in1, members.get(in1.index + 1), payor, gathering)


def _coverage(in1: Segment, in2: Segment | None, payor: Element, gathering: Gathering) -> None:
    relation = in1.text(17).upper()
    period = {
        name: date
        for name, field in (("start", 12), ("end", 13))
        if (date := fhir_date(in1.text(field)))
    }
    parts: Element = {
        "identifier": _members(in2, gathering),
        "status": "active",
        "type": coded_field(in1, 15, gathering),
        "subscriberId": in1.text(49) or in1.text(36),
        "beneficiary": reference(gathering.subject),
        "relationship": concept(coding(_RELATION, _RELATIONS.get(relation, "other")))
        if relation
        else {},
        "period": period,
        "payor": [payor],
        "class": _classes(in1),
        "order": int(in1.text(1)) if in1.text(1).isdecimal() and int(in1.text(1)) else None,
    }
    resource: Element = {"resourceType": "Coverage"}
    resource |= {name: part for name, part in parts.items() if part}
    words = (in1.text(2), in1.text(3) or in1.text(4), in1.text(36), in1.text(12))
    name = "|".join(quote(word.casefold(), safe="") for word in words)
    gathering.of_patient(resource, COVERAGE_SYSTEM, name)


def _classes(in1: Segment) -> list[Element]:
    """Return the plan (IN1-2) and the group (IN1-8, IN1-9)."""
    found = (("plan", in1.text(2), in1.text(2, 2)), ("group", in1.text(8), in1.text(9)))
    return [
        {"type": concept(coding(_CLASS, kind)), "value": value} | ({"name": name} if name else {})
        for kind, value, name in found
        if value
    ]


def _members(in2: Segment | None, gathering: Gathering) -> list[Element]:
    """Return the patient's number as a member, IN2-61."""
    cx = in2.value(61) if in2 else None
    if cx is None or not cx.text(1):
        return []
    system = component_system(cx, 4, gathering.context) or f"{gathering.sender_system}:member"
    return [{"type": identifier_type("MB"), "system": system, "value": cx.text(1)}]


def _payor(in1: Segment, gathering: Gathering) -> Element | None:
    """Mention the insurer: the number of IN1-3, the name of IN1-4, the address of IN1-5."""
    cx: Value = in1.value(3)
    name = in1.text(4)
    if not cx.text(1):
        return xon_organization(in1.value(4), gathering)
    system = component_system(cx, 4, gathering.context) or f"{gathering.sender_system}:insurer"
    addresses = [address for one in in1.values(5) if (address := xad_address(one))]
    parts: Element = {
        "identifier": [{"system": system, "value": cx.text(1)}],
        "name": name,
        "address": addresses,
    }
    resource: Element = {"resourceType": "Organization"}
    resource |= {part: value for part, value in parts.items() if value}
    return reference(gathering.mention(resource, [Key(system, cx.text(1))]), display=name or None)
