"""Carries what waits in the outbox: claims, sends, writes down what became of it.

The order for one recipient is the order of acceptance; several recipients are served at once.
A claim is committed before the courier is called: what a crash leaves behind is known as "may
have arrived" and is sent again under the same Message-ID.
"""

from __future__ import annotations

import logging
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.delivery import pdf
from gateway.delivery.claim import Claim, claim, find_address
from gateway.delivery.compose import compose
from gateway.delivery.failures import CourierFailure, Refused, Unreachable
from gateway.delivery.retry import abandoned, failed
from gateway.errors import Unavailable
from gateway.store.records import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.delivery.documents import Objects
    from gateway.delivery.ports import Courier
    from gateway.settings import Settings
    from gateway.store.api import Store
    from gateway.store.records import Delivery

_log: Final = logging.getLogger("gateway.delivery")

# Seconds between two looks at the outbox, and after the store did not answer.
POLL: Final = 0.1
STORE_PAUSE: Final = 1.0
# How often those without an address are looked up again: somebody may have entered one.
LOOK_UP: Final = timedelta(minutes=1)
PARALLEL: Final = 4
# How many are handed to the threads at once; each is for another recipient.
_BATCH: Final = 32
_ALL: Final = 10_000


class Worker:
    """Empties the outbox through one courier."""

    def __init__(  # noqa: PLR0913 - what it works with, each passed in
        self,
        store: Store,
        objects: Objects,
        courier: Courier | None,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        parallel: int = PARALLEL,
    ) -> None:
        """Send with `courier`; without one, mail waits. `chance` gives numbers in [0, 1)."""
        self._store = store
        self._objects = objects
        self._courier = courier
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="delivery")
        self._flying: dict[str, Future[None]] = {}
        # What was sent but could not be written down, because the store did not answer.
        self._unwritten: dict[str, Delivery] = {}
        self._look_up_at: datetime | None = None
        # The channel was down; it works again and those who waited have a new chance.
        self._down = threading.Event()
        self._up_again = threading.Event()
        # Rung when a letter is done: the next one for that recipient need not wait for the poll.
        self._bell = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is being sent and close."""
        recovered = False
        if self._courier is not None:
            self._pool.submit(pdf.warm)
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
        wait(list(self._flying.values()))
        self._land()
        return tried

    def close(self) -> None:
        """Finish what is being sent and let go of the courier."""
        self._pool.shutdown(wait=True)
        self._land()
        with suppress(Unavailable):
            self._write_down()
        if self._courier is not None:
            self._courier.close()

    def recover(self) -> None:
        """Take over from a worker that died, and give every unreachable recipient a new chance."""
        if self._courier is None:
            return
        now = self._clock()
        left = self._store.abandoned_deliveries()
        if left:
            with self._store.transaction() as tx:
                for delivery in left:
                    tx.update_delivery(abandoned(delivery, now))
            _log.warning("delivery.recovered", extra={"deliveries": len(left)})
        self._wake()

    # Out

    def _submit(self) -> int:
        """Hand what is due to the threads; returns how many."""
        self._land()
        if self._courier is None:
            return 0
        self._write_down()
        if self._up_again.is_set():
            self._up_again.clear()
            self._wake()
        now = self._clock()
        self._look_up(now)
        free = _BATCH - len(self._flying)
        due = self._store.due_deliveries(now, _BATCH) if free else []
        ready = [delivery.id for delivery in due if delivery.id not in self._flying][:free]
        for delivery_id in ready:
            self._flying[delivery_id] = self._pool.submit(self._carry, delivery_id)
            self._flying[delivery_id].add_done_callback(lambda _: self._bell.set())
        return len(ready)

    def _land(self) -> None:
        for name in [name for name, flight in self._flying.items() if flight.done()]:
            del self._flying[name]

    def _carry(self, delivery_id: str) -> None:
        claimed = self._claimed(delivery_id)
        if claimed is not None:
            self._settle(self._sent(claimed))

    def _claimed(self, delivery_id: str) -> Claim | None:
        try:
            with self._store.transaction() as tx:
                claimed = claim(tx, delivery_id, self._settings.peers.recipients, self._host)
        except Unavailable:
            # Still waiting in the outbox, and found there again.
            return None
        except Exception as fault:  # noqa: BLE001 - tried at each poll for ever otherwise
            self._set_aside(delivery_id, fault)
            return None
        if claimed is None:
            _log.warning("delivery.held", extra={"delivery": delivery_id})
        return claimed

    def _set_aside(self, delivery_id: str, fault: Exception) -> None:
        _log.error("delivery.fault", extra={"delivery": delivery_id, "error": _where(fault)})
        held = self._store.delivery(delivery_id)
        if held is not None:
            refused = Refused(f"The delivery could not be prepared: {_where(fault)}.")
            self._settle(failed(held, refused, self._clock(), self._chance()))

    def _sent(self, claimed: Claim) -> Delivery:
        """Send one letter and return the delivery as it is after that."""
        try:
            self._send(claimed)
        except CourierFailure as fault:
            told = fault
        except Unavailable as fault:
            told = Unreachable(fault.text)
        except Exception as fault:  # noqa: BLE001 - one bad letter must not stop the post
            told = Refused(f"The letter could not be made: {_where(fault)}.")
        else:
            return self._success(claimed.delivery)
        return self._failure(claimed.delivery, told)

    def _send(self, claimed: Claim) -> None:
        courier, settings = self._courier, self._settings
        if courier is None:
            return
        letter = compose(
            claimed, self._store, self._objects, lang=settings.lang, fhir_url=settings.fhir_url
        )
        courier.send(letter)

    def _success(self, delivery: Delivery) -> Delivery:
        now = self._clock()
        if self._down.is_set():
            self._down.clear()
            self._up_again.set()
        names = {"delivery": delivery.id, "focus": delivery.focus, "attempts": delivery.attempts}
        _log.info("delivery.sent", extra=names)
        return replace(delivery, state=DeliveryState.SENT, sent=now, failure="", last_error="")

    def _failure(self, delivery: Delivery, fault: CourierFailure) -> Delivery:
        if isinstance(fault, Unreachable) and fault.everyone:
            self._down.set()
        names = {"delivery": delivery.id, "failure": fault.failure.value, "error": fault.text}
        _log.warning("delivery.failed", extra=names | {"attempts": delivery.attempts})
        return failed(delivery, fault, self._clock(), self._chance())

    # Written down

    def _settle(self, delivery: Delivery) -> None:
        try:
            with self._store.transaction() as tx:
                tx.update_delivery(delivery)
        except Unavailable:
            # It stays SENDING in the store, so nobody sends it again meanwhile.
            self._unwritten[delivery.id] = delivery

    def _write_down(self) -> None:
        for delivery_id, delivery in list(self._unwritten.items()):
            with self._store.transaction() as tx:
                tx.update_delivery(delivery)
            self._unwritten.pop(delivery_id, None)

    def _wake(self) -> None:
        """Make due at once what waits because nobody could be reached: somebody can be now."""
        now = self._clock()
        waiting = self._store.deliveries(state=DeliveryState.WAITING, limit=_ALL)
        late = [one.id for one in waiting if one.failure and one.next_attempt > now]
        if not late:
            return
        with self._store.transaction() as tx:
            for name in late:
                held = tx.delivery(name)
                if held is not None and held.state is DeliveryState.WAITING:
                    tx.update_delivery(replace(held, next_attempt=now))

    def _look_up(self, now: datetime) -> None:
        """Let those go whose address has become known."""
        if self._look_up_at is not None and now < self._look_up_at:
            return
        self._look_up_at = now + LOOK_UP
        found = self._store.deliveries(state=DeliveryState.UNADDRESSED, limit=_ALL)
        waiting = [delivery for delivery in reversed(found) if delivery.recipient]
        if not waiting:
            return
        listed = self._settings.peers.recipients
        with self._store.transaction() as tx:
            people = dict.fromkeys(delivery.recipient for delivery in waiting)
            known = {one for one in people if find_address(tx, one, listed) is not None}
            for delivery in waiting:
                if delivery.recipient in known:
                    tx.update_delivery(_readdressed(delivery, now))

    @property
    def _host(self) -> str:
        """The right-hand side of Message-IDs: the domain that mail comes from."""
        host = self._settings.mail_from.rpartition("@")[2].strip(" >")
        return host or "passerelle.invalid"


def _readdressed(delivery: Delivery, now: datetime) -> Delivery:
    return replace(delivery, state=DeliveryState.WAITING, last_error="", next_attempt=now)


def _where(fault: Exception) -> str:
    """Return the class and place of a fault: its text may quote a patient."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
