"""What a writer does with the outbox: deliveries queued, found again and written on."""

from __future__ import annotations

from gateway.store import rows
from gateway.store.records import Delivery, DeliveryState, NewDelivery
from gateway.store.writing import Writer


class OutboxWriter(Writer):
    """The outbox's side of a transaction."""

    def enqueue(self, delivery: NewDelivery) -> bool:
        """Put a delivery into the outbox; False when that id is there already."""
        if any(delivery.id in one.deliveries for one in self._kept()):
            return False
        if self._one("has_delivery", id=delivery.id) is not None:
            return False
        given = {name: getattr(delivery, name) for name in NewDelivery.__slots__}
        full = Delivery(**given, seq=self._next("delivery"), next_attempt=delivery.created)
        self._unwritten.note("insert_delivery", full.id, rows.delivery_values(full))
        self._unwritten.deliveries.update((full.id, full.focus, full.subject))
        return True

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        self._tell_of_delivery(delivery_id)
        row = self._one("delivery_one", id=delivery_id)
        return None if row is None else rows.delivery(row)

    def deliveries_of(self, focus: str) -> list[Delivery]:
        """Return the deliveries that carry `focus` (`Type/id`), oldest first."""
        self._tell_of_delivery(focus)
        return [rows.delivery(row) for row in self._all("deliveries_of_focus", focus=focus)]

    def unaddressed_of(self, subject: str) -> list[Delivery]:
        """Return the deliveries about a patient (`Patient/id`) that have no recipient yet."""
        self._tell_of_delivery(subject)
        state = DeliveryState.UNADDRESSED.value
        found = self._all("deliveries_of_subject", subject=subject, state=state)
        return [rows.delivery(row) for row in found]

    def update_delivery(self, delivery: Delivery) -> None:
        """Write what has become of a delivery."""
        self._tell_of_delivery(delivery.id)
        self._write("update_delivery", key=delivery.id, **rows.delivery_values(delivery))

    def _tell_of_delivery(self, name: str) -> None:
        if any(name in one.deliveries for one in self._kept()):
            self._tell()
