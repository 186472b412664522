"""A Communication that forwards documents is completed when whoever it names has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fhir.datatypes import stable_id
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery


def delivery_of(document: str, exchange_id: str, recipient: str) -> str:
    """Return the id of the delivery of a document (`Type/id`) for a Communication."""
    return stable_id("Delivery", document, f"{exchange_id}|{recipient}")


def complete_exchange(tx: Transaction, delivery: Delivery) -> None:
    """Complete the Communication whose last letter was sent, in the commit that notes it.

    https://hl7.org/fhir/R4/communication-definitions.html#Communication.sent
    """
    document = delivery.focus
    if delivery.state is not DeliveryState.SENT or not document.startswith("DocumentReference/"):
        return
    for stored in tx.find_referring("Communication", "subject", delivery.subject):
        exchange = stored.resource
        asked = delivery_of(document, stored.id, delivery.recipient)
        if asked == delivery.id and _has_arrived(tx, exchange):
            sent = tx.now.isoformat(timespec="milliseconds")
            tx.put({**exchange, "status": "completed", "sent": exchange.get("sent", sent)})


def _has_arrived(tx: Transaction, exchange: Resource) -> bool:
    """Whether it is under way, and everything that it forwards was sent to everybody."""
    payload = (one.get("contentReference", {}) for one in exchange.get("payload", ()))
    documents = [str(one.get("reference", "")) for one in payload if one.get("reference")]
    letters = [
        one
        for document in documents
        for one in tx.deliveries_of(document)
        if one.id == delivery_of(document, exchange["id"], one.recipient)
    ]
    return exchange.get("status") == "in-progress" and all(
        one.state is DeliveryState.SENT for one in letters
    )
