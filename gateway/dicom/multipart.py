"""multipart/related, read and written as it streams (RFC 2046 section 5.1, RFC 2387).

The reader is a state machine: bytes in, events out, never more in memory than one chunk and the
headers of one part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.dicom.media_types import MULTIPART, read_media_type
from gateway.errors import Malformed, TooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Of all headers of one part together.
_LARGEST_HEAD: Final = 16 * 1024
# RFC 2046 section 5.1.1 says 70; Orthanc writes 73.
_LONGEST_BOUNDARY: Final = 256
_LARGEST_PREAMBLE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PartBegun:
    """A part begins; header names are in lower case."""

    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media(self) -> str:
        """The media type of the part, without its parameters."""
        return read_media_type(self.headers.get("content-type", ""))[0]


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The part is whole."""


Event = PartBegun | bytes | PartEnded


def boundary_of(content_type: str) -> tuple[bytes, str]:
    """Return the boundary of a body, and the media type that its root part has.

    Raises `UnsupportedMedia` for another media type, `Malformed` for a missing or illegal boundary.
    """
    name, given = read_media_type(content_type)
    if name != MULTIPART:
        message = f"The body must be {MULTIPART}."
        raise UnsupportedMedia(message)
    boundary = given.get("boundary", "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
        message = "The Content-Type has no boundary that can be one."
        raise Malformed(message)
    return boundary.encode("ascii"), given.get("type", "").lower()


class MultipartReader:
    """Feeds on the bytes of a body and gives its parts, piece by piece."""

    def __init__(self, boundary: bytes) -> None:
        """Expect parts between lines of `boundary`."""
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter needs no line before it.
        self._buffer = bytearray(b"\r\n")
        self._step = self._preamble
        self._parts = 0
        self._over = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes and yield what they complete; raises `Malformed` or `TooLarge`."""
        if self._over:
            return
        self._buffer += chunk
        while True:
            before = self._step
            found = self._step()
            if found is not None:
                yield from found
            elif self._step == before:
                return

    def end(self) -> None:
        """Take note that nothing follows; raises `Malformed` when the last part is not closed."""
        if not self._over:
            what = "has no part" if not self._parts else "is cut off: its last boundary is missing"
            message = f"The multipart body {what}."
            raise Malformed(message)

    # Each step returns the events it completed, None when it needs more or nothing is to be told.

    def _preamble(self) -> tuple[Event, ...] | None:
        at = self._buffer.find(self._delimiter)
        if at < 0:
            if len(self._buffer) > _LARGEST_PREAMBLE:
                message = "The multipart body does not begin with its boundary."
                raise Malformed(message)
            return None
        del self._buffer[: at + len(self._delimiter)]
        self._step = self._after_delimiter
        return None

    def _after_delimiter(self) -> tuple[Event, ...] | None:
        if self._buffer[:2] == b"--":
            self._over = True
            self._buffer.clear()
            self._step = self._epilogue
            return None
        end = self._buffer.find(b"\r\n")
        if end < 0:
            self._limit_head()
            return None
        if self._buffer[:end].strip(b" \t"):
            message = "A boundary is followed by something else than a line end."
            raise Malformed(message)
        # The line end may also be that of an empty head.
        del self._buffer[:end]
        self._step = self._head
        return None

    def _head(self) -> tuple[Event, ...] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            self._limit_head()
            return None
        if end > _LARGEST_HEAD:
            self._limit_head(end)
        headers = _headers(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        self._parts += 1
        self._step = self._body
        return (PartBegun(headers),)

    def _body(self) -> tuple[Event, ...] | None:
        at = self._buffer.find(self._delimiter)
        if at >= 0:
            content = bytes(memoryview(self._buffer)[:at])
            del self._buffer[: at + len(self._delimiter)]
            self._step = self._after_delimiter
            return (content, PartEnded()) if content else (PartEnded(),)
        safe = len(self._buffer) - len(self._delimiter)
        if safe <= 0:
            return None
        content = bytes(memoryview(self._buffer)[:safe])
        del self._buffer[:safe]
        return (content,)

    def _epilogue(self) -> tuple[Event, ...] | None:
        return None

    def _limit_head(self, size: int = 0) -> None:
        if max(size, len(self._buffer)) > _LARGEST_HEAD:
            message = "The headers of a part are too large."
            raise TooLarge(message)


def _headers(head: bytes) -> dict[str, str]:
    # A folded line goes on with the one before it (RFC 5322 section 2.2.3).
    lines = head.decode("latin-1").replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    found = {}
    for name, colon, value in pairs:
        if not colon:
            message = "A header of a part has no colon."
            raise Malformed(message)
        found[name.strip().lower()] = value.strip()
    return found


def part_head(boundary: str, headers: Mapping[str, str]) -> bytes:
    """Return what stands before the content of a part."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"\r\n--{boundary}\r\n{lines}\r\n".encode("latin-1")


def closing(boundary: str) -> bytes:
    """Return what stands behind the last part."""
    return f"\r\n--{boundary}--\r\n".encode("latin-1")
