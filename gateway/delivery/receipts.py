"""What the sender of a document is told of its mail: the French receipt ZAM^Z02.

Only who asked for it (`ACK_RECEPTION`) is told, and only where he is a destination.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gateway.delivery.outgoing import CHANNEL, recipient_of
from gateway.fhir.datatypes import stable_id
from gateway.mapping.receipts import (
    MESSAGES,
    BusinessAcknowledgement,
    Receipt,
    asks_for,
    receipt_communication,
)
from gateway.store.records import DeliveryState, NewDelivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.fhir.wire import Resource
    from gateway.settings import Destination
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery

_RPPS: Final = "https://rpps.esante.gouv.fr"
# National number of a professional: 8 before the RPPS (CI-SIS, IDNPS).
_NATIONAL: Final = "8"
_SMTP_CODE: Final = re.compile(r"\b[45]\d\d\b")
_OTHER: Final = "906"


def tell_sender(
    tx: Transaction, delivery: Delivery, mailbox: str, destinations: Sequence[Destination]
) -> None:
    """Queue the receipt of a letter that was sent or refused for good, in the same commit.

    The receipt is a Communication about the report; told again, it is the same.
    """
    if delivery.state not in (DeliveryState.SENT, DeliveryState.REFUSED):
        return
    for system, control_id, destination in _askers(tx, delivery, destinations):
        receipt = _receipt(tx, delivery, mailbox, control_id)
        sent = tx.now.isoformat(timespec="milliseconds")
        written = tx.put(_communication(receipt, system, sent, delivery))
        tx.enqueue(
            NewDelivery(
                id=stable_id("Delivery", written.stored.reference, recipient_of(destination)),
                recipient=recipient_of(destination),
                subject=delivery.subject,
                focus=written.stored.reference,
                focus_version=written.stored.version,
                channel=CHANNEL,
                reason=Receipt.MAIL.value,
                created=tx.now,
            )
        )


def _askers(
    tx: Transaction, delivery: Delivery, destinations: Sequence[Destination]
) -> Iterator[tuple[str, str, Destination]]:
    """Yield system and control id of the message that brought the document, and who sent it."""
    known = {
        f"{MESSAGES}{quote(one.application, safe='')}:{quote(one.facility, safe='')}": one
        for one in destinations
        if one.application
    }
    found = tx.find_referring("Provenance", "target", delivery.focus) if known else []
    for stored in sorted(found, key=lambda one: one.seq, reverse=True)[:1]:
        for entity in stored.resource.get("entity", ()):
            name = entity.get("what", {}).get("identifier", {})
            destination = known.get(str(name.get("system", "")))
            if destination is not None and _asked(tx, stored.resource):
                yield name["system"], str(name.get("value", "")), destination


def _asked(tx: Transaction, provenance: Resource) -> bool:
    targets = (one.get("reference", "").split("/")[:2] for one in provenance.get("target", ()))
    documents = (tx.read(*one) for one in targets if one[0] == "DocumentReference")
    return any(
        one is not None and not one.deleted and asks_for(one.resource, Receipt.MAIL)
        for one in documents
    )


def _receipt(
    tx: Transaction, delivery: Delivery, mailbox: str, control_id: str
) -> BusinessAcknowledgement:
    accepted = delivery.state is DeliveryState.SENT
    code = _SMTP_CODE.search(delivery.last_error)
    return BusinessAcknowledgement(
        Receipt.MAIL,
        control_id,
        accepted=accepted,
        mailbox=mailbox,
        identifier=_number(tx, delivery.recipient),
        fault="" if accepted else code.group() if code else _OTHER,
        reason="" if accepted else delivery.last_error,
    )


def _number(tx: Transaction, recipient: str) -> str:
    found = tx.read(*recipient.split("/")) if "/" in recipient else None
    held = {} if found is None or found.deleted else found.resource
    numbers = [one for one in held.get("identifier", ()) if one.get("system") == _RPPS]
    return f"{_NATIONAL}{numbers[0]['value']}" if numbers else ""


def _communication(
    receipt: BusinessAcknowledgement, system: str, sent: str, delivery: Delivery
) -> Resource:
    resource = receipt_communication(receipt, system, sent)
    resource["id"] = stable_id("Communication", delivery.id, receipt.receipt.value)
    if delivery.subject:
        resource["subject"] = {"reference": delivery.subject}
    resource["about"] = [{"reference": delivery.focus}, *resource["about"]]
    return resource
