"""Taking a delivery from the outbox: what stands in its way, and to which address it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.access.labels import may_leave
from gateway.delivery.addresses import address_of
from gateway.delivery.letter import message_id
from gateway.delivery.recipients import NOT_SENT_ANY_MORE, WITHDRAWN
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery

DELETED: Final = "The report was deleted before it was sent."
NO_ADDRESS: Final = "No mail address of the recipient is known."


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that a worker now carries, and what its letter is made of.

    `report` is the current version; `earlier` are the deliveries of the same report that the same
    recipient was sent before, oldest first.
    """

    delivery: Delivery
    address: str
    report: Resource
    recipient: Resource
    earlier: tuple[Delivery, ...] = ()


def claim(tx: Transaction, delivery_id: str, listed: Mapping[str, str], host: str) -> Claim | None:
    """Mark a waiting delivery as being sent; None when it is not, or cannot be, sent now.

    What keeps it from being sent is written in its row. `listed` are the operator's addresses,
    `host` the right-hand side of the Message-ID.
    """
    held = tx.delivery(delivery_id)
    if held is None or held.state is not DeliveryState.WAITING:
        return None
    report, obstacle = _report(tx, held)
    if obstacle:
        tx.update_delivery(replace(held, state=DeliveryState.REFUSED, last_error=obstacle))
        return None
    address = find_address(tx, held.recipient, listed)
    if address is None:
        state = DeliveryState.UNADDRESSED
        tx.update_delivery(replace(held, state=state, last_error=NO_ADDRESS))
        return None
    sending = replace(
        held,
        state=DeliveryState.SENDING,
        attempts=held.attempts + 1,
        message_id=held.message_id or message_id(held.id, host),
    )
    tx.update_delivery(sending)
    return _with_past(tx, sending, address, report)


def _report(tx: Transaction, held: Delivery) -> tuple[Resource, str]:
    """Return the report as it stands and what forbids sending it, empty when nothing does."""
    stored = tx.read(*held.focus.split("/"))
    if stored is None or stored.deleted:
        return {}, DELETED
    if stored.resource.get("status") in WITHDRAWN and held.reason not in WITHDRAWN:
        return {}, NOT_SENT_ANY_MORE
    documents = tx.find_referring("DocumentReference", "related", held.focus)
    release = may_leave(stored.resource, *(document.resource for document in documents))
    free = release.permitted or held.reason in WITHDRAWN
    return stored.resource, "" if free else release.reason


def find_address(tx: Transaction, recipient: str, listed: Mapping[str, str]) -> str | None:
    """Return the mail address of `Practitioner/x` or `Organization/x`, or None."""
    stored = tx.read(*recipient.split("/")) if recipient else None
    if stored is None or stored.deleted:
        return None
    roles = tx.find_referring("PractitionerRole", "practitioner", recipient)
    return address_of(stored.resource, [role.resource for role in roles], listed)


def _with_past(tx: Transaction, sending: Delivery, address: str, report: Resource) -> Claim:
    recipient = tx.read(*sending.recipient.split("/"))
    held = {} if recipient is None else recipient.resource
    earlier = _earlier(sending, tx.deliveries_of(sending.focus))
    return Claim(sending, address, report, held, tuple(earlier))


def _earlier(sending: Delivery, past: Sequence[Delivery]) -> list[Delivery]:
    """Return what the same recipient was sent of the same report before."""
    mine = [one for one in past if one.recipient == sending.recipient and one.seq < sending.seq]
    return [one for one in mine if one.message_id]
