"""What an interaction answers, and the headers that say which version it is."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from gateway.store.records import Stored

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers and a body.

    `media` is the body's media type; None means FHIR JSON, which goes out in the representation
    agreed on. `stream` takes the place of `body` for what is too large to hold; `size` is its
    length in octets when known. `pieces` take its place for what is made while it is sent.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()
    media: bytes | None = None
    stream: BinaryIO | None = None
    size: int | None = None
    pieces: Iterator[bytes] | None = None


def etag(version: int) -> bytes:
    """Return the weak entity tag of a version (https://hl7.org/fhir/R4/http.html#versioning)."""
    return b'W/"%d"' % version


@lru_cache(maxsize=4096)
def _http_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")


def http_date(moment: datetime) -> bytes:
    """Return an HTTP-date, whole seconds (RFC 9110 section 5.6.7)."""
    return _http_date(int(moment.timestamp()))


def version_headers(stored: Stored) -> Headers:
    """Return `ETag` and `Last-Modified` of one version."""
    return (
        (b"etag", etag(stored.version)),
        (b"last-modified", http_date(stored.last_updated)),
    )
