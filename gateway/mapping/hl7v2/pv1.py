"""PV1, patient visit: an Encounter (v2-to-FHIR, PV1[Encounter]; FR Core, fr-core-encounter)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.hl7v2.message import Value
from gateway.mapping.entry import Key
from gateway.mapping.hl7v2.context import Guide
from gateway.mapping.hl7v2.datatypes.cwe import cwe_concept
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type
from gateway.mapping.hl7v2.datatypes.pl import pl_location
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.evn import evn_recorded
from gateway.mapping.hl7v2.rol import rol_participants
from gateway.mapping.hl7v2.zbe import zbe_movement
from gateway.mapping.movements import Action, Movement, movement_extension, settled

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message, Segment
    from gateway.mapping.hl7v2.gathering import Gathering

PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_TABLE: Final = "http://terminology.hl7.org/CodeSystem/v2-"
_FR_ADMISSION: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-type-admission"
# Table HL70004 to v3-ActCode; the others stay as they are.
_CLASSES: Final = {
    "E": coding(_ACT, "EMER", "emergency"),
    "I": coding(_ACT, "IMP", "inpatient encounter"),
    "O": coding(_ACT, "AMB", "ambulatory"),
    "P": coding(_ACT, "PRENC", "pre-admission"),
}
_TABLE_0004: Final = frozenset({"B", "C", "N", "R", "U"})
# Fields of doctors: v3-ParticipationType.
_DOCTORS: Final = {
    7: ("ATND", "attender"),
    8: ("REF", "referrer"),
    9: ("CON", "consultant"),
    17: ("ADM", "admitter"),
    52: ("PART", "Participation"),
}
# Coded fields of Encounter.hospitalization and the tables of their codes.
_HOSPITALIZATION: Final = {
    "admitSource": (14, "0023"),
    "reAdmission": (13, "0092"),
    "dischargeDisposition": (36, "0112"),
}
_NOT_APPLICABLE: Final = "N"
_UNKNOWN_CLASS: Final = coding(
    "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "unknown"
)
_CLASS: Final = 2
_VISIT: Final = 19
_ALTERNATE: Final = 50
_ACCOUNT: Final = 18


class Visit(NamedTuple):
    """The numbers of a visit: as FHIR, and the key that finds it; the key is None without."""

    identifiers: list[Element]
    key: Key | None


def pv1_referring(message: Message) -> Value:
    """Return the referring doctor, PV1-8; a false `Value` when there is none."""
    pv1 = message.first("PV1")
    return pv1.value(8) if pv1 else Value("")


def pv1_encounter(gathering: Gathering) -> str | None:
    """Take the Encounter of the message and return its full url; None when there is no visit.

    Known by PV1-19, else by the account (PID-18) or PV1-50. PV1-2 N without a visit number says
    that there is none.
    """
    pv1 = gathering.message.first("PV1")
    if pv1 is None:
        return None
    visit = visit_numbers(pv1, gathering.message.first("PID"), gathering)
    if visit.key is None:
        if pv1.text(_CLASS) not in ("", _NOT_APPLICABLE):
            gathering.unmapped("PV1 has no visit number: the visit is not kept.", "PV1^1^19")
        return None
    movement = _movement(pv1, gathering)
    parts: Element = {
        "extension": [movement_extension(movement)],
        "identifier": visit.identifiers,
        "type": _admission_type(pv1),
        "serviceType": _tabled(pv1.value(10), "0069"),
        "subject": reference(gathering.subject),
        "participant": [*_doctors(pv1, gathering), *rol_participants(gathering)],
        "hospitalization": _hospitalization(pv1, gathering),
        "serviceProvider": _facility(pv1),
    }
    encounter = settled(
        {"resourceType": "Encounter"} | {name: part for name, part in parts.items() if part}
    )
    if movement.historic:
        # What was past when it was told says nothing of the visit as it is now.
        return gathering.mention(encounter, [visit.key])
    url = gathering.state(encounter, [visit.key])
    gathering.as_of(url, evn_recorded(gathering.message), _nulls(pv1))
    return url


def pv1_visit(gathering: Gathering) -> Element:
    """Mention the visit that an order or a result belongs to and return the reference to it.

    Empty without a visit number; in téléradiologie PV1-19 is an appointment. An ADT is an authority
    on the visit: nothing that is known of it changes here.
    """
    pv1 = gathering.message.first("PV1")
    if pv1 is None:
        return {}
    visit = visit_numbers(pv1, gathering.message.first("PID"), gathering)
    none = gathering.guide is Guide.TLR or pv1.text(_CLASS) == _NOT_APPLICABLE
    if visit.key is None or none:
        gathering.unmapped("PV1 is kept in the journal, not mapped.", "PV1")
        return {}
    gathering.unmapped("Of PV1 the visit alone is mapped, the rest is in the journal.", "PV1")
    encounter: Element = {
        "resourceType": "Encounter",
        "identifier": visit.identifiers,
        "status": "unknown",
        "class": _class(pv1, gathering) or _UNKNOWN_CLASS,
        "subject": reference(gathering.subject),
    }
    return reference(gathering.mention(encounter, [visit.key]))


def visit_numbers(pv1: Segment | None, pid: Segment | None, gathering: Gathering) -> Visit:
    """Return the visit number, the account and the alternate visit number, best first."""
    found = [
        numbered
        for segment, field, kind in (
            (pv1, _VISIT, "VN"),
            (pid, _ACCOUNT, "AN"),
            (pv1, _ALTERNATE, ""),
        )
        if segment is not None
        and (numbered := visit_number(segment.value(field), kind, gathering)) is not None
    ]
    return Visit([element for element, _ in found], found[0][1] if found else None)


def visit_number(cx: Value, kind: str, gathering: Gathering) -> tuple[Element, Key] | None:
    """Return a CX that numbers a visit or an account, and its key; None when it is empty."""
    value = cx.text(1)
    if not value:
        return None
    place = "account" if kind == "AN" else "visit"
    system = component_system(cx, 4, gathering.context) or f"{gathering.sender_system}:{place}"
    kind = kind or cx.text(5)
    typed = {"type": identifier_type(kind)} if kind else {}
    return typed | {"system": system, "value": value}, Key(system, value)


def _movement(pv1: Segment, gathering: Gathering) -> Movement:
    said = zbe_movement(gathering)
    if said.action is Action.CANCEL and said.number:
        return replace(said, klass=_class(pv1, gathering))
    return replace(
        said,
        klass=_class(pv1, gathering),
        location=pl_location(pv1.value(3), gathering) or {},
        prior=pl_location(pv1.value(6), gathering) or {},
        start=fhir_datetime(pv1.text(44)) or "",
        end=fhir_datetime(pv1.text(45)) or "",
    )


def _class(pv1: Segment, gathering: Gathering) -> Element:
    code = pv1.text(_CLASS)
    if not code:
        return {}
    if code.upper() in _CLASSES:
        return _CLASSES[code.upper()]
    system, display = f"{_TABLE}0004", pv1.text(_CLASS, 2)
    if code not in _TABLE_0004:
        system = gathering.sender_system
        gathering.local_code(f"PV1-{_CLASS}", system, code, display)
    return coding(system, code, display or None)


def _admission_type(pv1: Segment) -> list[Element]:
    value = pv1.value(4)
    french = value.text(1) in ("RM", "IE") and not value.text(3)
    kind = concept(coding(_FR_ADMISSION, value.text(1))) if french else _tabled(value, "0007")
    return [kind] if kind else []


def _tabled(value: Value, table: str) -> Element:
    """Return a coded field whose codes are of a table of HL7 when it names no other system."""
    code = value.text(1)
    if code and not value.text(3):
        return concept(coding(f"{_TABLE}{table}", code, value.text(2) or None))
    return cwe_concept(value)


def _doctors(pv1: Segment, gathering: Gathering) -> list[Element]:
    return [
        participant(concept(coding(PARTICIPATION, code, display)), person)
        for field, (code, display) in _DOCTORS.items()
        for value in pv1.values(field)
        if (person := xcn_practitioner(value, gathering)) is not None
    ]


def participant(kind: Element, person: Element) -> Element:
    """Return one Encounter.participant."""
    return {"type": [kind], "individual": person}


def _hospitalization(pv1: Segment, gathering: Gathering) -> Element:
    preadmit = visit_number(pv1.value(5), "", gathering)
    stay: Element = {"preAdmissionIdentifier": preadmit[0]} if preadmit else {}
    for name, (field, table) in _HOSPITALIZATION.items():
        if found := _tabled(pv1.value(field), table):
            stay[name] = found
    courtesies = [found for one in pv1.values(16) if (found := _tabled(one, "0099"))]
    if courtesies:
        stay["specialCourtesy"] = courtesies
    if place := pv1.text(37):
        stay["destination"] = {"display": place}
    return stay


def _facility(pv1: Segment) -> Element:
    name = pv1.text(39) or pv1.text(3, 4)
    return {"display": name} if name else {}


def _nulls(pv1: Segment) -> list[str]:
    """Return what the message deletes (`""`) of the visit."""
    cleared = [
        f"participant#{code}" for field, (code, _) in _DOCTORS.items() if pv1.value(field).is_null
    ]
    plain = {4: "type", 10: "serviceType"} | {
        field: f"hospitalization.{name}" for name, (field, _) in _HOSPITALIZATION.items()
    }
    return [*cleared, *(name for field, name in plain.items() if pv1.value(field).is_null)]
