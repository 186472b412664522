"""Messages of all connections, one after the other, several a commit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gateway.errors import Unavailable
from gateway.store.write_queue import WriteQueue

if TYPE_CHECKING:
    from gateway.ingest.message import MessageIngest
    from gateway.store.api import Store


class MessageQueue:
    """Takes messages from the threads of a door and answers each after its commit."""

    def __init__(self, store: Store, messages: MessageIngest) -> None:
        """Let `messages` process what comes."""
        self._messages = messages
        self._queue = WriteQueue(store)

    def receive(self, raw: bytes, peer: str) -> bytes:
        """Take one message and return its acknowledgement, unframed; never raises."""
        try:
            return self._queue.run(partial(self._messages.receive, raw, peer))
        except Unavailable as refusal:
            # Processed, and lost with its commit: its AA must not leave.
            return self._messages.postpone(raw, refusal)
