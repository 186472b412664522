"""An object on its way in: a small one in memory, a larger one written as it comes, and hashed."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from gateway.dicom.header import HEAD_BYTES
from gateway.errors import OutOfSpace, Unavailable
from gateway.store.landing import SMALL_BYTES

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SMALL_BYTES", "SpoolFile", "prepare"]
_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700
_PREFIX: Final = "dimse-"
# What a killed process has left is older than any object takes to arrive.
_ABANDONED_SECONDS: Final = 86400
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def prepare(directory: Path) -> None:
    """Create the spool, and remove what was abandoned there: all of it is patient data."""
    directory.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
    oldest = time.time() - _ABANDONED_SECONDS
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


class SpoolFile:
    """A new file of the spool, begun when the object turns out not to be small.

    After a fault of the disk everything else is swallowed, so that the sender's object can be read
    to its end and answered: `flush` and `finish` raise then.
    """

    def __init__(self, directory: Path, head: bytes, *, small: int = 0) -> None:
        """Begin with `head`, the bytes before the dataset; up to `small` bytes have no file."""
        self._small = small
        self.path = directory / f"{_PREFIX}{uuid4().hex}"
        self.dataset_offset = len(head)
        self.size = len(head)
        self.sha256 = ""
        self._digest = hashlib.sha256()
        self._pending = bytearray(head)
        self._head = b""
        self._descriptor: int | None = None
        self._begun = False
        self._fault: OSError | None = None

    @property
    def dataset_head(self) -> bytes:
        """The first bytes of the dataset, up to what a header usually needs."""
        return (self._head or bytes(self._pending))[self.dataset_offset :]

    @property
    def content(self) -> bytes | None:
        """The whole of a small object, None when it has a file."""
        return None if self._begun else self._head

    def write(self, content: bytes | memoryview) -> None:
        """Take the next bytes; never raises."""
        self.size += len(content)
        if self._begun:
            self._append(content)
            return
        self._pending += content
        if len(self._pending) >= HEAD_BYTES:
            self._begin()

    def flush(self) -> None:
        """Bring what has come to the file; raises `OutOfSpace` or `Unavailable`."""
        if not self._begun:
            self._begin()
        if self._fault is not None:
            raise _refusal(self._fault) from self._fault

    def finish(self) -> None:
        """End the file, or keep a small object in memory; raises `OutOfSpace` or `Unavailable`.

        Whoever takes the file over makes it durable.
        """
        if self.size <= self._small and not self._begun:
            self._head = bytes(self._pending)
            self._digest.update(self._head)
        else:
            self.flush()
            self._close()
        self.sha256 = self._digest.hexdigest()

    def discard(self) -> None:
        """Delete the file, unless someone has taken it over."""
        self._close()
        if self._begun:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._begun = True
        self._head = bytes(self._pending)
        self._pending = bytearray()
        try:
            self._descriptor = os.open(self.path, _NEW, _MODE)
        except OSError as fault:
            self._fault = fault
        self._append(self._head)

    def _append(self, content: bytes | memoryview) -> None:
        if self._fault is not None or self._descriptor is None:
            return
        self._digest.update(content)
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as fault:
            self._fault = fault

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _refusal(fault: OSError) -> Unavailable:
    if fault.errno in _FULL:
        return OutOfSpace("The disk is full.")
    return Unavailable("The spool cannot be written.")
