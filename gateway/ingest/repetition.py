"""What has been answered a moment ago: a flood of the same message costs one look.

A sender that does not hear its acknowledgement in time sends again, sometimes thousands of times.
The first repetitions go their way and into the journal; more of them within a minute get the same
answer from memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_log: Final = logging.getLogger("gateway.mllp")
# So many of the same message are each looked up and kept in the journal.
FREE: Final = 10
SECONDS: Final = 60.0
# How many different messages are remembered, the last ones.
_KEPT: Final = 4096


@dataclass(slots=True)
class _Seen:
    """The last answer that was worked for, when, and how often the message has come."""

    answer: bytes
    at: float
    times: int = 1


class Repetitions:
    """The last messages by digest, with their answers. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember nothing yet; `clock` is in seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    def answer(self, digest: bytes) -> bytes | None:
        """Return the answer to give again without work; None when the message is to be taken."""
        with self._lock:
            seen = self._seen.get(digest)
            if seen is None or seen.times < FREE or self._clock() - seen.at >= SECONDS:
                return None
            seen.times += 1
            times = seen.times
        # One event a power of ten: a flood must not fill the log either.
        if set(str(times)) <= {"0", "1"} and str(times).count("1") == 1:
            _log.warning("hl7.repeated", extra={"times": times})
        return seen.answer

    def note(self, digest: bytes, answer: bytes) -> None:
        """Remember what a message was answered, once that is durable."""
        now = self._clock()
        with self._lock:
            seen = self._seen.setdefault(digest, _Seen(answer, now, 0))
            seen.answer, seen.at = answer, now
            seen.times += 1
            self._seen.move_to_end(digest)
            if len(self._seen) > _KEPT:
                self._seen.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        """Forget a message whose answer may be another next time."""
        with self._lock:
            self._seen.pop(digest, None)
