"""PRT, participation, pre-adopted from HL7 v2.9 (CI-SIS CDA volet): sender and recipients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.mapping.entry import Recipient
from gateway.mapping.hl7v2.context import Guide
from gateway.mapping.hl7v2.datatypes.role import practitioner_role
from gateway.mapping.hl7v2.datatypes.xcn import xcn_is_patient, xcn_practitioner
from gateway.mapping.hl7v2.datatypes.xon import xon_organization
from gateway.mapping.hl7v2.datatypes.xtn import xtn_contact, xtn_email
from gateway.mapping.hl7v2.flags import TO_PHYSICIANS, goes_to_patient

if TYPE_CHECKING:
    from gateway.fhir.datatypes import Element
    from gateway.hl7v2.message import Segment
    from gateway.mapping.hl7v2.gathering import Gathering

# Table HL70912.
_SENDER: Final = "SB"
_RECIPIENT: Final = "RCT"
_PATIENT: Final = "patient"


@dataclass(slots=True)
class Sender:
    """Who sends a document: the author (person, role or organization) and the organization."""

    author: Element | None = None
    organization: Element | None = None


def prt_sender(segments: list[Segment], gathering: Gathering) -> Sender:
    """Return the first participation of role SB."""
    for prt in segments:
        if prt.text(4) == _SENDER:
            organization = xon_organization(prt.value(8), gathering)
            person = _person(prt, gathering)
            return Sender(practitioner_role(person, organization, gathering), organization)
    return Sender()


def prt_recipients(
    segments: list[Segment], gathering: Gathering, flags: dict[str, bool]
) -> list[Recipient]:
    """Take the participations of role RCT as recipients, as far as the flags let them.

    The patient is one when his flag says so, named by a PRT or not: his mailbox is that of his
    INS, whatever PRT-15 says. What came in by secure mail (volet "LPS") has been delivered to them
    already.
    """
    found: list[Recipient] = []
    for prt in segments:
        role = prt.text(4)
        if role == _RECIPIENT and gathering.guide is not Guide.LPS:
            found += _taken(prt, gathering, flags)
        elif role != _SENDER:
            gathering.unmapped(
                f"The participation {role} is kept in the journal, not mapped.",
                f"PRT^{prt.sequence}",
            )
    named = any(one.kind == _PATIENT for one in found)
    if gathering.guide is Guide.CDA and not named and _may_receive(_PATIENT, flags):
        found.append(Recipient(gathering.subject, None, _PATIENT))
    return gathering.copy_to(found)


def _taken(prt: Segment, gathering: Gathering, flags: dict[str, bool]) -> list[Recipient]:
    recipient = _recipient(prt, gathering)
    if _may_receive(recipient.kind, flags):
        return [recipient]
    gathering.unmapped(
        "A recipient was left out: the flags of the document do not send it there.",
        f"PRT^{prt.sequence}",
    )
    return []


def _recipient(prt: Segment, gathering: Gathering) -> Recipient:
    address = xtn_email(prt.value(15)) or None
    if xcn_is_patient(prt.value(5)):
        return Recipient(gathering.subject, address, _PATIENT)
    person = _person(prt, gathering)
    organization = xon_organization(prt.value(8), gathering)
    practitioner_role(person, organization, gathering)
    if person:
        return Recipient(person.get("reference"), address, "practitioner")
    return Recipient((organization or {}).get("reference"), address, "organization")


def _person(prt: Segment, gathering: Gathering) -> Element | None:
    telecom = [point for value in prt.values(15) if (point := xtn_contact(value))]
    return xcn_practitioner(prt.value(5), gathering, telecom=telecom)


def _may_receive(kind: str, flags: dict[str, bool]) -> bool:
    if kind == _PATIENT:
        return goes_to_patient(flags)
    return flags.get(TO_PHYSICIANS, True)
