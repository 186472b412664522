"""The channel `mllp`: HL7 v2 messages to receiving systems, in their order.

A message is written once and kept as an object before it first goes out: what may have arrived is
sent again byte for byte under the same MSH-10, so that the receiver knows it. Every answer, and
every silence, is a line of the journal.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.access.decision import Request, decide
from gateway.delivery.carried import carried
from gateway.delivery.endpoints import Pauses
from gateway.delivery.events import ENDS
from gateway.delivery.exchange import Claimed, Exchange, control_id, fault_of
from gateway.delivery.failures import Failure, Refused, Unknown
from gateway.delivery.gathering import StoredSources
from gateway.delivery.outgoing import CHANNEL, recipient_of
from gateway.delivery.ports import Carried, Parcel
from gateway.delivery.recipients import NOT_SENT_ANY_MORE, WITHDRAWN
from gateway.delivery.release import may_go
from gateway.delivery.retry import MESSAGES, Policy
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.mapping.to_hl7v2 import Profile, Target, Writing, write_message
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gateway.delivery.ports import Keep, MessageCourier
    from gateway.fhir.wire import Resource
    from gateway.settings import Destination
    from gateway.store.api import Store, Transaction
    from gateway.store.records import Delivery

GONE: Final = "What was to be sent is not in the store any more."
NEVER_SENT: Final = "It was withdrawn, and the receiver never had it."
# The receipt of a message that asked for no answer.
SILENT: Final = "sent"
# Documents and reports: what of them was withdrawn is not sent from before.
_WITHDRAWABLE: Final = frozenset({"DiagnosticReport", "DocumentReference"})
_NEW_DOCUMENTS: Final = frozenset({"T02", "T08", "T10"})


class MessageChannel:
    """Writes messages of deliveries and sends them."""

    name: str = CHANNEL
    policy: Policy = MESSAGES

    def __init__(  # noqa: PLR0913 - what it works with, each passed in
        self,
        store: Store,
        objects: Keep,
        destinations: Sequence[Destination],
        couriers: Mapping[str, MessageCourier],
        *,
        namespaces: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        """Send to `destinations`, each by the courier of its name.

        `namespaces` gives the identifier system of a namespace id, as for messages in.
        """
        self._store = store
        self._objects = objects
        self._destinations = {recipient_of(one): one for one in destinations}
        self._couriers = couriers
        self._authorities = {system: name for name, system in namespaces.items()}
        self._clock = clock
        self._sources = StoredSources(store, objects)
        self._pauses = Pauses(store, tuple(self._destinations.values()))
        # One message at a time to each of them.
        self.parallel = max(1, len(self._destinations))

    def warm(self) -> None:
        """Nothing is loaded late."""

    def refresh(self, now: datetime) -> None:
        """Look who is paused; the first time, say who is there."""
        self._pauses.look(now)

    def serves(self, delivery: Delivery) -> bool:
        """Say whether the destination is known and not paused."""
        return self._pauses.let(self._destinations.get(delivery.recipient))

    def claim(self, delivery_id: str) -> Parcel | None:
        """Write the message unless it is kept already, and mark the delivery as being sent."""
        held = self._store.delivery(delivery_id)
        if held is None or held.state is not DeliveryState.WAITING:
            return None
        destination = self._destinations[held.recipient]
        if (obstacle := self._obstacle(held, destination)) is not None:
            self._refuse(held, obstacle)
            return None
        try:
            message, kept = self._kept(held, destination)
        except Unavailable:
            raise
        except GatewayError as refusal:
            self._refuse(held, f"The message cannot be written: {refusal.text}")
            return None
        sending = replace(
            held,
            state=DeliveryState.SENDING,
            attempts=held.attempts + 1,
            message_id=f"{control_id(held)}@{kept}",
        )
        with self._store.transaction() as tx:
            if not _still_waits(tx, held):
                return None
            tx.update_delivery(sending)
        claimed = Claimed(sending, destination, message, kept)
        return Parcel(sending, partial(self._send, claimed))

    def settled(self, _tx: Transaction, _delivery: Delivery) -> None:
        """Nothing follows."""

    def close(self) -> None:
        """Hang up."""
        for courier in self._couriers.values():
            courier.close()

    # What stands in its way

    def _obstacle(self, held: Delivery, destination: Destination) -> str | None:
        stored = self._store.read(*held.focus.split("/"))
        if stored is None:
            return GONE
        current = {} if stored.deleted else stored.resource
        resource = self._version(held)
        if not resource:
            return GONE
        withdrawn = stored.deleted or current.get("status") in WITHDRAWN
        if withdrawn and stored.type in _WITHDRAWABLE:
            if _tells_of_content(held, resource):
                return NOT_SENT_ANY_MORE
            if not self._has_it(held):
                return NEVER_SENT
        decision = may_go(destination.confidentiality, *self._labelled(held, resource, current))
        # Whoever has it must learn of its end whatever its label.
        ends = held.reason in ENDS or resource.get("status") in WITHDRAWN
        return None if decision.permitted or ends else decision.reason

    def _labelled(self, held: Delivery, resource: Resource, current: Resource) -> list[Resource]:
        """Return what may carry a label: the thing then and now, and what it tells of."""
        read, referring = self._sources.read, self._sources.referring
        return [resource, current, *carried(resource, held.subject, read, referring)]

    def _has_it(self, held: Delivery) -> bool:
        """Say whether the destination was sent the thing before, or sent it to us."""
        with self._store.transaction() as tx:
            past = tx.deliveries_of(held.focus)
        mine = [one for one in past if one.recipient == held.recipient and one.seq < held.seq]
        told = (one.state is DeliveryState.SENT or one.failure == Failure.UNKNOWN for one in mine)
        return not mine or any(told)

    def _refuse(self, held: Delivery, why: str) -> None:
        with self._store.transaction() as tx:
            if _still_waits(tx, held):
                tx.update_delivery(replace(held, state=DeliveryState.REFUSED, last_error=why))

    # The message

    def _kept(self, held: Delivery, destination: Destination) -> tuple[bytes, str]:
        """Return the message and the name of its object; written at the first attempt."""
        name = held.message_id.partition("@")[2]
        if name:
            # Kept as long as it waits; what a person tries again may be older than what is kept.
            with suppress(NotFound):
                return self._objects.read(name), name
        message = write_message(self._writing(held, destination))
        return message, self._objects.put(message)

    def _writing(self, held: Delivery, destination: Destination) -> Writing:
        return Writing(
            event=held.reason,
            resource=self._version(held),
            target=target_of(destination, self._authorities),
            sources=self._sources,
            control_id=control_id(held),
            made=held.created,
            before=self._version(held, back=1),
        )

    def _version(self, held: Delivery, *, back: int = 0) -> Resource:
        """Return the version that was queued; of a deleted thing, what it was, withdrawn."""
        kind, _, name = held.focus.partition("/")
        number = held.focus_version - back
        stored = self._store.vread(kind, name, number) if number > 0 else None
        if stored is None:
            return {}
        if not stored.deleted:
            return stored.resource
        last = self._store.vread(kind, name, number - 1)
        return {**last.resource, "status": "entered-in-error"} if last else {}

    # Out

    def _send(self, claimed: Claimed) -> Carried:
        courier = self._couriers[claimed.destination.name]
        name, peer = claimed.destination.name, courier.peer
        decision = decide(Request("mllp", claimed.kind, caller=name, peer=peer))
        if not decision.permitted:
            raise Refused(decision.reason)
        began = self._clock()
        try:
            answer = courier.send(claimed.message, claimed.control_id)
        except Unknown as silence:
            # It went out, and nobody knows how far.
            exchange = Exchange(claimed, peer, began, self._clock(), None, silence)
            return Carried(silence, entry=exchange.entry())
        fault = fault_of(answer)
        exchange = Exchange(claimed, peer, began, self._clock(), answer, fault)
        return Carried(fault, answer.code or SILENT, exchange.entry())


def target_of(destination: Destination, authorities: Mapping[str, str]) -> Target:
    """Return a destination as the mapping knows it."""
    return Target(
        version=destination.version,
        profile=Profile(destination.profile),
        sending_application=destination.sending_application,
        sending_facility=destination.sending_facility,
        application=destination.application,
        facility=destination.facility,
        charset=destination.charset,
        country=destination.country,
        enhanced=destination.acknowledgement == "enhanced",
        order_message=destination.order_message,
        order_change=destination.order_change,
        accession_system=destination.accession_system,
        authorities=authorities,
    )


def _still_waits(tx: Transaction, held: Delivery) -> bool:
    now = tx.delivery(held.id)
    return now is not None and now.state is DeliveryState.WAITING


def _tells_of_content(held: Delivery, resource: Resource) -> bool:
    """Say whether the message would say what has been withdrawn since."""
    if resource["resourceType"] == "DiagnosticReport":
        return resource.get("status") not in WITHDRAWN
    return held.reason in _NEW_DOCUMENTS
