"""Business acknowledgements that come in: of which document, and what its delivery learns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.errors import Issue
from gateway.mapping.receipts import Receipt, receipt_of

if TYPE_CHECKING:
    from gateway.fhir.wire import Resource
    from gateway.hl7v2.message import Message
    from gateway.mapping.entry import Entry, Mapped
    from gateway.mapping.receipts import BusinessAcknowledgement
    from gateway.store.api import Store, Transaction

CODE: Final = "ZAM"
_UNKNOWN: Final = Issue(
    "No message of that control id was sent from here to this system.",
    location="OBX^1^4",
    code="not-found",
    severity="warning",
)
# What a delivery says of its receiver, by what was acknowledged.
_RECEIPTS: Final = {
    Receipt.RECORD: "recorded",
    Receipt.MAIL: "received",
    Receipt.READ: "read",
}


def received(tx: Transaction, store: Store, message: Message, mapped: Mapped) -> Mapped:
    """Return the mapping with its receipts pointing to the documents that they are about.

    Who is told what: the delivery that sent the document learns that it was received or read.
    """
    if message.code != CODE:
        return mapped
    entries = tuple(_placed(tx, store, message, one) for one in mapped.entries)
    if entries == mapped.entries:
        return replace(mapped, warnings=(*mapped.warnings, _UNKNOWN))
    return replace(mapped, entries=entries)


def _placed(tx: Transaction, store: Store, message: Message, entry: Entry) -> Entry:
    receipt = None
    if entry.resource["resourceType"] == "Communication":
        receipt = receipt_of(entry.resource)
    if receipt is None:
        return entry
    focus = _focus(tx, store, message, receipt)
    if not focus:
        return entry
    _tell_delivery(tx, focus, receipt)
    return replace(entry, resource=_about(tx, entry.resource, focus))


def _focus(
    tx: Transaction, store: Store, message: Message, receipt: BusinessAcknowledgement
) -> str:
    """Return what the named message carried, by the journal; empty when it is not ours."""
    header = message.msh()
    sent = tx.same_message(f"{header.text(5)}|{header.text(6)}", receipt.document)
    for one in sent:
        entry = store.journal_entry(one.id)
        if entry is not None and entry.resources:
            return "/".join(entry.resources[0].split("/")[:2])
    return ""


def _tell_delivery(tx: Transaction, focus: str, receipt: BusinessAcknowledgement) -> None:
    told = _RECEIPTS[receipt.receipt] if receipt.accepted else f"refused {receipt.fault}".strip()
    for delivery in tx.deliveries_of(focus):
        if delivery.message_id.startswith(f"{receipt.document}@"):
            tx.update_delivery(replace(delivery, receipt=told))


def _about(tx: Transaction, resource: Resource, focus: str) -> Resource:
    placed: Resource = {**resource, "about": [{"reference": focus}, *resource["about"]]}
    stored = tx.read(*focus.split("/"))
    subject = {} if stored is None or stored.deleted else stored.resource.get("subject", {})
    if subject.get("reference"):
        placed["subject"] = {"reference": subject["reference"]}
    return placed
