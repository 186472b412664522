"""Taking a delivery from the outbox: what stands in its way, and to which address it goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.delivery.addresses import address_of, address_of_patient, is_patient
from gateway.delivery.letter import message_id
from gateway.delivery.recipients import NOT_SENT_ANY_MORE, WITHDRAWN, carried_in, current_resource
from gateway.delivery.release import may_be_mailed
from gateway.mapping.receipts import refuses_reply
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.fhir.wire import Resource
    from gateway.store.api import Transaction
    from gateway.store.records import Delivery

DELETED: Final = "The report was deleted before it was sent."
NO_ADDRESS: Final = "No mail address of the recipient is known."
NO_MAILBOX: Final = "The patient has no qualified INS, of which the mailbox would be made."
NOT_HIS: Final = "The report is about another patient now."


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that a worker now carries, and what its letter is made of.

    `report` is the current version; `earlier` are the deliveries of the same report that the same
    recipient was sent before, oldest first. `closed` says that a patient shall not answer.
    """

    delivery: Delivery
    address: str
    report: Resource
    recipient: Resource
    earlier: tuple[Delivery, ...] = ()
    closed: bool = False


def claim(tx: Transaction, delivery_id: str, listed: Mapping[str, str], host: str) -> Claim | None:
    """Mark a waiting delivery as being sent; None when it is not, or cannot be, sent now.

    What keeps it from being sent is written in its row. `listed` are the operator's addresses,
    `host` the right-hand side of the Message-ID.
    """
    held = tx.delivery(delivery_id)
    if held is None or held.state is not DeliveryState.WAITING:
        return None
    report = current_resource(tx, held.focus)
    others = carried_in(tx, report, held.subject) if report else []
    obstacle = _obstacle(tx, held, report, others)
    if obstacle:
        tx.update_delivery(replace(held, state=DeliveryState.REFUSED, last_error=obstacle))
        return None
    address = find_address(tx, held.recipient, listed)
    if address is None:
        state = DeliveryState.UNADDRESSED
        why = NO_MAILBOX if is_patient(held.recipient) else NO_ADDRESS
        tx.update_delivery(replace(held, state=state, last_error=why))
        return None
    sending = replace(
        held,
        state=DeliveryState.SENDING,
        attempts=held.attempts + 1,
        message_id=held.message_id or message_id(held.id, host),
    )
    tx.update_delivery(sending)
    earlier = _earlier(sending, tx.deliveries_of(sending.focus))
    closed = is_patient(held.recipient) and any(map(refuses_reply, (report, *others)))
    recipient = current_resource(tx, sending.recipient)
    return Claim(sending, address, report, recipient, tuple(earlier), closed)


def _obstacle(tx: Transaction, held: Delivery, report: Resource, others: Sequence[Resource]) -> str:
    """Return what forbids sending the report, empty when nothing does."""
    if not report:
        return DELETED
    if held.reason in WITHDRAWN:
        return ""
    if report.get("status") in WITHDRAWN:
        return NOT_SENT_ANY_MORE
    if is_patient(held.recipient) and _subject(report) != held.recipient:
        return NOT_HIS
    patient = current_resource(tx, held.subject)
    release = may_be_mailed(held.recipient, patient, tx.now.date(), report, *others)
    return "" if release.permitted else release.reason


def _subject(report: Resource) -> str:
    return str(report.get("subject", {}).get("reference", ""))


def find_address(tx: Transaction, recipient: str, listed: Mapping[str, str]) -> str | None:
    """Return the mail address of `Practitioner/x`, `Organization/x` or `Patient/x`, or None."""
    held = current_resource(tx, recipient)
    if is_patient(recipient):
        return address_of_patient(held, listed)
    if not held:
        return None
    roles = tx.find_referring("PractitionerRole", "practitioner", recipient)
    return address_of(held, [role.resource for role in roles], listed)


def _earlier(sending: Delivery, past: Sequence[Delivery]) -> list[Delivery]:
    """Return what the same recipient was sent of the same report before."""
    mine = [one for one in past if one.recipient == sending.recipient and one.seq < sending.seq]
    return [one for one in mine if one.message_id]
