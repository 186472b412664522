"""Whether anything of some types was written since; what is computed from them is kept by it."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from gateway.store.statements import RESOURCE, render_values

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from gateway.store.api import Store


class Generation:
    """The sequence number of the last write, deletions included, of some resource types.

    While nothing at all is written, asking costs one look-up; else one row a resource of the types,
    which should be few.
    """

    def __init__(self, store: Store, *types: str) -> None:
        """Watch `types` in `store`."""
        self._store = store
        self._types = types
        self._lock = Lock()
        self._seen = -1
        self._number = 0

    def now(self) -> int:
        """Return the number; it is another one as soon as one of the types was written to."""
        last = self._one(self._store.database.sql["last_seq"].text, [])
        with self._lock:
            if last == self._seen:
                return self._number
        # Asked after `last`: what is committed between the two is seen now or the next time.
        number = self._one(*_newest(self._types, self._store.database.dialect))
        with self._lock:
            if last > self._seen:
                self._seen, self._number = last, number
        return number

    def _one(self, text: str, given: list[object]) -> int:
        with self._store.database.reading() as cursor:
            cursor.execute(text, given)
            row = cursor.fetchone()
        return int(row[0] or 0) if row else 0


@lru_cache(maxsize=8)
def _newest(types: tuple[str, ...], dialect: Dialect) -> tuple[str, list[object]]:
    return render_values(
        select(func.max(RESOURCE.c.seq)).where(RESOURCE.c.type.in_(types)), dialect
    )
