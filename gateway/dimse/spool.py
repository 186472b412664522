"""An object on its way to the disk: written as it comes, hashed, durable at the end."""

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

if TYPE_CHECKING:
    from pathlib import Path

_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700
_PREFIX: Final = "dimse-"
# What a killed process has left is older than any object takes to arrive.
_ABANDONED_SECONDS: Final = 86400
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def prepare(directory: Path) -> None:
    """Create the spool, and remove what was abandoned there."""
    directory.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
    oldest = time.time() - _ABANDONED_SECONDS
    for path in directory.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


class SpoolFile:
    """A new file of the spool; small objects reach the disk in one write.

    After a fault of the disk everything else is swallowed, so that the sender's object can be read
    to its end and answered: `finish` raises then.
    """

    def __init__(self, directory: Path, head: bytes) -> None:
        """Begin a file with `head`, the bytes before the dataset."""
        self.path = directory / f"{_PREFIX}{uuid4().hex}"
        self.dataset_offset = len(head)
        self.size = 0
        self.sha256 = ""
        self._digest = hashlib.sha256()
        self._pending = bytearray()
        self._head = b""
        self._descriptor: int | None = None
        self._fault: OSError | None = None
        self.write(head)

    @property
    def dataset_head(self) -> bytes:
        """The first bytes of the dataset, up to what a header usually needs."""
        return (self._head or bytes(self._pending))[self.dataset_offset :]

    def write(self, content: bytes | memoryview) -> None:
        """Take the next bytes; never raises."""
        self._pending += content
        if len(self._pending) >= HEAD_BYTES:
            self._flush()

    def flush(self) -> None:
        """Bring what has come to the file; raises `OutOfSpace` or `Unavailable`."""
        self._flush()
        if self._fault is not None:
            raise _refusal(self._fault) from self._fault

    def finish(self) -> None:
        """Make the file durable; raises `OutOfSpace` or `Unavailable`."""
        self.flush()
        try:
            if self._descriptor is not None:
                _sync(self._descriptor)
        except OSError as fault:
            raise _refusal(fault) from fault
        finally:
            self._close()
        self.sha256 = self._digest.hexdigest()

    def discard(self) -> None:
        """Delete the file, unless someone has taken it over."""
        self._close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        self._head = self._head or bytes(self._pending)
        content, self._pending = memoryview(self._pending), bytearray()
        if self._fault is not None or not content:
            return
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, _NEW, _MODE)
            self.size += len(content)
            self._digest.update(content)
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError as fault:
            self._fault = fault

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _sync(descriptor: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)


def _refusal(fault: OSError) -> Unavailable:
    if fault.errno in _FULL:
        return OutOfSpace("The disk is full.")
    return Unavailable("The spool cannot be written.")
