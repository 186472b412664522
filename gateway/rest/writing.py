"""Writes of the door, from its loop to the store's queue and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gateway.store.write_queue import Outcome, WriteQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.rest.answer import Answer
    from gateway.store.api import Store


# Octets of a body: to read and judge so many takes longer than a commit.
_LARGE: Final = 256 * 1024


class Writer:
    """Runs writes in the order they came."""

    def __init__(self, store: Store) -> None:
        """Write to `store`."""
        self._queue = WriteQueue(store)

    def submit(self, work: Callable[[], Answer], size: int = 0) -> asyncio.Future[Answer]:
        """Queue a write of a body of `size` from the loop; its answer comes once it is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()

        def settle(outcome: Outcome[Answer]) -> None:
            loop.call_soon_threadsafe(_settle, future, outcome)

        self._queue.submit(work, settle, alone=size >= _LARGE)
        return future


def _settle(future: asyncio.Future[Answer], outcome: Outcome[Answer]) -> None:
    if future.cancelled():
        # The caller has gone; what it wrote stays written.
        return
    if outcome.fault is not None:
        future.set_exception(outcome.fault)
    elif outcome.result is not None:
        future.set_result(outcome.result)
