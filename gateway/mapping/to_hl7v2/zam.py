"""ZAM, the French business acknowledgements of a document (CI-SIS CDA volet 2.1, HL7 v2.6).

What became of a document that an ORU or MDM brought: Z01 taken by the shared record (DMP), Z02
taken by the recipient's secure mail server, Z03 read by the recipient.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.charset import codec_of
from gateway.hl7v2.datetimes import PARIS, timestamp
from gateway.hl7v2.writer import message, segment
from gateway.mapping.to_hl7v2.datatypes.xtn import mailbox
from gateway.mapping.to_hl7v2.target import PROFILE_IDS, Profile

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.hl7v2.message import Message
    from gateway.hl7v2.writer import Field
    from gateway.mapping.to_hl7v2.target import Target

VERSION: Final = "2.6"
_TABLE: Final = "AckMetierZAM"
_YES_NO: Final = "expandedYes-NoIndicator"
_ADDRESS: Final = 4


class Receipt(StrEnum):
    """What is acknowledged, by its trigger event."""

    RECORD = "Z01"
    MAIL = "Z02"
    READ = "Z03"


# OBX-3 of the state, and of the mailbox that it is about.
_STATES: Final = {
    Receipt.RECORD: ("ACK_RECEPTION_DMP", "Accusé de réception DMP"),
    Receipt.MAIL: ("ACK_RECEPTION_MSS", "Accusé de réception MSSanté"),
    Receipt.READ: ("ACK_LECTURE_MSS", "Accusé de lecture"),
}
_MAILBOXES: Final = {
    Receipt.MAIL: ("DESTINATAIRE_MSS", "Destinataire MSSanté"),
    Receipt.READ: ("LECTEUR_MSS", "Lecteur du courriel MSSanté"),
}
# The table of ERR-5: those of the DMP, of SMTP, and 900 to 906.
_FAULTS: Final = {
    Receipt.RECORD: "DMP_ERROR_CODE",
    Receipt.MAIL: "SMTPERRORCODE",
    Receipt.READ: "applicationErrorCondition",
}
# What the final receiver's software may find wrong (volet, annex of error codes).
APPLICATION_ERRORS: Final = {
    "900": "Version inconnue",
    "901": "Auteur non autorisé",
    "902": "Patient inconnu",
    "903": "INS absente du document CDA",
    "904": "INS différente de celle du patient",
    "905": "INS incomplète",
    "906": "Autre erreur",
}


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


def write_zam(
    receipt: BusinessAcknowledgement, target: Target, control_id: str, made: datetime
) -> bytes:
    """Return the message, in version 2.6 whatever the target's is."""
    state = ("Y" if receipt.accepted else "N", "", _YES_NO)
    lines = [
        _header(receipt, target, control_id, made),
        *([] if receipt.accepted else [_err(receipt)]),
        _obx(1, "CWE", _STATES[receipt.receipt], receipt.document, state),
    ]
    if box := _MAILBOXES.get(receipt.receipt):
        lines.append(_obx(2, "XTN", box, receipt.identifier, mailbox(receipt.mailbox)))
    return message(lines, codec_of(target.charset) or "utf-8")


def read_zam(received: Message) -> BusinessAcknowledgement:
    """Read a receipt; raises `RequiredMissing` when it does not say of what or how."""
    if received.event not in tuple(Receipt):
        text = "The event of a business acknowledgement is Z01, Z02 or Z03."
        raise RequiredMissing(text, location="MSH^1^9")
    receipt = Receipt(received.event)
    held = {obx.text(3): obx for obx in received.all("OBX")}
    state = held.get(_STATES[receipt][0])
    if state is None or state.text(5) not in ("Y", "N"):
        text = "The business acknowledgement does not say what became of the document."
        raise RequiredMissing(text, location="OBX^1^5")
    box = held.get(_MAILBOXES.get(receipt, ("", ""))[0])
    err = received.first("ERR")
    return BusinessAcknowledgement(
        receipt,
        state.text(4),
        accepted=state.text(5) == "Y",
        mailbox=box.text(5, _ADDRESS) if box else "",
        identifier=box.text(4) if box else "",
        fault=err.text(5) if err else "",
        reason=(err.text(5, 2) or err.text(8)) if err else "",
    )


def _header(
    receipt: BusinessAcknowledgement, target: Target, control_id: str, made: datetime
) -> str:
    return segment(
        "MSH",
        {
            3: target.sending_application,
            4: target.sending_facility,
            5: target.application,
            6: target.facility,
            7: timestamp(made.astimezone(PARIS)),
            9: ("ZAM", receipt.receipt.value, "ZAM_Z01"),
            10: control_id,
            11: "P",
            12: VERSION,
            17: "FRA",
            18: target.charset,
            21: PROFILE_IDS[Profile.CDA],
        },
    )


def _err(receipt: BusinessAcknowledgement) -> str:
    """Return the segment: an application error, with the receiver's own code in ERR-5."""
    words = receipt.reason or APPLICATION_ERRORS.get(receipt.fault, "")
    return segment(
        "ERR",
        {
            3: ("207", "Application error", "messageErrorCondition"),
            4: "E",
            5: (receipt.fault, words, _FAULTS[receipt.receipt]),
        },
    )


def _obx(number: int, kind: str, name: tuple[str, str], sub_id: str, value: Field) -> str:
    code = (*name, _TABLE)
    return segment("OBX", {1: str(number), 2: kind, 3: code, 4: sub_id, 5: value, 11: "F"})
