"""ZAM, the French business acknowledgements of a document (CI-SIS CDA volet 2.1, HL7 v2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import RequiredMissing
from gateway.hl7v2.datetimes import fhir_instant
from gateway.mapping.entry import Key
from gateway.mapping.receipts import (
    MAILBOXES,
    MESSAGES,
    STATES,
    BusinessAcknowledgement,
    Receipt,
    receipt_communication,
)

if TYPE_CHECKING:
    from gateway.hl7v2.message import Message
    from gateway.mapping.hl7v2.gathering import Gathering

_ADDRESS: Final = 4
# Of what has been sent from here; who received it is found by the journal.
OWN_MESSAGES: Final = f"{MESSAGES}out"


def zam_message(gathering: Gathering) -> None:
    """Take the receipt as a Communication; raises `RequiredMissing` when it does not say enough.

    It is about a message of ours, named by its MSH-10.
    """
    message = gathering.message
    receipt = read_zam(message)
    resource = receipt_communication(receipt, OWN_MESSAGES, fhir_instant(message.msh().text(7)))
    key = Key(gathering.message_system, message.control_id)
    resource["identifier"] = [{"system": key.system, "value": key.value}]
    gathering.state(resource, [key])


def read_zam(received: Message) -> BusinessAcknowledgement:
    """Read a receipt; raises `RequiredMissing` when it does not say of what or how."""
    if received.event not in tuple(Receipt):
        text = "The event of a business acknowledgement is Z01, Z02 or Z03."
        raise RequiredMissing(text, location="MSH^1^9")
    receipt = Receipt(received.event)
    held = {obx.text(3): obx for obx in received.all("OBX")}
    state = held.get(STATES[receipt][0])
    if state is None or state.text(5) not in ("Y", "N"):
        text = "The business acknowledgement does not say what became of the document."
        raise RequiredMissing(text, location="OBX^1^5")
    if not state.text(4):
        text = "The business acknowledgement does not say of which message."
        raise RequiredMissing(text, location="OBX^1^4")
    box = held.get(MAILBOXES.get(receipt, ("", ""))[0])
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
