"""Messages of all connections, one after the other, several a commit."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from typing import TYPE_CHECKING

from gateway.errors import Unavailable
from gateway.ingest.repetition import Repetitions
from gateway.store.write_queue import WriteQueue

if TYPE_CHECKING:
    from gateway.ingest.answering import Answering
    from gateway.ingest.message import MessageIngest
    from gateway.ingest.preparing import Preparing
    from gateway.store.api import Store


class MessageQueue:
    """Takes messages from the threads of a door and answers each after its commit.

    What came first is processed first, whoever sent it: so are all messages of one patient.
    """

    def __init__(
        self,
        store: Store,
        messages: MessageIngest,
        repetitions: Repetitions | None = None,
        answering: Answering | None = None,
        preparing: Preparing | None = None,
    ) -> None:
        """Let `messages` process what comes, and tell `answering` when it is durable.

        With `preparing`, what has to wait for others is read and mapped meanwhile.
        """
        self._messages = messages
        self._queue = WriteQueue(store)
        self._repetitions = repetitions or Repetitions()
        self._answering = answering
        self._preparing = preparing
        self._lock = threading.Lock()
        self._inside = 0

    def receive(self, raw: bytes, peer: str, *, always: bool = False) -> bytes:
        """Take one message and return its acknowledgements, unframed; never raises.

        `always` answers whatever MSH-15 and MSH-16 say.
        """
        digest = hashlib.sha256(raw).digest()
        again = self._repetitions.answer(digest)
        if again is not None:
            return again
        try:
            answer = self._process(raw, peer, digest, always=always)
        except Unavailable as refusal:
            # Processed, and lost with its commit: its AA must not leave.
            return self._messages.postpone(raw, refusal, always=always)
        if self._answering is not None:
            self._answering.committed(answer)
        if may_be_sent_again(answer):
            self._repetitions.forget(digest)
        else:
            self._repetitions.note(digest, answer)
        return answer

    def _process(self, raw: bytes, peer: str, digest: bytes, *, always: bool) -> bytes:
        with self._lock:
            self._inside += 1
            # Alone there is nothing to wait for: the way to the other process would be a detour.
            busy = self._preparing is not None and self._inside > 1
        try:
            prepared = self._preparing.prepare(raw) if self._preparing and busy else None
            # Digested here: hashlib lets go of the interpreter for a message of this size, and the
            # one thread that writes would wait for its turn again.
            work = partial(
                self._messages.receive, raw, peer, always=always, prepared=prepared, digest=digest
            )
            return self._queue.run(work)
        finally:
            with self._lock:
                self._inside -= 1


def may_be_sent_again(answer: bytes) -> bool:
    """Say whether one of the acknowledgements asks for the same message later (AR, CE)."""
    segments = (segment for segment in answer.split(b"\r") if segment[:3] == b"MSA")
    return any(segment[4:6] in (b"AR", b"CE") for segment in segments)
