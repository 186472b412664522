"""How many associations there are, in all and of each: nobody takes the places of all others."""

from __future__ import annotations

import threading
from collections import Counter


class Places:
    """Counts places that are taken, by whom."""

    def __init__(self, total: int, each: int) -> None:
        """Start with every place free: `total` in all, `each` of one."""
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, who: str, each: int | None = None) -> bool:
        """Take a place, unless there is none; `each` is a limit of their own."""
        with self._lock:
            full = self._taken.total() >= self._total
            if full or self._taken[who] >= (self._each if each is None else each):
                return False
            self._taken[who] += 1
            return True

    def leave(self, who: str) -> None:
        """Give a place back."""
        with self._lock:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]
