"""NK1, next of kin: a RelatedPerson; somebody without a name is a contact of the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.fhir.datatypes import Element, coding, concept, reference
from gateway.hl7v2.datetimes import fhir_date
from gateway.mapping.hl7v2.datatypes.cwe import cwe_coding
from gateway.mapping.hl7v2.datatypes.hd import component_system
from gateway.mapping.hl7v2.datatypes.identifier_type import identifier_type
from gateway.mapping.hl7v2.datatypes.xad import xad_address
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xpn import xpn_name
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact

if TYPE_CHECKING:
    from gateway.hl7v2.message import Segment, Value
    from gateway.mapping.hl7v2.gathering import Gathering

RELATED_SYSTEM: Final = "urn:passerelle:related-person"
_ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CONTACT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/v2-0131"
_RELATION: Final = "http://terminology.hl7.org/CodeSystem/v2-0063"
# Table HL70063 to v3-RoleCode; the others stay as they are (v2-to-FHIR, Relationship).
_RELATIONS: Final = {
    "SEL": ("ONESELF", "self"),
    "SPO": ("SPS", "spouse"),
    "DOM": ("SIGOTHR", "significant other"),
    "CHD": ("CHILD", "child"),
    "GCH": ("GRNDCHILD", "grandchild"),
    "NCH": ("NCHILD", "natural child"),
    "SCH": ("STPCHLD", "step child"),
    "FCH": ("CHLDFOST", "foster child"),
    "PAR": ("PRN", "parent"),
    "MTH": ("MTH", "mother"),
    "FTH": ("FTH", "father"),
    "GRP": ("GRPRN", "grandparent"),
    "EXF": ("EXT", "extended family member"),
    "SIB": ("SIB", "sibling"),
    "BRO": ("BRO", "brother"),
    "SIS": ("SIS", "sister"),
    "FND": ("FRND", "unrelated friend"),
}
# Codes of HL70063 that are roles of a contact, HL70131.
_ROLES: Final = {"EMC": "C", "EMR": "E", "OTH": "O", "UNK": "U"}
_GENDERS: Final = {"F": "female", "M": "male"}


def nk1_contacts(gathering: Gathering) -> list[Element]:
    """Return the Patient.contact elements of those who have no name."""
    contacts = []
    for nk1 in gathering.message.all("NK1"):
        if not _names(nk1, gathering):
            parts = {
                "relationship": nk1_relationships(nk1),
                "telecom": _telecom(nk1),
                "address": next(iter(_addresses(nk1)), None),
                "organization": xon_organization(nk1.value(13), gathering),
            }
            contact = {name: part for name, part in parts.items() if part}
            # A contact needs more than a relationship (pat-1).
            if contact.keys() & {"telecom", "address", "organization"}:
                contacts.append(contact)
            else:
                gathering.unmapped("NK1 names nobody.", f"NK1^{nk1.sequence}")
    return contacts


def nk1_related_persons(gathering: Gathering) -> None:
    """Take a RelatedPerson a NK1 that has a name (v2-to-FHIR, NK1[RelatedPerson])."""
    for nk1 in gathering.message.all("NK1"):
        if names := _names(nk1, gathering):
            _related_person(nk1, names, gathering)


def nk1_relationships(nk1: Segment) -> list[Element]:
    """Return the relationship, NK1-3, and the role, NK1-7."""
    relation = relationship(nk1.value(3))
    role = cwe_coding(nk1.value(7)) and concept(_named(nk1.value(7), _CONTACT_ROLE))
    return [one for one in (relation, role) if one]


def relationship(value: Value) -> Element:
    """Return a relationship of table HL70063 as FHIR knows it; {} when it is empty."""
    code = value.text(1)
    if not code:
        return {"text": value.text(2)} if value.text(2) else {}
    if code in _RELATIONS:
        return concept(coding(_ROLE_CODE, *_RELATIONS[code]))
    if code in _ROLES:
        return concept(coding(_CONTACT_ROLE, _ROLES[code]))
    return concept(_named(value, _RELATION))


def _named(value: Value, table: str) -> Element:
    system = None if value.text(3) else table
    found = cwe_coding(value)
    return {"system": system, **found} if system else found


def _related_person(nk1: Segment, names: list[Element], gathering: Gathering) -> None:
    period = {
        name: date
        for name, field in (("start", 8), ("end", 9))
        if (date := fhir_date(nk1.text(field)))
    }
    parts: Element = {
        "identifier": [found for cx in nk1.values(33) if (found := _identifier(cx, gathering))],
        "patient": reference(gathering.subject),
        "relationship": nk1_relationships(nk1),
        "name": names,
        "telecom": _telecom(nk1),
        "gender": _GENDERS.get(nk1.text(15).upper()),
        "birthDate": fhir_date(nk1.text(16)),
        "address": _addresses(nk1),
        "period": period,
    }
    resource: Element = {"resourceType": "RelatedPerson"}
    resource |= {name: part for name, part in parts.items() if part}
    gathering.of_patient(resource, RELATED_SYSTEM, _name_of(nk1, names[0]))


def _name_of(nk1: Segment, name: Element) -> str:
    """Write who it is: one relation of that name, however the segments are ordered."""
    words = [nk1.text(3), name.get("family", ""), *name.get("given", ())[:1]]
    return "/".join(quote(word.casefold(), safe="") for word in words)


def _names(nk1: Segment, gathering: Gathering) -> list[Element]:
    names = (xpn_name(value, french=gathering.french) for value in nk1.values(2))
    return [name for name in names if "family" in name or "given" in name]


def _telecom(nk1: Segment) -> list[Element]:
    fields = ((5, None), (6, "work"), (40, None))
    points = (xtn_contact(value, use) for field, use in fields for value in nk1.values(field))
    return [point for point in points if point]


def _addresses(nk1: Segment) -> list[Element]:
    return [address for value in nk1.values(4) if (address := xad_address(value))]


def _identifier(cx: Value, gathering: Gathering) -> Element:
    value, kind = cx.text(1), cx.text(5)
    if not value:
        return {}
    typed: Element = {"type": identifier_type(kind)} if kind else {}
    system = component_system(cx, 4, gathering.context) or f"{gathering.sender_system}:person"
    return typed | {"system": system, "value": value}
