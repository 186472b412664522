"""What must go out: the deliveries that are committed, and which of them are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from gateway.store import rows
from gateway.store.reader import Reader
from gateway.store.records import Delivery, DeliveryState, from_micros, to_micros
from gateway.store.statements import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select


class OutboxReader(Reader):
    """The store's side of the outbox; `Store` has it."""

    def deliveries(self, *, state: DeliveryState | None = None, limit: int = 50) -> list[Delivery]:
        """Return deliveries, newest first."""
        statement = select(DELIVERY).order_by(DELIVERY.c.seq.desc()).limit(limit)
        if state is not None:
            statement = statement.where(DELIVERY.c.state == state.value)
        return [rows.delivery(row) for row in self._fetch(statement)]

    def delivery(self, delivery_id: str) -> Delivery | None:
        """Return one delivery, or None."""
        found = self._fetch(select(DELIVERY).where(DELIVERY.c.id == delivery_id))
        return rows.delivery(found[0]) if found else None

    def due_deliveries(
        self, now: datetime, channels: Sequence[str], limit: int = 100
    ) -> list[Delivery]:
        """Return the oldest unfinished delivery of each recipient, when its time has come.

        Those of other channels are left alone: their recipients are others.
        """
        statement = (
            select(DELIVERY)
            .where(
                DELIVERY.c.state == DeliveryState.WAITING.value,
                DELIVERY.c.next_attempt <= to_micros(now),
                DELIVERY.c.seq.in_(_heads(channels)),
            )
            .order_by(DELIVERY.c.seq)
            .limit(limit)
        )
        return [rows.delivery(row) for row in self._fetch(statement)]

    def next_attempt(self, channels: Sequence[str]) -> datetime | None:
        """Return when the first delivery of these channels is due; None when none waits."""
        waiting = DELIVERY.c.state == DeliveryState.WAITING.value
        statement = select(func.min(DELIVERY.c.next_attempt)).where(
            waiting, DELIVERY.c.seq.in_(_heads(channels))
        )
        first = self._fetch(statement)[0][0]
        return None if first is None else from_micros(first)

    def abandoned_deliveries(self) -> list[Delivery]:
        """Return what a worker was sending when it died."""
        return self.deliveries(state=DeliveryState.SENDING, limit=10_000)

    def delivery_counts(self) -> dict[str, int]:
        """Return how many deliveries there are in each state."""
        statement = select(DELIVERY.c.state, func.count()).group_by(DELIVERY.c.state)
        return {row[0]: row[1] for row in self._fetch(statement)}


def _heads(channels: Sequence[str]) -> Select[Any]:
    """Select the oldest unfinished delivery of each recipient."""
    unfinished = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
    return (
        select(func.min(DELIVERY.c.seq))
        .where(DELIVERY.c.state.in_(unfinished), DELIVERY.c.channel.in_(channels))
        .group_by(DELIVERY.c.recipient)
    )
