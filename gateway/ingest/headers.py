"""Headers of the objects that viewers are looking at, so that each is read once.

A viewer asks for the frames of an object one by one. Objects are named by their content: what was
read of one is true for ever.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.dicom.dataset import Dataset

# Bytes of headers as they are stored; read, they take some twenty times as much.
_BYTES: Final = 1 << 20


class Headers:
    """What was read of the latest objects, bounded by the size of their headers."""

    def __init__(self, most: int = _BYTES) -> None:
        """Remember nothing yet, and never more than `most` bytes of headers."""
        self._most = most
        self._lock = threading.Lock()
        # The latest last.
        self._known: dict[str, tuple[Dataset, int]] = {}
        self._size = 0

    def get(self, name: str) -> Dataset | None:
        """Return what was read of an object, without its bytes."""
        with self._lock:
            found = self._known.pop(name, None)
            if found is None:
                return None
            self._known[name] = found
            return found[0]

    def keep(self, name: str, dataset: Dataset) -> None:
        """Remember what was read of an object, unless it is too much."""
        size = len(dataset.buffer) - sum(one.end - one.start for one in dataset.bulk.values())
        if size > self._most:
            return
        with self._lock:
            if name in self._known:
                return
            self._known[name] = (replace(dataset, buffer=b""), size)
            self._size += size
            while self._size > self._most:
                self._size -= self._known.pop(next(iter(self._known)))[1]
