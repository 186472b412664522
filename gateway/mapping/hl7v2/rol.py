"""ROL, role (PAM-FR 2.11): treating physicians of the patient, participants of the visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.fhir.datatypes import coding, concept
from gateway.hl7v2.datetimes import fhir_datetime
from gateway.mapping.hl7v2.datatypes.role import practitioner_role
from gateway.mapping.hl7v2.datatypes.xad import xad_address
from gateway.mapping.hl7v2.datatypes.xcn import xcn_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

# Best first: declared to the health insurance, primary care of table HL70443, the family's.
_PHYSICIANS: Final = ("ODRP", "PP", "FHCP")
# Roles of table HL70443 and its French extension to v3-ParticipationType.
_PARTICIPANTS: Final = {
    "AT": ("ATND", "attender"),
    "CP": ("CON", "consultant"),
    "RP": ("REF", "referrer"),
    "AD": ("ADM", "admitter"),
    "RT": ("PART", "Participation"),
    "SUBS": ("PART", "Participation"),
}
_TEXTS: Final = {"RT": "Médecin correspondant", "SUBS": "Médecin remplaçant"}
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ROLES: Final = "http://terminology.hl7.org/CodeSystem/v2-0443"
# The action "delete" (table HL70287).
_DELETED: Final = "DE"
# After these a role is somebody's part in a procedure or a contract.
_ELSEWHERE: Final = frozenset({"PR1", "IN1", "OBR", "ORC"})


def rol_general_practitioners(gathering: Gathering) -> list[Element]:
    """Return references to the treating physicians: of the best kind that the message names."""
    roles = [rol for rol in _roles(gathering) if rol.text(2) != _DELETED]
    for kind in _PHYSICIANS:
        named = [rol for rol in roles if rol.text(3) == kind]
        found = [one for rol in named if (one := _person(rol, gathering)) is not None]
        if found:
            return [one for at, one in enumerate(found) if one not in found[:at]]
    return []


def rol_ends_treatment(gathering: Gathering) -> bool:
    """Say whether the roles of the patient are given, and no treating physician is among them."""
    roles = _of_patient(gathering)
    return bool(roles) and not any(
        rol.text(3) in _PHYSICIANS and rol.text(2) != _DELETED for rol in roles
    )


def rol_participants(gathering: Gathering) -> list[Element]:
    """Return the participants of the visit (v2-to-FHIR, ROL[Encounter-PractitionerRole])."""
    return [
        _participant(rol, person)
        for rol in _roles(gathering)
        if rol.text(3) in _PARTICIPANTS and rol.text(2) != _DELETED
        if (person := _person(rol, gathering)) is not None
    ]


def rol_unmapped(gathering: Gathering, *, visit: bool) -> None:
    """Report the roles that become nothing; `visit` when the message has an Encounter."""
    known = {*_PHYSICIANS, *(_PARTICIPANTS if visit else ())}
    taken = [rol for rol in _roles(gathering) if rol.text(3) in known and rol.text(2) != _DELETED]
    for rol in gathering.message.all("ROL"):
        if rol not in taken:
            gathering.unmapped(
                "A role other than the treating physician is kept in the journal, not mapped.",
                f"ROL^{rol.sequence}",
            )


def _roles(gathering: Gathering) -> list[Segment]:
    """Return the roles of the patient and of the visit, not those of acts and contracts."""
    found = []
    for segment in gathering.message.segments:
        if segment.name in _ELSEWHERE:
            break
        if segment.name == "ROL":
            found.append(segment)
    return found


def _of_patient(gathering: Gathering) -> list[Segment]:
    pv1 = gathering.message.first("PV1")
    return [rol for rol in _roles(gathering) if pv1 is None or rol.index < pv1.index]


def _participant(rol: Segment, person: Element) -> Element:
    role = rol.text(3)
    code, display = _PARTICIPANTS[role]
    codings = [coding(_PARTICIPATION, code, display)]
    if role not in _TEXTS:
        codings.append(coding(_ROLES, role))
    times = {"start": fhir_datetime(rol.text(5)), "end": fhir_datetime(rol.text(6))}
    period = {name: time for name, time in times.items() if time}
    element: Element = {"type": [concept(*codings, text=_TEXTS.get(role))]}
    return element | ({"period": period} if period else {}) | {"individual": person}


def _person(rol: Segment, gathering: Gathering) -> Element | None:
    """Return the person of ROL-4, with the office of ROL-11 and ROL-12, for ROL-14."""
    addresses = [address for value in rol.values(11) if (address := xad_address(value))]
    telecom = [point for value in rol.values(12) if (point := xtn_contact(value))]
    person = xcn_practitioner(rol.value(4), gathering, telecom=telecom, address=addresses)
    return practitioner_role(person, xon_organization(rol.value(14), gathering), gathering)
