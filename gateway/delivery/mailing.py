"""The channel `mail`: summaries to treating physicians and requesters, as letters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.delivery import pdf
from gateway.delivery.claim import Claim, claim, find_address
from gateway.delivery.compose import compose
from gateway.delivery.exchanges import complete_exchange
from gateway.delivery.ports import Carried, Parcel
from gateway.delivery.receipts import tell_sender
from gateway.delivery.recipients import CHANNEL
from gateway.delivery.retry import LETTERS, Policy
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.delivery.documents import Objects
    from gateway.delivery.ports import Courier
    from gateway.settings import Settings
    from gateway.store.api import Store, Transaction
    from gateway.store.records import Delivery

# How often those without an address are looked up again: somebody may have entered one.
LOOK_UP: Final = timedelta(minutes=1)
PARALLEL: Final = 4
_ALL: Final = 10_000


class MailChannel:
    """Makes letters of deliveries and hands them to a courier."""

    name: str = CHANNEL
    policy: Policy = LETTERS
    parallel: int = PARALLEL

    def __init__(
        self, store: Store, objects: Objects, courier: Courier, settings: Settings
    ) -> None:
        """Send with `courier`."""
        self._store = store
        self._objects = objects
        self._courier = courier
        self._settings = settings
        self._look_up_at: datetime | None = None

    def warm(self) -> None:
        """Load the fonts."""
        pdf.warm()

    def refresh(self, now: datetime) -> None:
        """Let those go whose address has become known."""
        if self._look_up_at is not None and now < self._look_up_at:
            return
        self._look_up_at = now + LOOK_UP
        found = self._store.deliveries(state=DeliveryState.UNADDRESSED, limit=_ALL)
        waiting = [one for one in reversed(found) if one.recipient and one.channel == self.name]
        if not waiting:
            return
        listed = self._settings.peers.recipients
        with self._store.transaction() as tx:
            people = dict.fromkeys(delivery.recipient for delivery in waiting)
            known = {one for one in people if find_address(tx, one, listed) is not None}
            for delivery in waiting:
                if delivery.recipient in known:
                    tx.update_delivery(_readdressed(delivery, now))

    def serves(self, _delivery: Delivery) -> bool:
        """Every letter may go."""
        return True

    def claim(self, delivery_id: str) -> Parcel | None:
        """Mark a waiting delivery as being sent, when it may be and an address is known."""
        with self._store.transaction() as tx:
            claimed = claim(tx, delivery_id, self._settings.peers.recipients, self._host)
            if claimed is None and (held := tx.delivery(delivery_id)) is not None:
                self.settled(tx, held)
        return Parcel(claimed.delivery, partial(self._carry, claimed)) if claimed else None

    def _carry(self, claimed: Claim) -> Carried:
        """Compose and send one letter."""
        settings = self._settings
        letter = compose(
            claimed, self._store, self._objects, lang=settings.lang, fhir_url=settings.fhir_url
        )
        self._courier.send(letter)
        return Carried()

    def settled(self, tx: Transaction, delivery: Delivery) -> None:
        """Complete the Communication of the document; tell its sender, when he asked for it."""
        complete_exchange(tx, delivery)
        peers = self._settings.peers
        if peers.destinations:
            mailbox = find_address(tx, delivery.recipient, peers.recipients) or ""
            tell_sender(tx, delivery, mailbox, peers.destinations)

    def close(self) -> None:
        """Say goodbye to the mail server."""
        self._courier.close()

    @property
    def _host(self) -> str:
        """The right-hand side of Message-IDs: the domain that mail comes from."""
        host = self._settings.mail_from.rpartition("@")[2].strip(" >")
        return host or "passerelle.invalid"


def _readdressed(delivery: Delivery, now: datetime) -> Delivery:
    return replace(delivery, state=DeliveryState.WAITING, last_error="", next_attempt=now)
