"""Work that the database took back because another writer was in its way, done again.

Writers stand in one line (`gateway.store.database`), so this is for databases that are set to a
stricter isolation, or where something else writes: PostgreSQL then refuses with a serialization
failure or a deadlock (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

# serialization_failure, deadlock_detected
_CONTENDED: Final = frozenset({"40001", "40P01"})
# Seconds before the second, third and fourth attempt.
PAUSES: Final = (0.01, 0.05, 0.2)


def persistently(
    work: Callable[[], Result], *, pause: Callable[[float], object] = time.sleep
) -> Result:
    """Return what `work` returns, after up to four attempts; raises `Conflict` after the last.

    Everything that `work` raises for other reasons passes.
    """
    for seconds in PAUSES:
        try:
            return work()
        except Unavailable as fault:
            if not is_contended(fault):
                raise
        pause(seconds)
    try:
        return work()
    except Unavailable as fault:
        if not is_contended(fault):
            raise
        message = "Other writers changed the same resources at the same time: send it again."
        raise Conflict(message) from fault


def is_contended(fault: Unavailable) -> bool:
    """Whether the database refused because of another writer."""
    cause = fault.__cause__
    return getattr(cause, "sqlstate", None) in _CONTENDED
