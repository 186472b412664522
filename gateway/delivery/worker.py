"""Carries what waits in the outbox: claims, sends, writes down what became of it.

The order for one recipient is the order of acceptance; several recipients are served at once, and
one channel never waits for another. A claim is committed before the courier is called: what a
crash leaves behind is known as "may have arrived" and is sent again under the same id.
"""

from __future__ import annotations

import logging
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from gateway.delivery.failures import CourierFailure, Refused, Unreachable
from gateway.delivery.ports import Carried
from gateway.delivery.retry import abandoned, failed
from gateway.errors import Unavailable
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gateway.delivery.ports import Channel, Parcel
    from gateway.store.api import Store
    from gateway.store.records import Delivery, JournalEntry

_log: Final = logging.getLogger("gateway.delivery")

# Seconds between two looks at the outbox, and after the store did not answer.
POLL: Final = 0.1
STORE_PAUSE: Final = 1.0
# How many are handed to the threads of a channel at once; each is for another recipient.
_BATCH: Final = 32
_ALL: Final = 10_000


@dataclass(slots=True)
class _Lane:
    """A channel and what is under way in it."""

    channel: Channel
    pool: ThreadPoolExecutor
    flying: dict[str, Future[None]] = field(default_factory=dict)
    # The channel was down; it works again and those who waited have a new chance.
    down: threading.Event = field(default_factory=threading.Event)
    up_again: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is to be written down after an attempt."""

    delivery: Delivery
    entry: JournalEntry | None = None


class Worker:
    """Empties the outbox through its channels."""

    def __init__(
        self,
        store: Store,
        channels: Sequence[Channel],
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        """Send by `channels`; what is for another one waits. `chance` gives numbers in [0, 1)."""
        self._store = store
        self._lanes = {
            one.name: _Lane(one, ThreadPoolExecutor(one.parallel, f"delivery-{one.name}"))
            for one in channels
        }
        self._clock = clock
        self._chance = chance
        # What was sent but could not be written down, because the store did not answer.
        self._unwritten: dict[str, _Outcome] = {}
        # Nothing is due until then, as long as nobody commits.
        self._rested: object = None
        self._until: datetime | None = None
        # Rung when one is done: the next one for that recipient need not wait for the poll.
        self._bell = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is being sent and close."""
        recovered = False
        for lane in self._lanes.values():
            lane.pool.submit(lane.channel.warm)
        while not stop.is_set():
            self._bell.clear()
            pause = POLL
            try:
                if not recovered:
                    self.recover()
                    recovered = True
                self._submit()
            except Unavailable:
                _log.warning("delivery.store_unavailable")
                pause = STORE_PAUSE
            self._bell.wait(pause)
        self.close()

    def run_once(self) -> int:
        """Try everything that is due once and wait for it; returns how many were tried."""
        tried = self._submit()
        wait([flight for lane in self._lanes.values() for flight in lane.flying.values()])
        self._land()
        return tried

    def close(self) -> None:
        """Finish what is being sent and let go of the couriers."""
        for lane in self._lanes.values():
            lane.pool.shutdown(wait=True)
        self._land()
        with suppress(Unavailable):
            self._write_down()
        for lane in self._lanes.values():
            lane.channel.close()

    def recover(self) -> None:
        """Take over from a worker that died, and give every unreachable recipient a new chance."""
        now = self._clock()
        left = [one for one in self._store.abandoned_deliveries() if one.channel in self._lanes]
        if left:
            with self._store.transaction() as tx:
                for delivery in left:
                    tx.update_delivery(abandoned(delivery, now))
            _log.warning("delivery.recovered", extra={"deliveries": len(left)})
        self._wake(set(self._lanes))

    # Out

    def _submit(self) -> int:
        """Hand what is due to the threads; returns how many."""
        self._land()
        if not self._lanes:
            return 0
        self._write_down()
        again = {name for name, lane in self._lanes.items() if lane.up_again.is_set()}
        for name in again:
            self._lanes[name].up_again.clear()
        if again:
            self._wake(again)
        now = self._clock()
        for lane in self._lanes.values():
            lane.channel.refresh(now)
        return sum(self._start(delivery) for delivery in self._due(now))

    def _due(self, now: datetime) -> list[Delivery]:
        """Return what may go, the oldest first; what waits for another channel hides nothing."""
        moment = self._store.moment()
        if moment == self._rested and (self._until is None or now < self._until):
            return []
        limit = _BATCH
        while True:
            due = self._store.due_deliveries(now, tuple(self._lanes), limit)
            if not due:
                self._rested, self._until = moment, self._store.next_attempt(tuple(self._lanes))
            mine = [one for one in due if self._may_start(one)]
            if len(due) < limit or len(mine) >= _BATCH or limit >= _ALL:
                return mine
            limit *= 8

    def _may_start(self, delivery: Delivery) -> bool:
        lane = self._lanes.get(delivery.channel)
        return lane is not None and lane.channel.serves(delivery)

    def _start(self, delivery: Delivery) -> bool:
        lane = self._lanes[delivery.channel]
        if delivery.id in lane.flying or len(lane.flying) >= _BATCH:
            return False
        flight = lane.pool.submit(self._carry, lane, delivery.id)
        lane.flying[delivery.id] = flight
        flight.add_done_callback(lambda _: self._bell.set())
        return True

    def _land(self) -> None:
        for lane in self._lanes.values():
            for name in [name for name, flight in lane.flying.items() if flight.done()]:
                del lane.flying[name]

    def _carry(self, lane: _Lane, delivery_id: str) -> None:
        parcel = self._claimed(lane, delivery_id)
        if parcel is not None:
            self._settle(self._sent(lane, parcel))

    def _claimed(self, lane: _Lane, delivery_id: str) -> Parcel | None:
        try:
            parcel = lane.channel.claim(delivery_id)
        except Unavailable:
            # Still waiting in the outbox, and found there again.
            return None
        except Exception as fault:  # noqa: BLE001 - tried at each poll for ever otherwise
            self._set_aside(lane, delivery_id, fault)
            return None
        if parcel is None:
            _log.warning("delivery.held", extra={"delivery": delivery_id})
        return parcel

    def _set_aside(self, lane: _Lane, delivery_id: str, fault: Exception) -> None:
        _log.error("delivery.fault", extra={"delivery": delivery_id, "error": _where(fault)})
        held = self._store.delivery(delivery_id)
        if held is not None:
            refused = Refused(f"The delivery could not be prepared: {_where(fault)}.")
            told = failed(held, refused, self._clock(), self._chance(), lane.channel.policy)
            self._settle(_Outcome(told))

    def _sent(self, lane: _Lane, parcel: Parcel) -> _Outcome:
        """Send one parcel and return what is to be written down after that."""
        try:
            carried = parcel.send()
        except CourierFailure as fault:
            carried = Carried(fault)
        except Unavailable as fault:
            carried = Carried(Unreachable(fault.text))
        except Exception as fault:  # noqa: BLE001 - one bad letter must not stop the post
            carried = Carried(Refused(f"The letter could not be made: {_where(fault)}."))
        if carried.fault is None:
            return _Outcome(self._success(lane, parcel.delivery, carried.receipt), carried.entry)
        told = self._failure(lane, parcel.delivery, carried.fault)
        if carried.receipt:
            told = replace(told, receipt=carried.receipt)
        return _Outcome(told, carried.entry)

    def _success(self, lane: _Lane, delivery: Delivery, receipt: str) -> Delivery:
        now = self._clock()
        if lane.down.is_set():
            lane.down.clear()
            lane.up_again.set()
        names = {"delivery": delivery.id, "focus": delivery.focus, "attempts": delivery.attempts}
        _log.info("delivery.sent", extra=names)
        sent = replace(delivery, state=DeliveryState.SENT, sent=now, failure="", last_error="")
        return replace(sent, receipt=receipt) if receipt else sent

    def _failure(self, lane: _Lane, delivery: Delivery, fault: CourierFailure) -> Delivery:
        if isinstance(fault, Unreachable) and fault.everyone:
            lane.down.set()
        names = {"delivery": delivery.id, "failure": fault.failure.value, "error": fault.text}
        _log.warning("delivery.failed", extra=names | {"attempts": delivery.attempts})
        return failed(delivery, fault, self._clock(), self._chance(), lane.channel.policy)

    # Written down

    def _settle(self, outcome: _Outcome) -> None:
        try:
            self._write(outcome)
        except Unavailable:
            # It stays SENDING in the store, so nobody sends it again meanwhile.
            self._unwritten[outcome.delivery.id] = outcome

    def _write(self, outcome: _Outcome) -> None:
        told = outcome.delivery
        with self._store.transaction() as tx:
            held = tx.delivery(told.id)
            if held is not None:
                # A merge may have turned it to another record while it was being sent.
                told = replace(told, recipient=held.recipient, subject=held.subject)
            tx.update_delivery(told)
            if lane := self._lanes.get(told.channel):
                lane.channel.settled(tx, told)
            if outcome.entry is not None:
                tx.record(outcome.entry)

    def _write_down(self) -> None:
        for delivery_id, outcome in list(self._unwritten.items()):
            self._write(outcome)
            self._unwritten.pop(delivery_id, None)

    def _wake(self, channels: set[str]) -> None:
        """Make due at once what waits because nobody could be reached: somebody can be now."""
        now = self._clock()
        waiting = self._store.deliveries(state=DeliveryState.WAITING, limit=_ALL)
        late = [
            one.id
            for one in waiting
            if one.channel in channels and one.failure and one.next_attempt > now
        ]
        if not late:
            return
        with self._store.transaction() as tx:
            for name in late:
                held = tx.delivery(name)
                if held is not None and held.state is DeliveryState.WAITING:
                    tx.update_delivery(replace(held, next_attempt=now))


def _where(fault: Exception) -> str:
    """Return the class and place of a fault: its text may quote a patient."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
