"""Small objects land in the commit that names them, and go to the object store behind it.

A file of its own costs an object two flushes of the disk, or an upload; the commit of its row is
one that is made in any case.
"""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from gateway.store.api import Store
    from gateway.store.objects import Objects

# What is smaller has no file: it is committed with its row.
SMALL_BYTES: Final = 1 << 16
# Brought away together: their flushes are shared.
STEP: Final = 64


class Landing:
    """The object store, with what has landed and is not there yet."""

    def __init__(self, objects: Objects, store: Store) -> None:
        """Look in `objects` first, then among what landed in `store`."""
        self._objects = objects
        self._store = store
        self.spool: Path = objects.spool

    def put(self, content: bytes) -> str:
        """Keep an object in the object store."""
        return self._objects.put(content)

    def put_all(self, contents: Mapping[str, bytes]) -> None:
        """Keep objects in the object store."""
        self._objects.put_all(contents)

    def adopt(self, path: Path, sha256: str) -> None:
        """Move a file into the object store."""
        self._objects.adopt(path, sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Open an object, wherever it is; raises `NotFound`."""
        with suppress(NotFound):
            return self._objects.open(sha256)
        content = self._store.landed(sha256)
        # Brought away between the two questions.
        return self._objects.open(sha256) if content is None else BytesIO(content)

    def read(self, sha256: str) -> bytes:
        """Return an object's bytes; raises `NotFound`."""
        with self.open(sha256) as file:
            return file.read()

    def delete(self, sha256: str, *, before: float) -> bool:
        """Delete an object of the object store; what has just landed stays."""
        return self._objects.delete(sha256, before=before)

    def check(self) -> None:
        """Raise `Unavailable` unless the object store can be written."""
        self._objects.check()

    def bring_away(self, before: datetime) -> int:
        """Bring some of what landed before `before` to the object store; return how many.

        What is interrupted is done again. Raises `Unavailable` or `OutOfSpace`.
        """
        found = self._store.landed_before(before, STEP)
        if found:
            self._objects.put_all(found)
            with self._store.transaction() as tx:
                tx.lift(found)
        return len(found)
