"""Business acknowledgements of documents (CI-SIS CDA volet 2.1, ZAM) as FHIR Communications.

What became of a document that an ORU or MDM brought: Z01 taken by the shared record (DMP), Z02
taken by the recipient's secure mail server, Z03 read by the recipient.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from gateway.fhir.datatypes import coding, concept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.fhir.datatypes import Element
    from gateway.fhir.wire import Resource

TABLE: Final = "AckMetierZAM"
_SYSTEM: Final = f"urn:passerelle:code-system:{TABLE}"
# Whoever has a document: what its sender asked to be told (`Resource.meta.tag`).
ASKED_SYSTEM: Final = "urn:passerelle:receipt"
# Of a document: the patient who gets it by mail shall not answer (NTE-4, header X-MSS-MES).
NO_REPLY: Final = ("urn:passerelle:reply", "FIN")
# Of control ids: the rest is application and facility of the message, each quoted.
MESSAGES: Final = "urn:passerelle:message:"


class Receipt(StrEnum):
    """What is acknowledged, by its trigger event."""

    RECORD = "Z01"
    MAIL = "Z02"
    READ = "Z03"


# OBX-3 of the state, and of the mailbox that it is about.
STATES: Final = {
    Receipt.RECORD: ("ACK_RECEPTION_DMP", "Accusé de réception DMP"),
    Receipt.MAIL: ("ACK_RECEPTION_MSS", "Accusé de réception MSSanté"),
    Receipt.READ: ("ACK_LECTURE_MSS", "Accusé de lecture"),
}
MAILBOXES: Final = {
    Receipt.MAIL: ("DESTINATAIRE_MSS", "Destinataire MSSanté"),
    Receipt.READ: ("LECTEUR_MSS", "Lecteur du courriel MSSanté"),
}
# The table of ERR-5: those of the DMP, of SMTP, and 900 to 906.
FAULTS: Final = {
    Receipt.RECORD: "DMP_ERROR_CODE",
    Receipt.MAIL: "SMTPERRORCODE",
    Receipt.READ: "applicationErrorCondition",
}
# OBX-3 of the flag by which the sender of a document asks for a receipt.
ASKED: Final = {Receipt.MAIL: "ACK_RECEPTION", Receipt.READ: "ACK_LECTURE_MSS"}


@dataclass(frozen=True, slots=True)
class BusinessAcknowledgement:
    """One receipt of a document.

    `document` is the MSH-10 of the ORU or MDM that brought it, `mailbox` whose receipt it is (not
    of the shared record), `identifier` that person's number. `fault` is a code of ERR-5 and
    `reason` its words; both are empty when the document was accepted.
    """

    receipt: Receipt
    document: str
    accepted: bool = True
    mailbox: str = ""
    identifier: str = ""
    fault: str = ""
    reason: str = ""


def receipt_communication(
    receipt: BusinessAcknowledgement, message_system: str, sent: str | None
) -> Resource:
    """Return the receipt as a Communication about the message of that system of control ids.

    Completed, or not done for a reason. https://hl7.org/fhir/R4/communication.html
    """
    kind = receipt.receipt
    resource: Resource = {
        "resourceType": "Communication",
        "status": "completed" if receipt.accepted else "not-done",
    }
    if receipt.fault or receipt.reason:
        system = f"urn:passerelle:code-system:{FAULTS[kind]}"
        codes = [coding(system, receipt.fault, receipt.reason)] if receipt.fault else []
        resource["statusReason"] = concept(*codes, text=receipt.reason)
    resource["category"] = [concept(coding(_SYSTEM, *STATES[kind]))]
    resource["about"] = [{"identifier": {"system": message_system, "value": receipt.document}}]
    if sent:
        resource["sent"] = sent
    if receipt.mailbox or receipt.identifier:
        resource["recipient"] = [_recipient(receipt)]
    return resource


def _recipient(receipt: BusinessAcknowledgement) -> Element:
    element: Element = {}
    if receipt.identifier:
        element["identifier"] = {"value": receipt.identifier}
    if receipt.mailbox:
        element["display"] = receipt.mailbox
    return element


def receipt_of(resource: Resource) -> BusinessAcknowledgement | None:
    """Return the receipt that a Communication is; None when it is none."""
    codes = _codes(resource.get("category", ()))
    kind = next((one for one, (code, _) in STATES.items() if code in codes), None)
    names = [one.get("identifier", {}) for one in resource.get("about", ())]
    named = [one for one in names if str(one.get("system", "")).startswith(MESSAGES)]
    if kind is None or not named:
        return None
    who: Element = next(iter(resource.get("recipient", ())), {})
    reason = resource.get("statusReason", {})
    faults = [one.get("code", "") for one in reason.get("coding", ())]
    return BusinessAcknowledgement(
        kind,
        str(named[0].get("value", "")),
        accepted=resource.get("status") == "completed",
        mailbox=who.get("display", ""),
        identifier=who.get("identifier", {}).get("value", ""),
        fault=next(iter(faults), ""),
        reason=reason.get("text", ""),
    )


def _codes(concepts: Iterable[dict[str, Any]]) -> set[str]:
    codings = (one for each in concepts for one in each.get("coding", ()))
    return {one.get("code", "") for one in codings if one.get("system") == _SYSTEM}


def asked_tags(flags: Iterable[str]) -> list[Element]:
    """Return the tags of a document whose sender set these flags and wants to be told."""
    wanted = set(flags)
    return [coding(ASKED_SYSTEM, name) for name in ASKED.values() if name in wanted]


def refuses_reply(document: Resource) -> bool:
    """Whether the sender of a document wants no answer of the patient who gets it."""
    tags = document.get("meta", {}).get("tag", ())
    return any((one.get("system"), one.get("code")) == NO_REPLY for one in tags)


def asks_for(document: Resource, receipt: Receipt) -> bool:
    """Whether the sender of a document asked for that receipt."""
    tags = document.get("meta", {}).get("tag", ())
    return any(
        one.get("system") == ASKED_SYSTEM and one.get("code") == ASKED.get(receipt) for one in tags
    )
