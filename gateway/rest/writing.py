"""Writes of the door, from its loop to the store's queue and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.store.write_queue import Outcome, WriteQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.rest.answer import Answer
    from gateway.store.api import Store


class Writer:
    """Runs writes in the order they came."""

    def __init__(self, store: Store) -> None:
        """Write to `store`."""
        self._queue = WriteQueue(store)

    def submit(self, work: Callable[[], Answer]) -> asyncio.Future[Answer]:
        """Queue a write from the loop; its answer comes once it is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def settle(outcome: Outcome[Answer]) -> None:
            loop.call_soon_threadsafe(_settle, future, outcome)

        self._queue.submit(work, settle)
        return future


def _settle(future: asyncio.Future[Answer], outcome: Outcome[Answer]) -> None:
    if future.cancelled():
        # The caller has gone; what it wrote stays written.
        return
    if outcome.fault is not None:
        future.set_exception(outcome.fault)
    elif outcome.result is not None:
        future.set_result(outcome.result)
