"""The second axis of the journal: whether the answer to a message has left."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from gateway.errors import Unavailable
from gateway.store.records import Acknowledged, AnswerNote, to_micros

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.store.api import Store

_log: Final = logging.getLogger("gateway.mllp")
# Answers that are on their way: not more than connections, but for those of lost commits.
_KEPT: Final = 16_384
_FLUSH_SECONDS: Final = 0.5


class Answering:
    """Knows the journal entry behind every answer until it has left. Thread-safe.

    The same answer may be on its way more than once: a duplicate gets the first one again.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        """Tell `store` what becomes of answers, with the next thing that it commits."""
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        # By answer: the entries it answers, and when each was committed.
        self._open: OrderedDict[bytes, list[tuple[int, int]]] = OrderedDict()

    def expect(self, answer: bytes, number: int) -> None:
        """Say that `answer` is that of journal entry `number`, before the commit."""
        if not answer:
            return
        with self._lock:
            self._open.setdefault(answer, []).append((number, 0))
            if len(self._open) > _KEPT:
                self._open.popitem(last=False)

    def committed(self, answer: bytes) -> None:
        """Say that what `answer` promises is durable now."""
        moment = to_micros(self._clock())
        with self._lock:
            held = self._open.get(answer, [])
            for place, (number, when) in enumerate(held):
                held[place] = (number, when or moment)

    def answered(self, answer: bytes, *, sent: bool) -> None:
        """Say that `answer` has left, or that nobody was there any more to take it."""
        with self._lock:
            held = self._open.get(answer)
            if not held:
                return
            number, committed = held.pop(0)
            if not held:
                del self._open[answer]
        moment = to_micros(self._clock())
        state = Acknowledged.SENT if sent else Acknowledged.LOST
        self._store.note_answer(AnswerNote(number, state, committed or moment, moment))

    def flush_until(self, stop: threading.Event) -> None:
        """Write what no other commit takes along, until `stop` is set."""
        while not stop.wait(_FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write it now, if the store can."""
        try:
            self._store.flush_answers()
        except Unavailable:
            _log.warning("store.unavailable")
